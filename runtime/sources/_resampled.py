"""A source at the engine's rate: each sample is resampled once, as one stream."""

from __future__ import annotations

from collections.abc import Iterator

from wakeword.audio.frames import AudioFrame
from wakeword.audio.resampling import Resampler
from wakeword.protocols import Source


class Resampled:
    """Another source, resampled.

    Frames are contiguous in output samples however the input was cut. A gap in the input,
    where audio was lost, becomes one of the same length: what came before it is played out
    first, and what comes after it begins afresh.

    Args:
        source: any source; its frames may even change their rate at a gap.
        rate: samples per second of the output.
    """

    def __init__(self, source: Source, rate: int) -> None:
        self._source = source
        self.name = source.name
        self.rate = rate
        self.live = source.live
        self.samples_lost = 0
        """Samples missing from the frames so far, at ``rate``."""

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield frames at ``rate``, none of them empty."""
        resampler = Resampler(self._source.rate, self.rate)
        expected = position = 0
        for frame in self._source:
            if frame.start != expected or frame.rate != resampler.in_rate:
                tail = resampler.flush()
                if len(tail):
                    yield AudioFrame(tail, position, self.rate)
                    position += len(tail)
                resampler = Resampler(frame.rate, self.rate)
                start = max(position, round(frame.start * self.rate / frame.rate))
                self.samples_lost += start - position
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
    def restarts(self) -> int:
        """How often a device that had gone was opened again; 0 for other sources."""
        return int(getattr(self._source, "restarts", 0))

    def close(self) -> None:
        """Close the source."""
        self._source.close()
