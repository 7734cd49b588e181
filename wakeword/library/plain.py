"""Reading what is a file and nothing else: a pipe would be waited for, a device never end."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import IO


def open_file(path: Path) -> IO[bytes]:
    """A file to read, also behind a link.

    Raises:
        OSError: it cannot be read, or is a folder, a pipe, a socket or a device.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    file = os.fdopen(descriptor, "rb")
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        file.close()
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        text = "Is a directory" if stat.S_ISDIR(mode) else "it is a pipe or a device, not a file"
        raise OSError(number, text, str(path))
    return file


def read_file(path: Path) -> bytes:
    """All of a file.

    Raises:
        OSError: as :func:`open_file`.
    """
    with open_file(path) as file:
        return file.read()
