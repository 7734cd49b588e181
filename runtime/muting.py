"""Not listening for a while."""

from __future__ import annotations

import math
from collections.abc import Iterator

from wakeword.audio import AudioFrame


class Muting:
    """Lets through the frames of one source, or what is left of them, that are not muted.

    What is muted never reaches the engine, which sees a gap: it finishes what it heard before,
    remembers the room and begins afresh behind. So nothing of what was muted can be part of a
    later event.
    """

    def __init__(self) -> None:
        self._from = self._until = 0.0

    @property
    def until(self) -> float:
        """Sample up to which nothing is heard; infinite until it is lifted."""
        return self._until

    def mute(self, start: int, samples: float) -> None:
        """Hear nothing of ``samples`` samples from ``start`` on; what is muted stays muted.

        Args:
            start: sample in the stream.
            samples: how many; ``inf`` for all that come.
        """
        if start > self._until:
            self._from = start
        self._until = max(self._until, start + samples)

    def lift(self, now: int) -> None:
        """Hear again from sample ``now`` on."""
        self._until = min(self._until, now)

    def __call__(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        """The parts of a frame that are heard, in order."""
        first = max(frame.start, math.ceil(min(self._from, frame.end)))
        last = min(frame.end, math.ceil(min(self._until, frame.end)))
        if last <= first:
            yield frame
            return
        for start, end in ((frame.start, first), (last, frame.end)):
            if end > start:
                part = frame.samples[start - frame.start : end - frame.start]
                yield AudioFrame(part, start, frame.rate)
