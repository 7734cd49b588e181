"""The sounds of a user, kept on disk.

``sound.json`` is the moment of truth: takes are written before it and deleted after it, so
whatever is killed when, a sound is as it was or as it should be. Writers hold a lock.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from wakeword.audio import FloatArray
from wakeword.config import SegmenterConfig
from wakeword.errors import AudioError, EncoderMismatch, LibraryCorrupt, LibraryError, SoundExists
from wakeword.protocols import Encoder
from wakeword.records import LibraryRecord, SoundRecord, TakeRecord, clean_name
from wakeword.scorer import Owner, Scorer
from wakeword.shelf import Shelf
from wakeword.storage import REMOVED, explained, locked, sweep, write_bytes, write_record
from wakeword.takes import Take, embed_take
from wakeword.vectors import TakeVectors, VectorCache

_log = logging.getLogger(__name__)


class SoundLibrary:
    """A folder of enrolled sounds.

    Opening one does not touch the disk; a folder that does not exist is an empty library.

    Args:
        folder: where it is.
        segmenter: the windows that takes are embedded with; the engine's own.
    """

    def __init__(
        self, folder: str | os.PathLike[str], segmenter: SegmenterConfig | None = None
    ) -> None:
        self.folder = Path(folder).expanduser()
        self.segmenter = segmenter or SegmenterConfig()
        self._shelf = Shelf(self.folder)

    # -- reading ---------------------------------------------------------------------------

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

    def fingerprint(self) -> str:
        """Changes whenever a sound or the encoder does: for hot reloading."""
        return self._shelf.fingerprint()

    # -- listening -------------------------------------------------------------------------

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

    def vectors(self, encoder: Encoder) -> TakeVectors:
        """The embeddings of all takes, from the cache or computed; damaged takes are left out.

        Raises:
            EncoderMismatch: the library was made with another encoder.
        """
        self.check_encoder(encoder)
        vectors, changed = self._cache(encoder).complete(self._embeddings(encoder))
        whole = {file: rows for file, rows in vectors.items() if len(rows)}
        if changed and self.folder.exists():
            self._keep(whole, encoder)
        return whole

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
        wanted = self._embeddings(encoder)
        vectors: TakeVectors = {}
        for file, embed in wanted.items():
            vectors[file] = known[file] if known and file in known else embed()
            if progress:
                progress(len(vectors), len(wanted))
        return {file: rows for file, rows in vectors.items() if len(rows)}

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
        rows: list[FloatArray] = [np.zeros((0, encoder.dim), np.float32)]
        owners: list[Owner] = []
        for sound in sounds.values():
            for take in sound.takes:
                found = vectors.get(take.file, rows[0])
                rows.append(found)
                owners += [Owner(sound.name, take.file)] * len(found)
        thresholds = {sound.name: sound.threshold for sound in sounds.values()}
        return Scorer(np.concatenate(rows), owners, thresholds)

    # -- writing ---------------------------------------------------------------------------

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
    ) -> SoundRecord:
        """Store a sound: its takes, then the record that makes it exist.

        Raises:
            SoundExists: there is one of that name and ``replace`` is false.
            EncoderMismatch: the library was made with another encoder.
            LibraryError: the disk is full or not writable, or the name cannot be used.
        """
        name = clean_name(name)
        with locked(self.folder):
            self._adopt(encoder, encoder_spec)
            sounds, _ = self._shelf.scan()
            where = self._shelf.folder_of(name, sounds)
            if where is not None and not replace:
                raise SoundExists(f"there already is a sound {name!r}; use --replace to redo it")
            where = where or self._shelf.free_folder(name)
            sweep(self.folder)
            encoded = [take.encoded() for take in takes]
            for record, content in encoded:
                path = self._shelf.take_path(where, record.file)
                if not path.exists() or path.read_bytes() != content:
                    write_bytes(path, content)
            sound = SoundRecord(
                name=name,
                threshold=threshold,
                budget_per_hour=budget_per_hour,
                takes=tuple(record for record, _ in encoded),
            )
            self._commit(where, sound)
        return sound

    def set_threshold(self, name: str, threshold: float, budget_per_hour: float) -> SoundRecord:
        """Change the threshold of a sound.

        Raises:
            SoundNotFound: there is no such sound.
        """
        return self._update(name, threshold=threshold, budget_per_hour=budget_per_hour)

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
        thresholds: Mapping[str, float],
        vectors: TakeVectors,
        fingerprint: str,
    ) -> bool:
        """Make this the library's encoder, with thresholds that were fitted to it.

        While the thresholds are written the library belongs to neither encoder, and says so
        when that is interrupted.

        Args:
            encoder: the new encoder.
            encoder_spec: what ``create_encoder`` made it from.
            thresholds: of each sound, by name.
            vectors: embeddings by file name of the take.
            fingerprint: of the library that they were made from.

        Returns:
            Whether it was done; not when the library has changed in the meantime.
        """
        with locked(self.folder):
            if self.fingerprint() != fingerprint:
                return False
            record = LibraryRecord(encoder=encoder_spec, encoder_id=encoder.id)
            half = record.model_copy(update={"reindexing": True})
            write_record(self._shelf.library_path, half)
            for where, sound in self._shelf.scan()[0].items():
                fitted = thresholds.get(sound.name, sound.threshold)
                changed = sound.model_copy(update={"threshold": fitted})
                write_record(self._shelf.sound_path(where), changed)
            write_record(self._shelf.library_path, record)
        self._keep(vectors, encoder)
        return True

    # -- details ---------------------------------------------------------------------------

    def _cache(self, encoder: Encoder) -> VectorCache:
        return VectorCache(self.folder, encoder.id, encoder.dim, self.segmenter)

    def _keep(self, vectors: TakeVectors, encoder: Encoder) -> None:
        """Write the cache, or do without."""
        try:
            self._cache(encoder).write(vectors)
        except LibraryError as error:
            _log.warning("listening without a cache: %s", error)

    def _embeddings(self, encoder: Encoder) -> dict[str, Callable[[], FloatArray]]:
        """What makes the embeddings of each take, by its file."""
        return {
            take.file: partial(self._embed, where, take, encoder)
            for where, sound in self._shelf.scan()[0].items()
            for take in sound.takes
        }

    def _adopt(self, encoder: Encoder, encoder_spec: str) -> None:
        self.check_encoder(encoder)
        if self.record() is None:
            record = LibraryRecord(encoder=encoder_spec, encoder_id=encoder.id)
            write_record(self._shelf.library_path, record)

    def _commit(self, where: str, sound: SoundRecord) -> None:
        """Write the record, then delete the takes that it no longer names."""
        write_record(self._shelf.sound_path(where), sound)
        wanted = {take.file for take in sound.takes}
        for path in self._shelf.take_path(where, "").iterdir():
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
            write_record(self._shelf.sound_path(where), sound)
        return sound

    def _embed(self, where: str, record: TakeRecord, encoder: Encoder) -> FloatArray:
        try:
            take = self._shelf.take(where, record)
        except LibraryCorrupt as error:
            _log.warning("%s", error)
            return np.zeros((0, encoder.dim), np.float32)
        try:
            return embed_take(take, encoder, self.segmenter)
        except AudioError as error:
            _log.warning("%s cannot be embedded: %s", record.file, error)
            return np.zeros((0, encoder.dim), np.float32)
