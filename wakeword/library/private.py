"""For nobody else's eyes: recordings of a home are made readable for their owner alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

FILE_MODE = 0o600
FOLDER_MODE = 0o700
PUBLIC_MODE = 0o666
"""Before the user's own mask: of a file that is meant for others too."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, for their owner alone.

    Raises:
        OSError: it cannot be made.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(FOLDER_MODE, exist_ok=True)
    if not folder.is_dir():
        folder.mkdir(FOLDER_MODE, exist_ok=True)  # says what is in the way


def create(path: Path, *, like: Path, private: bool = True) -> IO[bytes]:
    """A new file, to be renamed to ``like``; it has that one's mode where there is one.

    Args:
        path: must not exist.
        like: what it will replace.
        private: whether a new one is for its owner alone.

    Raises:
        OSError: it cannot be made.
    """
    mode = FILE_MODE if private else PUBLIC_MODE
    file = open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode))  # noqa: SIM115
    with suppress(OSError):
        os.fchmod(file.fileno(), stat.S_IMODE(like.stat().st_mode))
    return file


def readable_by_others(paths: Iterable[Path]) -> Iterator[Path]:
    """Those of the folders and files, and what is in them, that others than the owner may use.

    What lies in a folder that others cannot enter is safe in there and not named.
    """
    if os.name == "nt":
        return
    for path in paths:
        try:
            mode = path.lstat().st_mode
        except OSError:
            continue
        if stat.S_ISLNK(mode) or not mode & _OTHERS:
            continue
        yield path
        if stat.S_ISDIR(mode):
            with suppress(OSError):
                yield from readable_by_others(sorted(path.iterdir()))
