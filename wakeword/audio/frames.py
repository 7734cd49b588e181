"""Audio as the core sees it: mono float32 samples with integer sample time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wakeword.errors import AudioFormatError

FloatArray = NDArray[np.float32]

SILENCE_DB = -120.0
"""What digital silence is reported as, in dBFS."""


@dataclass(frozen=True, eq=False)
class AudioFrame:
    """A stretch of one stream.

    Raises:
        AudioFormatError: samples are not finite mono float32, or the rate is not positive.
    """

    samples: FloatArray
    """``(n,) float32`` in -1..1."""
    start: int
    """Index of the first sample, counted from the start of the stream."""
    rate: int
    """Samples per second."""

    def __post_init__(self) -> None:
        if self.rate <= 0:
            raise AudioFormatError(f"the sample rate must be positive, not {self.rate}")
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise AudioFormatError(
                f"frames are mono float32, not {self.samples.dtype} of shape {self.samples.shape}"
            )
        if not np.isfinite(self.samples).all():
            raise AudioFormatError("the audio holds NaN or infinite samples")

    @property
    def end(self) -> int:
        """Index just past the last sample."""
        return self.start + len(self.samples)

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate


class Blocker:
    """Cuts a stream of frames of any size into blocks of one size.

    Everything behind it sees the same blocks however the audio arrived, so the size of
    the chunks can never change the result.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._rest: FloatArray = np.zeros(0, np.float32)
        self._start = 0

    @property
    def position(self) -> int:
        """Index of the next sample that is expected."""
        return self._start + len(self._rest)

    def push(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        """Yield every block that is complete now."""
        if not len(self._rest) and len(frame.samples) == self.size:
            self._start = frame.end
            yield frame
            return
        samples = np.concatenate([self._rest, frame.samples])
        first = frame.start - len(self._rest)
        whole = len(samples) - len(samples) % self.size
        self._rest, self._start = samples[whole:], first + whole
        for offset in range(0, whole, self.size):
            yield AudioFrame(samples[offset : offset + self.size], first + offset, frame.rate)

    def flush(self, rate: int) -> Iterator[AudioFrame]:
        """Yield the last, incomplete block, if any samples are left."""
        if len(self._rest):
            block = AudioFrame(self._rest, self._start, rate)
            self.reset(block.end)
            yield block

    def reset(self, start: int = 0) -> None:
        """Forget what is buffered; the next frame begins at ``start``."""
        self._rest, self._start = np.zeros(0, np.float32), start


def mono(samples: NDArray[np.floating], *, channels_last: bool = True) -> FloatArray:
    """Mix ``(n,)`` or ``(n, channels)`` samples to ``(n,) float32``.

    Channels are averaged. Infinite or NaN samples are an error, never passed on.

    Raises:
        AudioFormatError: not one or two dimensions, or not finite.
    """
    if samples.ndim == 2:
        samples = samples.mean(axis=1 if channels_last else 0)
    if samples.ndim != 1:
        raise AudioFormatError(f"audio has one or two dimensions, not {samples.ndim}")
    if not np.isfinite(samples).all():
        raise AudioFormatError("the audio holds NaN or infinite samples")
    return np.ascontiguousarray(samples, dtype=np.float32)


def level_db(samples: FloatArray) -> float:
    """Root-mean-square level in dBFS; ``SILENCE_DB`` for empty or silent audio."""
    if not len(samples):
        return SILENCE_DB
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return max(SILENCE_DB, 10.0 * np.log10(power)) if power > 0 else SILENCE_DB
