"""What a library says of itself: its sounds, their recordings, and who made their vectors."""

from __future__ import annotations

import os
from pathlib import Path

from wakeword.config import SegmenterConfig
from wakeword.errors import EncoderMismatch, LibraryCorrupt
from wakeword.examples import Example
from wakeword.protocols import Encoder
from wakeword.records import LibraryRecord, SoundRecord
from wakeword.shelf import Shelf
from wakeword.takes import Take


class LibraryReader:
    """The reading half of :class:`wakeword.library.SoundLibrary`, which says the rest."""

    def __init__(
        self, folder: str | os.PathLike[str], segmenter: SegmenterConfig | None = None
    ) -> None:
        self.folder = Path(folder).expanduser()
        self.segmenter = segmenter or SegmenterConfig()
        self._shelf = Shelf(self.folder)

    def record(self) -> LibraryRecord | None:
        """Which encoder the library was made with; None while it is empty.

        Raises:
            LibraryCorrupt: ``library.json`` is damaged.
        """
        return self._shelf.record()

    def sounds(self) -> list[SoundRecord]:
        """The sounds that can be read, by name."""
        return sorted(self._shelf.scan()[0].values(), key=lambda sound: sound.name.casefold())

    def problems(self) -> dict[str, LibraryCorrupt]:
        """What is wrong with the sounds that cannot be read, by folder name."""
        return self._shelf.scan()[1]

    def get(self, name: str) -> SoundRecord:
        """The sound ``name``; case does not matter.

        Raises:
            SoundNotFound: there is none; the message lists those there are.
        """
        return self._shelf.load(name)[1]

    def event_name(self, name: str) -> str:
        """How a sound, or a pattern of one, is spelled; case does not matter.

        Raises:
            SoundNotFound: there is neither; the message lists the sounds there are.
        """
        for sound in self.sounds():
            for known in sound.events:
                if known.casefold() == name.casefold():
                    return known
        return self.get(name).name

    def take(self, name: str, file: str) -> Take:
        """A recording of the sound ``name``.

        Raises:
            SoundNotFound: there is no such sound.
            LibraryCorrupt: the recording is missing or damaged.
        """
        where, sound = self._shelf.load(name)
        for record in sound.takes:
            if record.file == file:
                return self._shelf.take(where, record)
        raise LibraryCorrupt(f"{name!r} has no take {file}")

    def example(self, name: str, file: str) -> Example:
        """Something that the sound ``name`` is not.

        Raises:
            SoundNotFound: there is no such sound.
            LibraryCorrupt: the example is missing or damaged.
        """
        where, sound = self._shelf.load(name)
        for record in sound.rejected:
            if record.file == file:
                return self._shelf.example(where, record)
        raise LibraryCorrupt(f"{name!r} has no rejected example {file}")

    def fingerprint(self) -> str:
        """Changes whenever a sound or the encoder does: for hot reloading."""
        return self._shelf.fingerprint()

    def check_encoder(self, encoder: Encoder) -> None:
        """Make sure that this encoder made the library.

        Raises:
            EncoderMismatch: another one did.
            LibraryCorrupt: nobody knows, since ``library.json`` is missing.
        """
        record = self.record()
        if record is None and self._shelf.scan()[0]:
            raise LibraryCorrupt(
                f"{self._shelf.library_path} is missing, so nobody knows which encoder made the "
                "sounds; run 'wakesound reindex --encoder NAME' to fit them anew"
            )
        if record is not None and record.reindexing:
            raise EncoderMismatch(
                f"changing the encoder of {self.folder} was interrupted; finish it with "
                f"'wakesound reindex --encoder {record.encoder}'"
            )
        if record is not None and record.encoder_id != encoder.id:
            raise EncoderMismatch(
                f"the sounds in {self.folder} were enrolled with encoder {record.encoder_id}, "
                f"this is {encoder.id}; run 'wakesound reindex --encoder NAME' to change it, "
                f"or use '--encoder {record.encoder}'"
            )
