"""A library: the sounds of a user, kept on disk. Reading, changing and listening for them."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from wakeword.audio.segmenter import SegmenterConfig
from wakeword.errors import (
    EncoderMismatch,
    EncoderUnknown,
    LibraryCorrupt,
    ReindexInterrupted,
    SoundChanged,
    SoundDamaged,
    SoundExists,
)
from wakeword.labels.prompts import TextCache
from wakeword.library.ambient import SINCE_FILE, AmbientStore
from wakeword.library.enrolled import EnrolledSounds, enrolled_sounds
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
from wakeword.library.storage import (
    REMOVED,
    Storage,
    explained,
    locked,
    sweep,
    validated,
    write_bytes,
    write_record,
    write_together,
)
from wakeword.library.vectors import LibraryVectors, TakeVectors
from wakeword.protocols import Encoder


class LibraryReader:
    """The reading half of :class:`SoundLibrary`."""

    def __init__(
        self, folder: str | os.PathLike[str], segmenter: SegmenterConfig | None = None
    ) -> None:
        self.folder = Path(folder).expanduser()
        self.segmenter = segmenter or SegmenterConfig()
        self._storage = Storage(self.folder)

    def record(self) -> LibraryRecord | None:
        """``library.json``: the encoder of the library; None while it is empty.

        Raises:
            LibraryCorrupt: ``library.json`` is damaged.
        """
        return self._storage.record()

    def sounds(self) -> list[SoundRecord]:
        """The sounds that can be read, by name."""
        return sorted(self._storage.scan()[0].values(), key=lambda sound: sound.name.casefold())

    def problems(self) -> dict[str, LibraryCorrupt]:
        """The errors of the sounds that cannot be read, by folder name."""
        return self._storage.scan()[1]

    def get(self, name: str) -> SoundRecord:
        """The sound ``name``; case does not matter.

        Raises:
            SoundNotFound: there is none; the message lists those there are.
        """
        return self._storage.load(name)[1]

    def event_name(self, name: str) -> str:
        """The exact name of a sound or a pattern; case does not matter.

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
        where, sound = self._storage.load(name)
        for record in sound.takes:
            if record.file == file:
                return self._storage.take(where, record)
        raise SoundDamaged(repr(name), f"has no take {file}")

    def example(self, name: str, file: str) -> Example:
        """A rejected example of the sound ``name``.

        Raises:
            SoundNotFound: there is no such sound.
            LibraryCorrupt: the example is missing or damaged.
        """
        where, sound = self._storage.load(name)
        for record in sound.rejected:
            if record.file == file:
                return self._storage.example(where, record)
        raise SoundDamaged(repr(name), f"has no rejected example {file}")

    def fingerprint(self) -> str:
        """A digest that changes with every sound and with the encoder: for hot reloading."""
        return self._storage.fingerprint()

    def check_encoder(self, encoder: Encoder) -> None:
        """Make sure that the library was made with this encoder.

        Raises:
            EncoderMismatch: another one did.
            EncoderUnknown: ``library.json`` is missing or damaged.
        """
        record = self.record()
        if record is None:
            if self._storage.scan()[0]:
                raise EncoderUnknown(self._storage.library_path, "is missing")
            return
        known = (self.folder, record.encoder, record.encoder_id, encoder.id)
        if record.reindexing:
            raise ReindexInterrupted(*known)
        if record.encoder_id != encoder.id:
            raise EncoderMismatch(*known)

    def made_with(self, encoder: Encoder) -> bool:
        """Whether the thresholds are known to be fitted to this encoder."""
        try:
            record = self.record()
        except LibraryCorrupt:
            return False
        return record is not None and not record.reindexing and record.encoder_id == encoder.id


Result = TypeVar("Result")

TRIES = 5
"""A read-change-write is tried this often while other processes keep changing the same sound."""


def retried(attempt: Callable[[], Result], tries: int = TRIES) -> Result:
    """Read, change and write; begin again when another process changed what was read.

    Every change of a library goes through this, or through :meth:`LibraryWriter.change`.

    Args:
        attempt: reads, works out the change, and stores it with one of the methods that raise
            ``SoundChanged`` when the sounds are not as they were read any more.
        tries: how often it is called at most.

    Raises:
        SoundChanged: every attempt was overtaken.
    """
    for _ in range(tries - 1):
        with suppress(SoundChanged):
            return attempt()
    return attempt()


