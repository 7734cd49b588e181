"""The parts of a file that are decoded one after the other, and what it states of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from wakeword.audio_reading.views import ByteView


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
