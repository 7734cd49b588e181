"""Changing the sample rate, of a stream or of a whole recording, with equal results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import soxr

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.errors import AudioFormatError

_QUALITY = "HQ"


class Resampler:
    """Resamples a stream; the size of its chunks never changes the samples.

    Output is in line with the input (no delay in sample time) and ``n`` samples become
    ``n * out_rate / in_rate``, rounded. Equal rates pass through untouched.

    Raises:
        AudioFormatError: a rate is not positive.
    """

    def __init__(self, in_rate: int, out_rate: int) -> None:
        if in_rate <= 0 or out_rate <= 0:
            raise AudioFormatError(f"cannot resample from {in_rate} Hz to {out_rate} Hz")
        self.in_rate = in_rate
        self.out_rate = out_rate
        self.reset()

    def push(self, samples: FloatArray) -> FloatArray:
        """Take ``(n,) float32``, give what is ready: ``(m,) float32``, possibly empty."""
        if self._stream is None or not len(samples):
            return samples
        return np.asarray(self._stream.resample_chunk(samples), dtype=np.float32)

    def flush(self) -> FloatArray:
        """The tail, as if silence followed; a new stream begins after it."""
        if self._stream is None:
            return np.zeros(0, np.float32)
        tail = self._stream.resample_chunk(np.zeros(0, np.float32), last=True)
        self.reset()
        return np.asarray(tail, dtype=np.float32)

    def reset(self) -> None:
        """Forget what was pushed."""
        self._stream = (
            None
            if self.in_rate == self.out_rate
            else soxr.ResampleStream(
                self.in_rate, self.out_rate, 1, dtype="float32", quality=_QUALITY
            )
        )


def resampled(frames: Iterable[AudioFrame], out_rate: int) -> Iterator[FloatArray]:
    """Frames of one rate as one stream of ``(n,) float32`` at ``out_rate``; some may be empty."""
    resampler: Resampler | None = None
    for frame in frames:
        resampler = resampler or Resampler(frame.rate, out_rate)
        yield resampler.push(frame.samples)
    if resampler is not None:
        yield resampler.flush()


def resample(samples: FloatArray, in_rate: int, out_rate: int) -> FloatArray:
    """Resample a whole recording, ``(n,) float32`` to ``(m,) float32``.

    Raises:
        AudioFormatError: a rate is not positive.
    """
    resampler = Resampler(in_rate, out_rate)
    return np.concatenate([resampler.push(samples), resampler.flush()])
