"""A source at the engine's rate: each sample is resampled once, as one stream."""

from __future__ import annotations

from collections.abc import Iterator

from wakeword.audio.frames import AudioFrame
from wakeword.audio.resampling import Resampler
from wakeword.protocols import Source, SourceWrapper


class Resampled(SourceWrapper):
    """Another source, resampled.

    Frames are contiguous in output samples however the input was cut. A gap in the input,
    where audio was lost, becomes one of the same length: what came before it is played out
    first, and what comes after it begins afresh.

    Args:
        source: any source; its frames may even change their rate at a gap.
        rate: samples per second of the output.
    """

    changes = frozenset({"rate", "samples_lost"})

    def __init__(self, source: Source, rate: int) -> None:
        super().__init__(source)
        self.rate = rate
        self._samples_lost = 0

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield frames at ``rate``, none of them empty."""
        resampler = Resampler(self.wrapped.rate, self.rate)
        expected = position = 0
        for frame in self.wrapped:
            if frame.start != expected or frame.rate != resampler.in_rate:
                tail = resampler.flush()
                if len(tail):
                    yield AudioFrame(tail, position, self.rate)
                    position += len(tail)
                resampler = Resampler(frame.rate, self.rate)
                start = max(position, round(frame.start * self.rate / frame.rate))
                self._samples_lost += start - position
                position = start
            expected = frame.end
            samples = resampler.push(frame.samples)
            if len(samples):
                yield AudioFrame(samples, position, self.rate)
                position += len(samples)
        tail = resampler.flush()
        if len(tail):
            yield AudioFrame(tail, position, self.rate)

    @property
    def samples_lost(self) -> int:
        """Samples missing from the frames so far, at ``rate``."""
        return self._samples_lost
