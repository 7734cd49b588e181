"""Raw audio as clients send it: any rate, 8 to 32 bits, any number of channels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from wakeword.audio.frames import FloatArray, mono
from wakeword.audio.reading import MAX_RATE, MIN_RATE
from wakeword.errors import AudioFormatError

MAX_CHANNELS = 32
PIECE_SECONDS = 0.25
"""Longest piece: a peer may send minutes at once."""
_WIDTHS = (1, 2, 3, 4)


@dataclass(frozen=True)
class PcmFormat:
    """How samples become bytes.

    Raises:
        AudioFormatError: a value is missing or makes no sense.
    """

    rate: int
    """Samples per second of each channel."""
    width: int
    """Bytes of a sample: 1 (unsigned), 2, 3 or 4 (signed, little-endian)."""
    channels: int
    """Interleaved channels; they are averaged."""

    def __post_init__(self) -> None:
        _check("rate", self.rate, MIN_RATE, MAX_RATE, "Hz")
        _check("width", self.width, _WIDTHS[0], _WIDTHS[-1], "bytes")
        _check("channels", self.channels, 1, MAX_CHANNELS, "channels")

    @staticmethod
    def of(data: dict[str, Any]) -> PcmFormat:
        """The format that an event's data states.

        Raises:
            AudioFormatError: a value is missing or makes no sense.
        """
        rate, width, channels = (data.get(key) for key in ("rate", "width", "channels"))
        return PcmFormat(rate, width, channels)  # type: ignore[arg-type]  # checked in there

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self.width * self.channels


@dataclass(frozen=True, eq=False)
class Piece:
    """A little audio of a peer."""

    format: PcmFormat
    data: memoryview
    """Whole frames."""
    timestamp: int | None = None
    """When it began, as the peer tells the time: usually in milliseconds."""
    lost_seconds: float = 0.0
    """Audio that was lost just before."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.data) / self.format.frame_bytes / self.format.rate

    def samples(self) -> FloatArray:
        """All channels as one, ``(n,) float32`` in -1..1."""
        decoded = _decoded(self.data, self.format.width)
        if self.format.channels == 1:
            return decoded
        return mono(decoded.reshape(-1, self.format.channels))

    def after(self, lost_seconds: float) -> Piece:
        """The same, after so much lost audio."""
        return replace(self, lost_seconds=lost_seconds) if lost_seconds else self


def pieces(format: PcmFormat, payload: bytes, timestamp: int | None) -> Iterator[Piece]:
    """Cut a payload; only the first piece has the timestamp.

    Raises:
        AudioFormatError: it ends within a sample.
    """
    if len(payload) % format.frame_bytes:
        raise AudioFormatError(
            f"{len(payload)} bytes are no whole number of samples "
            f"of {format.channels} x {format.width} bytes"
        )
    size = max(1, int(PIECE_SECONDS * format.rate)) * format.frame_bytes
    view = memoryview(payload)
    for offset in range(0, len(payload), size):
        yield Piece(format, view[offset : offset + size], None if offset else timestamp)


def _check(name: str, value: object, least: int, most: int, unit: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise AudioFormatError(f"{name} must be {least} to {most} {unit}, not {value!r:.40}")


def _decoded(data: memoryview, width: int) -> FloatArray:
    """Little-endian samples to ``(n,) float32`` in -1..1."""
    if width == 1:
        return (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / np.float32(128)
    if width == 3:  # the three bytes become the upper ones of four
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        data, width = memoryview(wide.tobytes()), 4
    whole = np.frombuffer(data, f"<i{width}").astype(np.float32)
    return whole / np.float32(1 << (8 * width - 1))