@dataclass(frozen=True)
class Edit(Generic[Result]):
    """A change of one sound, before it is stored."""

    sound: SoundRecord
    """The sound as it will be."""
    result: Result
    """What :meth:`LibraryWriter.change` returns once it is stored."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Content of its new takes and rejected examples, by file name."""


@dataclass(frozen=True)
class NewSound:
    """A sound that is to be stored."""

    sound: SoundRecord
    files: Mapping[str, bytes]
    """Content of its takes and rejected examples, by file name."""


class LibraryWriter(LibraryReader):
    """The writing half of :class:`SoundLibrary`.

    ``sound.json`` is what makes a sound exist: recordings are written before it and deleted after
    it, so whenever a writer is killed, each sound is as it was or as it should be. Writers hold a
    lock. Records are checked before anything is written.
    """

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
    ) -> SoundRecord:
        """Store a sound made of these parts; see :meth:`store`."""
        taken = [take.encoded() for take in takes]
        examples = [example.encoded() for example in rejected]
        sound = SoundRecord.model_construct(
            name=clean_name(name),
            threshold=threshold,
            budget_per_hour=budget_per_hour,
            takes=tuple(record for record, _ in taken),
            text=text,
            patterns=tuple(patterns),
            rejected=tuple(record for record, _ in examples),
            vetoes=tuple(vetoes),
            verifier=verifier,
            expected=expected or ExpectationRecord(),
        )
        files = {record.file: content for record, content in taken}
        files |= {record.file: content for record, content in examples}
        new = NewSound(sound, files)
        self.store([new], encoder=encoder, encoder_spec=encoder_spec, replace=replace)
        return sound

    def store(
        self,
        sounds: Sequence[NewSound],
        *,
        encoder: Encoder,
        encoder_spec: str,
        replace: bool = False,
        instead_of: SoundRecord | None = None,
    ) -> None:
        """Store sounds with their recordings: all of them, or none.

        A kill in between leaves some of them stored, each complete.

        Args:
            sounds: no two of them with the same name.
            encoder: the encoder that they were fitted to.
            encoder_spec: what ``create_encoder`` made it from.
            replace: whether sounds of the same names are replaced.
            instead_of: a sound that may be replaced as long as it is still like this.

        Raises:
            SoundExists: a name is taken.
            EncoderMismatch: the library was made with another encoder.
            InvalidValue: a record has a field that cannot be stored.
            LibraryError: the disk is full or not writable.
        """
        with locked(self.folder):
            self.check_encoder(encoder)
            known, _ = self._storage.scan()
            changes: dict[str, SoundRecord] = {}
            for new in sounds:
                where = self._storage.folder_of(new.sound.name, known)
                if where is not None and not replace and known[where] != instead_of:
                    raise SoundExists(new.sound.name, replaceable=True)
                where = where or self._storage.free_folder(new.sound.name, changes)
                changes[where] = new.sound
            self._check_names(changes, known)
            sweep(self.folder)
            record = None
            if self.record() is None:
                record = LibraryRecord(encoder=encoder_spec, encoder_id=encoder.id)
            files = {file: content for new in sounds for file, content in new.files.items()}
            self._commit(changes, files, record)

    def change(self, name: str, edit: Callable[[SoundRecord], Edit[Result]]) -> Result:
        """Read a sound, change it and store it, again if another process changed it meanwhile.

        Args:
            name: the sound; case does not matter.
            edit: works out the change of the sound that it is given. It may take its time: no
                lock is held, and it is called again when the sound has changed.

        Returns:
            The ``result`` of the edit that was stored.

        Raises:
            SoundNotFound: there is no such sound.
            SoundChanged: other processes changed it time and again.
            SoundExists: its new name, or that of a pattern, is taken.
            InvalidValue: a field cannot be stored.
            LibraryError: the disk is full or not writable.
        """

        def attempt() -> Result:
            before = self.get(name)
            changed = edit(before)
            if changed.sound != before:
                self.amend([(before, changed.sound)], changed.files)
            return changed.result

        return retried(attempt)

    def amend(
        self,
        changes: Sequence[tuple[SoundRecord, SoundRecord]],
        files: Mapping[str, bytes] | None = None,
    ) -> None:
        """Store changes of sounds, all of them or none, unless one has changed meanwhile.

        Args:
            changes: each sound as it was read and as it will be.
            files: content of their new takes and rejected examples, by file name.

        Raises:
            SoundChanged: a sound is not as it was read any more; see :func:`retried`.
            SoundNotFound: there is no such sound any more.
            SoundExists: a new name of a sound or a pattern is taken.
            InvalidValue: a field cannot be stored.
            LibraryError: the disk is full or not writable.
        """
        with locked(self.folder):
            known, _ = self._storage.scan()
            found = {}
            for before, after in changes:
                where, now = self._storage.load(before.name)
                if now != before:
                    raise SoundChanged(before.name)
                if after != before:
                    found[where] = after
            self._check_names(found, known)
            self._commit(found, files or {})

    def set_threshold(self, name: str, threshold: float, budget_per_hour: float) -> SoundRecord:
        """Set the threshold of a sound by hand; the expectation of the fitted one is deleted.

        Raises:
            SoundNotFound: there is no such sound.
            InvalidValue: the threshold or the budget is out of range; nothing is changed.
        """

        def edit(sound: SoundRecord) -> Edit[SoundRecord]:
            changes = {
                "threshold": threshold,
                "budget_per_hour": budget_per_hour,
                "expected": ExpectationRecord(),
            }
            after = sound.model_copy(update=changes).without_floor()
            return Edit(after, after)

        return self.change(name, edit)

    def set_patterns(self, name: str, patterns: Sequence[PatternRecord]) -> SoundRecord:
        """Set the patterns of a sound, and nothing else of it.

        Raises:
            SoundNotFound: there is no such sound.
            SoundExists: the name of a pattern is taken.
        """

        def edit(sound: SoundRecord) -> Edit[SoundRecord]:
            after = sound.model_copy(update={"patterns": tuple(patterns)})
            return Edit(after, after)

        return self.change(name, edit)

    def keep_record(self, name: str) -> Path:
        """Keep the record of a sound as it is now beside it; the one that was kept first stays.

        Raises:
            SoundNotFound: there is no such sound.
            LibraryError: it cannot be written.
        """
        path = self._storage.sound_path(self._storage.find(name))
        kept = path.with_name(KEPT_RECORD)
        if not kept.exists():
            write_bytes(kept, path.read_bytes())
        return kept

    def rename(self, name: str, new: str) -> SoundRecord:
        """Give a sound another name.

        Raises:
            SoundNotFound: there is no such sound.
            SoundExists: the new name is taken.
        """

        def edit(sound: SoundRecord) -> Edit[SoundRecord]:
            after = sound.model_copy(update={"name": clean_name(new)})
            return Edit(after, after)

        return self.change(name, edit)

    def remove(self, name: str) -> None:
        """Delete a sound and its takes.

        Raises:
            SoundNotFound: there is no such sound.
        """
        with locked(self.folder):
            folder = self.folder / "sounds" / self._storage.find(name, damaged=True)
            trash = folder.with_name(REMOVED + folder.name)
            with explained(folder, "remove"):
                shutil.rmtree(trash, ignore_errors=True)
                folder.replace(trash)
                shutil.rmtree(trash, ignore_errors=True)

    def switch_encoder(
        self,
        encoder: Encoder,
        encoder_spec: str,
        fitted: Mapping[str, SoundRecord],
        vectors: TakeVectors,
        fingerprint: str,
    ) -> None:
        """Make this the library's encoder, with sounds that were fitted to it.

        While the records are written the library belongs to neither encoder, and says so when
        that is interrupted.

        Args:
            encoder: the new encoder.
            encoder_spec: what ``create_encoder`` made it from.
            fitted: the sounds that could be fitted, by name. The others stay, without a verifier
                and feedback if the encoder is another one.
            vectors: embeddings by file name of the take.
            fingerprint: of the library that they were made from.

        Raises:
            SoundChanged: the library has changed in the meantime.
            LibraryError: the disk is full or not writable.
        """
        with locked(self.folder):
            if self.fingerprint() != fingerprint:
                raise SoundChanged(str(self.folder))
            record = LibraryRecord(encoder=encoder_spec, encoder_id=encoder.id)
            left = {} if self.made_with(encoder) else {"verifier": None, "feedback": ()}
            sounds = {
                where: fitted.get(sound.name, sound.model_copy(update=left))
                for where, sound in self._storage.scan()[0].items()
            }
            for sound in sounds.values():
                validated(sound)
            half = record.model_copy(update={"reindexing": True})
            write_record(self._storage.library_path, half)
            for where, sound in sounds.items():
                write_record(self._storage.sound_path(where), sound)
            write_record(self._storage.library_path, record)
        LibraryVectors(self._storage, encoder, self.segmenter).keep(vectors)

    def _commit(
        self,
        sounds: Mapping[str, SoundRecord],
        files: Mapping[str, bytes],
        record: LibraryRecord | None = None,
    ) -> None:
        """Write new recordings and records, then delete the recordings that no record names.

        When something cannot be written, all is as it was before.

        Args:
            sounds: by folder name.
            files: content of their new recordings, by file name.
            record: ``library.json``, if it is to be written too.
        """
        records = {self._storage.sound_path(w): validated(sound) for w, sound in sounds.items()}
        if record is not None:
            records = {self._storage.library_path: validated(record)} | records
        recordings: dict[Path, bytes] = {}
        for where, sound in sounds.items():
            paths = {self._storage.take_path(where, take.file): take.file for take in sound.takes}
            for example in sound.rejected:
                paths[self._storage.example_path(where, example.file)] = example.file
            recordings |= {path: files[file] for path, file in paths.items() if file in files}
        write_together([recordings, records])
        for where, sound in sounds.items():
            for folder in (
                self._storage.take_path(where, ""),
                self._storage.example_path(where, ""),
            ):
                for path in folder.iterdir() if folder.is_dir() else ():
                    if path.name not in sound.files:
                        path.unlink(missing_ok=True)

    def _check_names(
        self, changes: Mapping[str, SoundRecord], known: Mapping[str, SoundRecord]
    ) -> None:
        """Make sure that no two sounds or patterns have the same name once these are stored.

        Args:
            changes: the sounds to store, by folder name.
            known: those that are stored, by folder name.

        Raises:
            SoundExists: two would.
        """
        for where, sound in changes.items():
            before = known.get(where)
            if before is not None and (before.name, before.patterns) == (
                sound.name,
                sound.patterns,
            ):
                continue
            others = [s for at, s in {**known, **changes}.items() if at != where]
            taken = {name.casefold() for other in others for name in (other.name, *other.events)}
            for name in (sound.name, *(pattern.called(sound.name) for pattern in sound.patterns)):
                if name.casefold() in taken:
                    raise SoundExists(name)
                taken.add(name.casefold())


