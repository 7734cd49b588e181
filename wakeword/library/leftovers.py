"""What killed writers leave behind: finding it, and taking it away.

    .writing-*            a file that was being written
    sounds/.removed-*     a sound that was being deleted
    sounds/<slug>/        with its writer's mark: recordings that no record names; without a mark
                          and without sound.json: a sound whose record is lost

A file that is being written is locked by its writer, so that what nobody locks is left over.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from wakeword.library.private import make_folder

if os.name != "nt":
    import fcntl

TEMPORARY = ".writing-"
"""Begins the name of a file that is being written."""
REMOVED = ".removed-"
"""Begins the folder name of a sound that is being deleted."""
MARK = ".enrolling"
"""In the folder of a sound whose recordings are written before its record."""
SETTLE_SECONDS = 10.0
"""A file that was touched this recently may be about to be locked, or just was."""


@dataclass(frozen=True)
class Leftover:
    """Something that a killed writer left, or that somebody took the record of."""

    path: Path
    kind: Literal["file", "sound", "takes", "record"]
    """A file, a sound or recordings of one that the next writer sweeps away; or recordings without
    a record, which nobody touches: they may be all there is."""


def hold(file: IO[bytes]) -> None:
    """Lock a file that is being written for as long as it is open, where the system can."""
    if os.name != "nt":
        with suppress(OSError):
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def marked(folder: Path) -> Iterator[None]:
    """Mark a sound's folder while its recordings are written; on failure they go again.

    A place where no mark can be left takes no recordings either, which their writer says.
    """
    mark = folder / MARK
    with suppress(OSError):
        make_folder(folder)
        mark.touch()
    try:
        yield
    except BaseException:
        with suppress(OSError):
            _undo(folder)
        raise
    with suppress(OSError):
        mark.unlink(missing_ok=True)


def leftovers(folder: Path) -> Iterator[Leftover]:
    """What is left over in a library's folder or a history's."""
    for path in sorted(folder.rglob(TEMPORARY + "*")):
        if _abandoned(path):
            yield Leftover(path, "file")
    with suppress(OSError):
        for path in sorted((folder / "sounds").iterdir()):
            if path.name.startswith(REMOVED):
                yield Leftover(path, "sound")
            elif path.is_dir() and not path.is_symlink():
                marked, recorded = (path / MARK).exists(), _has_record(path)
                if marked:
                    yield Leftover(path, "takes" if recorded else "sound")
                elif not recorded:
                    yield Leftover(path, "record")


def sweep(folder: Path) -> None:
    """Take away what killed writers left; the caller holds the folder's lock."""
    for leftover in leftovers(folder):
        if leftover.kind == "file":
            with suppress(OSError):
                leftover.path.unlink()
        elif leftover.kind in ("sound", "takes"):
            with suppress(OSError):
                _undo(leftover.path)


def sweep_beside(path: Path) -> None:
    """Take away files that were being written to the folder of ``path``, and are no more."""
    with suppress(OSError):
        for entry in os.scandir(path.parent):
            if entry.name.startswith(TEMPORARY) and _abandoned(Path(entry.path)):
                Path(entry.path).unlink()


def _undo(folder: Path) -> None:
    """Take away what no record names of a sound's folder, and its mark."""
    if folder.name.startswith(REMOVED) or not _has_record(folder):
        shutil.rmtree(folder, ignore_errors=True)
        return
    named = (folder / "sound.json").read_text(encoding="utf-8")
    for path in (*folder.glob("takes/*"), *folder.glob("rejected/*")):
        if f'"{path.name}"' not in named:
            path.unlink(missing_ok=True)
    (folder / MARK).unlink(missing_ok=True)


def _has_record(folder: Path) -> bool:
    try:
        (folder / "sound.json").lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True  # nobody knows
    return True


def _abandoned(path: Path) -> bool:
    """Whether nobody writes this file any more."""
    try:
        if abs(time.time() - path.stat().st_mtime) < SETTLE_SECONDS:
            return False
        if os.name == "nt":
            return True
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
