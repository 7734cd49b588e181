"""The parts of a file that are decoded one after the other, and what it states of itself."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO


class ByteView(io.RawIOBase):
    """Reads ``head`` and then the bytes ``start..end`` of a file.

    Args:
        file: open for reading; its position is not kept, and it is not closed.
        start: first byte of the stretch.
        end: the one just past its last.
        head: what is read before the stretch.
    """

    def __init__(self, file: BinaryIO, start: int, end: int, head: bytes = b"") -> None:
        self._file = file
        self._start = start
        self._head = head
        self._at = 0
        self.size = len(head) + max(0, end - start)
        """In bytes, the head included."""

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go somewhere, as files do.

        Raises:
            OSError: it lies before the first byte.
        """
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise OSError("a position before the first byte")
        self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; fewer only at the end, none behind it."""
        left = max(0, self.size - self._at)
        size = left if size < 0 else min(size, left)
        parts = [self._head[self._at : self._at + size]]
        missing = size - len(parts[0])
        if missing:
            self._file.seek(self._start + self._at + len(parts[0]) - len(self._head))
            parts.append(self._file.read(missing))
        data = b"".join(parts)
        self._at += len(data)
        return data


@dataclass(frozen=True)
class Part:
    """A stretch of a file that a decoder takes for a whole file."""

    start: int
    """First byte."""
    end: int
    """The one just past the last."""
    head: bytes = b""
    """What the decoder is given before it: a header that is right."""
    most_samples: int | None = None
    """Where its sound ends, in samples of each channel; what a codec makes of the rest of its
    last block is not sound."""

    def open(self, file: BinaryIO) -> ByteView:
        """The part as a file."""
        return ByteView(file, self.start, self.end, self.head)


@dataclass(frozen=True)
class Layout:
    """What was found by looking at a file without decoding it."""

    parts: tuple[Part, ...]
    """In order, at least one."""
    stated_seconds: float | None = None
    """How long the file says it is; None where it does not say."""
    cut_off: bool = False
    """Whether the mark at its end is missing."""
    notes: tuple[str, ...] = ()
    """What was put right, in words that follow the file's name."""