_log = logging.getLogger(__name__)


KEPT_RECORD = "sound.before.json"
"""A sound's record as it was before its scores went over to the common scale."""


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
        return LibraryVectors(self._storage, encoder, self.segmenter).cached()

    def ambient(self, encoder: Encoder) -> AmbientStore:
        """The ambient recording of the user's room, as embeddings of this encoder."""
        return AmbientStore.of(self.folder, encoder, self.segmenter)

    def ambient_since(self, encoder: Encoder) -> AmbientStore:
        """What listeners kept of the room since that recording."""
        return AmbientStore.of(self.folder, encoder, self.segmenter, SINCE_FILE)

    @property
    def text_cache(self) -> TextCache:
        """The cache for embeddings of the words that define sounds."""
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
        return LibraryVectors(self._storage, encoder, self.segmenter).fresh(known, progress)

    def enrolled(self, encoder: Encoder) -> EnrolledSounds:
        """What the engine needs to recognise the sounds.

        A sound with a damaged file is left out, with a logged warning, and the others are
        listened for.

        Raises:
            EncoderMismatch: the library was made with another encoder.
        """
        before, vectors = self.fingerprint(), self.vectors(encoder)
        sounds, problems = self._storage.scan()
        while before != (now := self.fingerprint()):  # changed by another process meanwhile
            before, vectors = now, self.vectors(encoder)
            sounds, problems = self._storage.scan()
        for problem in problems.values():
            _log.warning("%s", problem)
        return enrolled_sounds(self._storage, sounds, vectors, encoder, self.text_cache)
