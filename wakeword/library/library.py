"""What a library says of itself: its sounds, their recordings, and who made their vectors.

Changing a library, so that a kill at any moment loses nothing.

``sound.json`` is the moment of truth: takes are written before it and deleted after it, so
whatever is killed when, a sound is as it was or as it should be. Writers hold a lock.

The sounds of a user, kept on disk.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from wakeword.audio.segmenter import SegmenterConfig
from wakeword.errors import EncoderMismatch, LibraryCorrupt, SoundExists
from wakeword.labels.prompts import TextCache
from wakeword.library.ambient import SINCE_FILE, AmbientStore
from wakeword.library.recordings import Example, Take
from wakeword.library.records import (
    ExpectationRecord,
    LibraryRecord,
    PatternRecord,
    SoundRecord,
    TextRecord,
    VerifierRecord,
    VetoRecord,
    clean_name,
)
from wakeword.library.scorer import library_scorer
from wakeword.library.storage import (
    REMOVED,
    Shelf,
    explained,
    locked,
    sweep,
    write_bytes,
    write_record,
)
from wakeword.library.vectors import LibraryVectors, TakeVectors
from wakeword.protocols import Encoder
from wakeword.scoring.scorer import Scorer


class LibraryReader:
    """The reading half of :class:`wakeword.library.library.SoundLibrary`, which says the rest."""

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


class LibraryWriter(LibraryReader):
    """The writing half of :class:`wakeword.library.library.SoundLibrary`, which says the rest."""

    def save(
        self,
        name: str,
        takes: Sequence[Take],
        *,
        encoder: Encoder,
        encoder_spec: str,
        threshold: float,
        budget_per_hour: float,
        replace: bool = False,
        patterns: Sequence[PatternRecord] = (),
        rejected: Sequence[Example] = (),
        vetoes: Sequence[VetoRecord] = (),
        verifier: VerifierRecord | None = None,
        expected: ExpectationRecord | None = None,
        text: TextRecord | None = None,
        instead_of: SoundRecord | None = None,
    ) -> SoundRecord:
        """Store a sound: its takes, then the record that makes it exist.

        One of that name gives way if ``replace`` says so, or while it is still ``instead_of``.

        Raises:
            SoundExists: there is one of that name that does not give way.
            EncoderMismatch: the library was made with another encoder.
            LibraryError: the disk is full or not writable, or the name cannot be used.
        """
        name = clean_name(name)
        with locked(self.folder):
            self._adopt(encoder, encoder_spec)
            sounds, _ = self._shelf.scan()
            where = self._shelf.folder_of(name, sounds)
            if where is not None and not replace and sounds[where] != instead_of:
                raise SoundExists(f"there already is a sound {name!r}; use --replace to redo it")
            where = where or self._shelf.free_folder(name)
            sweep(self.folder)
            encoded = [take.encoded() for take in takes]
            for record, content in encoded:
                path = self._shelf.take_path(where, record.file)
                if not path.exists() or path.read_bytes() != content:
                    write_bytes(path, content)
            examples = [example.encoded() for example in rejected]
            for example, content in examples:
                write_bytes(self._shelf.example_path(where, example.file), content)
            sound = SoundRecord(
                name=name,
                threshold=threshold,
                budget_per_hour=budget_per_hour,
                takes=tuple(record for record, _ in encoded),
                text=text,
                patterns=tuple(patterns),
                rejected=tuple(example for example, _ in examples),
                vetoes=tuple(vetoes),
                verifier=verifier,
                expected=expected or ExpectationRecord(),
            )
            self._check_names(sound, sounds, where)
            self._commit(where, sound)
        return sound

    def amend(
        self, before: SoundRecord, after: SoundRecord, files: Mapping[str, bytes] | None = None
    ) -> bool:
        """Change a sound in one step, files and all, unless somebody else did meanwhile.

        Args:
            before: the sound as it was read.
            after: as it shall be, under the same name.
            files: content of its new takes and rejected examples, by name.

        Returns:
            Whether it was done; not when the sound is not as ``before`` any more.

        Raises:
            SoundNotFound: there is no such sound any more.
            LibraryError: the disk is full or not writable.
        """
        with locked(self.folder):
            where, now = self._shelf.load(before.name)
            if now != before:
                return False
            takes = {take.file for take in after.takes}
            for file, content in (files or {}).items():
                path = self._shelf.take_path if file in takes else self._shelf.example_path
                write_bytes(path(where, file), content)
            self._commit(where, after)
        return True

    def amend_all(self, changes: Sequence[tuple[SoundRecord, SoundRecord]]) -> bool:
        """Change several sounds as :meth:`amend` does: all of them, or none.

        A kill in between leaves some as they were; each is whole by itself.

        Args:
            changes: each sound as it was read and as it shall be.

        Returns:
            Whether it was done; not when one of the sounds is not as it was read any more.

        Raises:
            SoundNotFound: there is no such sound any more.
            LibraryError: the disk is full or not writable.
        """
        with locked(self.folder):
            found = [(*self._shelf.load(before.name), before, after) for before, after in changes]
            if any(now != before for _, now, before, _ in found):
                return False
            for where, _, before, after in found:
                if after != before:
                    self._commit(where, after)
        return True

    def set_threshold(self, name: str, threshold: float, budget_per_hour: float) -> SoundRecord:
        """Change the threshold of a sound; what was expected of the fitted one is forgotten.

        Raises:
            SoundNotFound: there is no such sound.
        """
        return self._update(
            name,
            threshold=threshold,
            budget_per_hour=budget_per_hour,
            expected=ExpectationRecord(),
        )

    def set_patterns(self, name: str, patterns: Sequence[PatternRecord]) -> SoundRecord:
        """Change the patterns of a sound; without any it makes an event each time.

        Raises:
            SoundNotFound: there is no such sound.
            SoundExists: the name of a pattern is taken.
        """
        return self._update(name, patterns=tuple(patterns))

    def rename(self, name: str, new: str) -> SoundRecord:
        """Give a sound another name.

        Raises:
            SoundNotFound: there is no such sound.
            SoundExists: the new name is taken.
        """
        return self._update(name, name=clean_name(new))

    def remove(self, name: str) -> None:
        """Delete a sound and its takes.

        Raises:
            SoundNotFound: there is no such sound.
        """
        with locked(self.folder):
            folder = self.folder / "sounds" / self._shelf.find(name, damaged=True)
            trash = folder.with_name(REMOVED + folder.name)
            with explained(folder, "remove"):
                shutil.rmtree(trash, ignore_errors=True)
                folder.replace(trash)
                shutil.rmtree(trash, ignore_errors=True)

    def switch_encoder(
        self,
        encoder: Encoder,
        encoder_spec: str,
        fits: Mapping[str, Mapping[str, object]],
        vectors: TakeVectors,
        fingerprint: str,
    ) -> bool:
        """Make this the library's encoder, with sounds that were fitted to it.

        While the thresholds are written the library belongs to neither encoder, and says so
        when that is interrupted.

        Args:
            encoder: the new encoder.
            encoder_spec: what ``create_encoder`` made it from.
            fits: the fields of each sound's record that change, by name.
            vectors: embeddings by file name of the take.
            fingerprint: of the library that they were made from.

        Returns:
            Whether it was done; not when the library has changed in the meantime.
        """
        with locked(self.folder):
            if self.fingerprint() != fingerprint:
                return False
            record = LibraryRecord(encoder=encoder_spec, encoder_id=encoder.id)
            same = _same(self._shelf, encoder)
            half = record.model_copy(update={"reindexing": True})
            write_record(self._shelf.library_path, half)
            for where, sound in self._shelf.scan()[0].items():
                changes = dict(fits.get(sound.name, {}))
                if not same:  # what was fitted before means nothing any more
                    changes = {"verifier": None, **changes, "feedback": ()}
                changed = sound.model_copy(update=changes)
                write_record(self._shelf.sound_path(where), changed)
            write_record(self._shelf.library_path, record)
        LibraryVectors(self._shelf, encoder, self.segmenter).keep(vectors)
        return True

    def _adopt(self, encoder: Encoder, encoder_spec: str) -> None:
        self.check_encoder(encoder)
        if self.record() is None:
            record = LibraryRecord(encoder=encoder_spec, encoder_id=encoder.id)
            write_record(self._shelf.library_path, record)

    def _commit(self, where: str, sound: SoundRecord) -> None:
        """Write the record, then delete the recordings that it no longer names."""
        write_record(self._shelf.sound_path(where), sound)
        wanted = {take.file for take in sound.takes} | {other.file for other in sound.rejected}
        for folder in (self._shelf.take_path(where, ""), self._shelf.example_path(where, "")):
            for path in folder.iterdir() if folder.is_dir() else ():
                if path.name not in wanted:
                    path.unlink(missing_ok=True)

    def _update(self, name: str, /, **changes: object) -> SoundRecord:
        with locked(self.folder):
            where = self._shelf.find(name)
            sounds, _ = self._shelf.scan()
            new = changes.get("name")
            if isinstance(new, str) and self._shelf.folder_of(new, sounds) not in (None, where):
                raise SoundExists(f"there already is a sound {new!r}; remove it first")
            sound = sounds[where].model_copy(update=changes)
            if "threshold" in changes:  # the user's word now, and no longer feedback's
                sound = sound.let_go()
            self._check_names(sound, sounds, where)
            write_record(self._shelf.sound_path(where), sound)
        return sound

    def _check_names(
        self, sound: SoundRecord, sounds: Mapping[str, SoundRecord], where: str
    ) -> None:
        """Make sure that what a sound and its patterns are called is nobody else's name.

        Raises:
            SoundExists: it is.
        """
        own = [sound.name, *(pattern.called(sound.name) for pattern in sound.patterns)]
        others = [n for at, s in sounds.items() if at != where for n in (s.name, *s.events)]
        taken = [name.casefold() for name in others]
        for name in own:
            if name.casefold() in taken:
                raise SoundExists(
                    f"there already is a sound or pattern {name!r}; choose another name"
                )
            taken.append(name.casefold())


def _same(shelf: Shelf, encoder: Encoder) -> bool:
    """Whether this encoder made the library; False when nobody knows."""
    try:
        record = shelf.record()
    except LibraryCorrupt:
        return False
    return record is not None and record.encoder_id == encoder.id


_log = logging.getLogger(__name__)


class SoundLibrary(LibraryWriter):
    """A folder of enrolled sounds: reading them, changing them, listening for them.

    Opening one does not touch the disk; a folder that does not exist is an empty library.

    Args:
        folder: where it is.
        segmenter: the windows that takes are embedded with; the engine's own.
    """

    def vectors(self, encoder: Encoder) -> TakeVectors:
        """The embeddings of all takes, from the cache or computed; damaged takes are left out.

        Raises:
            EncoderMismatch: the library was made with another encoder.
        """
        self.check_encoder(encoder)
        return LibraryVectors(self._shelf, encoder, self.segmenter).cached()

    def ambient(self, encoder: Encoder) -> AmbientStore:
        """What is known of the user's room, as this encoder hears it."""
        return AmbientStore.of(self.folder, encoder, self.segmenter)

    def ambient_since(self, encoder: Encoder) -> AmbientStore:
        """What was heard of it by the way, since the user let the room be heard."""
        return AmbientStore.of(self.folder, encoder, self.segmenter, SINCE_FILE)

    @property
    def text_cache(self) -> TextCache:
        """Where embeddings of the words that define sounds are kept."""
        return TextCache(self.folder / "text")

    def embed_all(
        self,
        encoder: Encoder,
        known: TakeVectors | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> TakeVectors:
        """Embeddings of all takes by any encoder, without the cache; damaged takes are left out.

        Args:
            encoder: it need not be the library's.
            known: what this encoder made before; not made again.
            progress: called with how many takes are done and how many there are.
        """
        return LibraryVectors(self._shelf, encoder, self.segmenter).fresh(known, progress)

    def scorer(self, encoder: Encoder) -> Scorer:
        """Everything the engine needs to know of the sounds.

        A sound with a damaged file is left out, with a logged warning, and the others are
        listened for.

        Raises:
            EncoderMismatch: the library was made with another encoder.
        """
        before, vectors = self.fingerprint(), self.vectors(encoder)
        sounds, problems = self._shelf.scan()
        while before != (now := self.fingerprint()):  # changed by another process meanwhile
            before, vectors = now, self.vectors(encoder)
            sounds, problems = self._shelf.scan()
        for problem in problems.values():
            _log.warning("%s", problem)
        return library_scorer(self._shelf, sounds, vectors, encoder, self.text_cache)

    def scorer_of(
        self, sounds: Iterable[SoundRecord], vectors: TakeVectors, encoder: Encoder
    ) -> Scorer:
        """Everything the engine needs to know of sounds that are fitted but not stored.

        Args:
            sounds: of this library, with what was fitted.
            vectors: embeddings by file, of what these name.
            encoder: made them; it need not be the library's.

        Raises:
            SoundNotFound: there is no sound of such a name.
        """
        known = {self._shelf.find(sound.name): sound for sound in sounds}
        return library_scorer(self._shelf, known, vectors, encoder, self.text_cache)
