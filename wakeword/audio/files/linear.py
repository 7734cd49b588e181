"""Samples that stand in a WAV file as they are: they need no decoder."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from wakeword.audio.files.decoder import scaled
from wakeword.audio.files.parts import Part
from wakeword.audio.frames import FloatArray

_TYPES = {
    (1, 8): ("u1", 2.0**-7),
    (1, 16): ("<i2", 2.0**-15),
    (1, 24): ("<i4", 2.0**-31),
    (1, 32): ("<i4", 2.0**-31),
    (3, 32): ("<f4", 1.0),
    (3, 64): ("<f8", 1.0),
}
"""NumPy's name of what a WAV's format tag and bits stand for, and what makes full scale 1. 24 bits
are read as the upper ones of 32."""
_FORMAT = 20
"""Where the format begins in the header that a part is given."""


class LinearDecoder:
    """The samples of a WAV file, in the form of :class:`wakeword.audio.files.decoder.Decoder`.

    Made by :meth:`of`.
    """

    damaged = 0
    stated_seconds: float | None = None
    exact = True
    codec = "pcm"

    def __init__(self, file: BinaryIO, part: Part, kind: str, scale: float, width: int) -> None:
        self._file = file
        self._part = part
        self._kind = np.dtype(kind)
        self._scale = scale
        self._width = width
        self.channels, self.own_rate = struct.unpack_from("<HI", part.head, _FORMAT + 2)
        self.rate = self.own_rate
        self.is_float = self._kind.kind == "f"

    @classmethod
    def of(cls, file: BinaryIO, part: Part) -> LinearDecoder | None:
        """The decoder of a part of a WAV file; None where its samples are coded somehow.

        Args:
            file: open for reading; it is not closed.
            part: with the header of a WAV file before it.
        """
        if len(part.head) < _FORMAT + 16 or part.most_samples is not None:
            return None
        tag, channels, _, _, block, bits = struct.unpack_from("<HHIIHH", part.head, _FORMAT)
        length = int.from_bytes(part.head[_FORMAT - 4 : _FORMAT], "little")
        if tag == 0xFFFE and length >= 26:
            tag = int.from_bytes(part.head[_FORMAT + 24 : _FORMAT + 26], "little")
        kind = _TYPES.get((tag, bits))
        if kind is None or not channels or block != channels * (bits // 8):
            return None
        return cls(file, part, *kind, width=bits // 8)

    def close(self) -> None:
        """Nothing is held."""

    def chunks(self, size: int) -> Iterator[FloatArray]:
        """Yield ``(channels, n) float32``, ``n`` being ``size`` but at the end."""
        block = self.channels * self._width
        at, end = self._part.start, self._part.end - (self._part.end - self._part.start) % block
        while at < end:
            self._file.seek(at)
            data = self._file.read(min(size * block, end - at))
            data = data[: len(data) - len(data) % block]
            if not data:
                return
            at += len(data)
            if self._width == 3:
                wide = np.zeros((len(data) // 3, 4), np.uint8)
                wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
                samples = wide.view("<i4")[:, 0]
            else:
                samples = np.frombuffer(data, self._kind)
            yield scaled(samples.reshape(-1, self.channels).T, self._scale)
