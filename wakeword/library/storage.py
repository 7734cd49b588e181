"""How a library lies on disk: locks, atomic writes, checked JSON records, and reading them.

library.json             schema version and encoder
sounds/<slug>/sound.json name, threshold and the list of takes
sounds/<slug>/takes/     the recordings: the truth, from which all else can be rebuilt
sounds/<slug>/rejected/  what the user rejected: audio or embeddings
vectors.npz              their embeddings, a cache
ambient.npz              embeddings of the user's room
text/                    embeddings of words that define sounds, a cache
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from wakeword.errors import (
    EncoderUnknown,
    InvalidValue,
    LibraryCorrupt,
    LibraryError,
    SoundDamaged,
    SoundNotFound,
)
from wakeword.library.recordings import Example, Take
from wakeword.library.records import (
    ExampleRecord,
    LibraryRecord,
    SoundRecord,
    TakeRecord,
    clean_name,
    slug,
)

Model = TypeVar("Model", bound=BaseModel)

_TEMPORARY = ".writing-"
REMOVED = ".removed-"
"""Begins the folder name of a sound that is being deleted."""
STALE_SECONDS = 3600.0
"""Temporary files this old belong to nobody."""
LOCK_SECONDS = 20.0
"""How long a writer waits for another process."""


@contextmanager
def explained(path: Path, doing: str) -> Iterator[None]:
    """Turn the operating system's refusals into a :class:`LibraryError` with a next step."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise LibraryError(
            f"cannot {doing} {path}: {reason}; free some space or check the permissions"
        ) from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock against other processes and threads.

    Raises:
        LibraryError: another process keeps it, or the folder cannot be written.
    """
    with explained(folder, "write to"):
        folder.mkdir(parents=True, exist_ok=True)
    with explained(folder, "lock"):
        try:
            lock = FileLock(folder / ".lock", timeout=LOCK_SECONDS).acquire()
        except Timeout:
            raise LibraryError(
                f"{folder} is being written by another process; try again when it is done"
            ) from None
    with lock:
        yield


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let ``write`` fill a temporary file, sync it and rename it to ``path``.

    Whoever reads ``path`` sees the old content or the new one, never a part.

    Raises:
        LibraryError: the disk is full or not writable; ``path`` is then as it was.
    """
    with explained(path, "write"):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(_TEMPORARY + secrets.token_hex(8))
        try:
            with temporary.open("xb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path``, atomically."""
    write_atomically(path, lambda file: file.write(content))


def write_together(steps: Sequence[Mapping[Path, bytes]]) -> None:
    """Write several files, each atomically: all of them, or none.

    A kill in between leaves the first of them written, each complete.

    Args:
        steps: groups of files, one after the other: what the second refers to is in the first.

    Raises:
        LibraryError: the disk is full or not writable; all files are then as they were.
    """
    written: dict[Path, bytes | None] = {}
    made: list[Path] = []
    try:
        for path, content in (item for step in steps for item in step.items()):
            before = path.read_bytes() if path.is_file() else None
            if before == content:
                continue
            missing = [folder for folder in path.parents if not folder.exists()]
            made += missing
            write_bytes(path, content)
            written[path] = before
    except BaseException:
        for path, before in reversed(written.items()):
            with suppress(LibraryError, OSError):
                if before is None:
                    path.unlink(missing_ok=True)
                else:
                    write_bytes(path, before)
        for folder in sorted(made, reverse=True):
            with suppress(OSError):  # it is not empty
                folder.rmdir()
        raise


def sync_folder(folder: Path) -> None:
    """Make renames in ``folder`` durable, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: Path) -> None:
    """Delete what a killed writer left in ``folder``: old temporary files, removed sounds.

    The caller holds the lock.
    """
    for removed in folder.glob(f"sounds/{REMOVED}*"):
        shutil.rmtree(removed, ignore_errors=True)
    for path in folder.rglob(_TEMPORARY + "*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()


def write_record(path: Path, record: BaseModel) -> None:
    """Write a record as indented JSON, atomically, if it can be read again.

    Raises:
        InvalidValue: a field has a value that cannot be stored; nothing is written.
        LibraryError: the disk is full or not writable.
    """
    write_bytes(path, validated(record))


def validated(record: BaseModel) -> bytes:
    """The JSON of a record that can be read again: copies with changed fields were not checked.

    Raises:
        InvalidValue: a field has a value that cannot be stored.
    """
    content = (record.model_dump_json(indent=2) + "\n").encode()
    try:
        type(record).model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "record"
        # JSON has no word for an infinite number: what is shown is the record's own value.
        value = getattr(record, field, first["input"])
        raise InvalidValue(field, value, _sentence(first["msg"])) from None
    return content


def read_record(path: Path, model: type[Model]) -> Model:
    """Read and check a JSON record.

    Args:
        path: the file.
        model: what it holds.

    Raises:
        EncoderUnknown: the file is ``library.json`` and cannot be used.
        SoundDamaged: any other file is missing, not JSON or not what is expected.
    """
    why = ""
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("schema_version",) and first["type"] == "less_than_equal":
            newer = f"{path} was written by a newer Wakesound; update this one to use it"
            raise LibraryCorrupt(newer) from None
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        why = f"is damaged ({where}: {first['msg']})"
    raise EncoderUnknown(path, why) if model is LibraryRecord else SoundDamaged(path, why)


def _sentence(message: str) -> str:
    """A validator's message as the end of a sentence."""
    return message[:1].lower() + message[1:]


class Storage:
    """Finds and reads what a library's folder holds. It never writes.

    Args:
        folder: the library's folder; one that does not exist is an empty library.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def record(self) -> LibraryRecord | None:
        """Which encoder the library was made with; None while it is empty.

        Raises:
            LibraryCorrupt: ``library.json`` is damaged.
        """
        path = self.library_path
        with explained(path, "read"):
            try:
                path.stat()
            except FileNotFoundError:
                return None
        return read_record(path, LibraryRecord)

    def scan(self) -> tuple[dict[str, SoundRecord], dict[str, LibraryCorrupt]]:
        """All readable sounds by folder name, and the errors of the others."""
        sounds: dict[str, SoundRecord] = {}
        problems: dict[str, LibraryCorrupt] = {}
        for path in self._sound_paths():
            try:
                sounds[path.parent.name] = read_record(path, SoundRecord)
            except LibraryCorrupt as error:
                problems[path.parent.name] = error
        return sounds, problems

    def find(self, name: str, *, damaged: bool = False) -> str:
        """The folder name of the sound ``name``; case does not matter.

        Args:
            name: the sound's name.
            damaged: whether a sound that cannot be read may be found by its folder's name.

        Raises:
            SoundNotFound: there is none; the message lists those there are.
        """
        sounds, problems = self.scan()
        where = self.folder_of(name, sounds)
        if where is None and damaged and slug(name) in problems:
            where = slug(name)
        if where is None:
            raise SoundNotFound(name, [sound.name for sound in sounds.values()])
        return where

    def load(self, name: str) -> tuple[str, SoundRecord]:
        """The folder name and the record of the sound ``name``; case does not matter.

        Raises:
            SoundNotFound: there is none.
        """
        where = self.find(name)
        return where, read_record(self.sound_path(where), SoundRecord)

    @staticmethod
    def folder_of(name: str, sounds: dict[str, SoundRecord]) -> str | None:
        """Which of the scanned sounds has this name, if any."""
        wanted = clean_name(name).casefold()
        return next((w for w, s in sounds.items() if s.name.casefold() == wanted), None)

    def free_folder(self, name: str, reserved: Collection[str] = ()) -> str:
        """A folder name for a new sound that no other sound has.

        Args:
            name: the sound's name.
            reserved: more folder names that are taken.
        """
        base = slug(name)
        taken = {path.parent.name for path in self.folder.glob("sounds/*/sound.json")}
        taken |= set(reserved)
        numbered = (f"{base}-{i}" for i in range(2, len(taken) + 3))
        return base if base not in taken else next(s for s in numbered if s not in taken)

    def take(self, where: str, record: TakeRecord) -> Take:
        """Read a recording of the sound in folder ``where``.

        Raises:
            LibraryCorrupt: the recording is missing, changed or damaged.
        """
        path = self.take_path(where, record.file)
        try:
            return Take.decoded(record, path.read_bytes())
        except OSError as error:
            reason = error.strerror or str(error)
            raise SoundDamaged(path, f"cannot be read: {reason}") from None
        except SoundDamaged as error:
            raise SoundDamaged(path, error.why) from None

    def fingerprint(self) -> str:
        """Changes whenever a sound or the encoder does: for hot reloading."""
        digest = hashlib.sha256()
        for path in [self.library_path, *self._sound_paths()]:
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            digest.update(f"{path} {stat.st_mtime_ns} {stat.st_size} {stat.st_ino}\n".encode())
        return digest.hexdigest()

    @property
    def library_path(self) -> Path:
        """``library.json``."""
        return self.folder / "library.json"

    def sound_path(self, where: str) -> Path:
        """``sound.json`` of the sound in folder ``where``."""
        return self.folder / "sounds" / where / "sound.json"

    def take_path(self, where: str, file: str) -> Path:
        """A recording of the sound in folder ``where``."""
        return self.sound_path(where).parent / "takes" / file

    def example(self, where: str, record: ExampleRecord) -> Example:
        """Read a rejected example of the sound in folder ``where``.

        Raises:
            LibraryCorrupt: the file is missing, changed or damaged.
        """
        path = self.example_path(where, record.file)
        try:
            return Example.decoded(record, path.read_bytes())
        except OSError as error:
            raise SoundDamaged(path, f"cannot be read: {error.strerror or error}") from None
        except SoundDamaged as error:
            raise SoundDamaged(path, error.why) from None

    def example_path(self, where: str, file: str) -> Path:
        """The audio or embeddings of a rejected example of the sound in folder ``where``."""
        return self.sound_path(where).parent / "rejected" / file

    def _sound_paths(self) -> list[Path]:
        """Every ``sound.json``, also those that may not be read.

        Raises:
            LibraryError: the library's folder may not be read or is none.
        """
        with explained(self.folder, "read"):
            try:
                folders = [path for path in (self.folder / "sounds").iterdir() if path.is_dir()]
            except FileNotFoundError:
                return []
        found = [path / "sound.json" for path in folders if not path.name.startswith(".")]
        return sorted(path for path in found if not _missing(path))


def _missing(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:  # there is something that cannot be read; reading it will say why
        return False
    return False
