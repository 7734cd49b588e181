"""Files that survive a kill at any moment: locks, atomic writes, JSON with a schema."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypeVar

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from wakeword.errors import LibraryCorrupt, LibraryError

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
    """Write a record as indented JSON, atomically."""
    write_bytes(path, (record.model_dump_json(indent=2) + "\n").encode())


def read_record(
    path: Path, model: type[Model], remedy: str = "mend it, or enroll the sound again"
) -> Model:
    """Read and check a JSON record.

    Args:
        path: the file.
        model: what it holds.
        remedy: what to do when it is damaged, for the message.

    Raises:
        LibraryCorrupt: the file is missing, not JSON or not what is expected.
    """
    try:
        return model.model_validate_json(path.read_bytes())
    except OSError as error:
        raise LibraryCorrupt(f"cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("schema_version",) and first["type"] == "less_than_equal":
            newer = f"{path} was written by a newer Wakesound; update this one to use it"
            raise LibraryCorrupt(newer) from None
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise LibraryCorrupt(f"{path} is damaged ({where}: {first['msg']}); {remedy}") from None
