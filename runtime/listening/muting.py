"""Not listening for a while.

What we play ourselves: own chimes and speech must not wake anything.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.resampling import resample
from wakeword.errors import AudioFormatError
from wakeword.events import WakeEvent
from wakeword.patterns.order import FRAME_SECONDS, spectra


class Muting:
    """Lets through the frames of one source, or what is left of them, that are not muted.

    What is muted never reaches the engine, which sees a gap: it finishes what it heard before,
    remembers the room and begins afresh behind. So nothing of what was muted can be part of a
    later event.
    """

    def __init__(self) -> None:
        self._stretches: tuple[tuple[float, float], ...] = ()  # first sample, and past the last
        self._lock = threading.Lock()  # one thread mutes while another hears

    @property
    def until(self) -> float:
        """Sample up to which nothing is heard; infinite until it is lifted."""
        return max((end for _, end in self._stretches), default=0.0)

    def mute(self, start: int, samples: float) -> None:
        """Hear nothing of ``samples`` samples from ``start`` on; what is muted stays muted.

        Args:
            start: sample in the stream.
            samples: how many; ``inf`` for all that come.
        """
        with self._lock:
            self._stretches = (*self._stretches, (start, start + samples))

    def lift(self, now: int) -> None:
        """Hear again from sample ``now`` on; what was muted before stays muted."""
        with self._lock:
            self._stretches = tuple(
                (start, min(end, now)) for start, end in self._stretches if start < now
            )

    def __call__(self, frame: AudioFrame) -> Iterator[AudioFrame]:
        """The parts of a frame that are heard, in order."""
        if not self._stretches:
            yield frame
            return
        with self._lock:
            self._stretches = tuple(s for s in self._stretches if s[1] > frame.start)
            stretches = sorted(self._stretches)
        heard = frame.start
        for first, last in stretches:
            start, end = (math.ceil(min(place, frame.end)) for place in (first, last))
            if start > heard:
                yield _part(frame, heard, start)
            heard = max(heard, end)
        if heard < frame.end:
            yield _part(frame, heard, frame.end)


def _part(frame: AudioFrame, start: int, end: int) -> AudioFrame:
    """The samples ``start:end`` of a frame."""
    samples = frame.samples[start - frame.start : end - frame.start]
    return AudioFrame(samples, start, frame.rate)


LATENCY_SECONDS = 1.0
"""What is played is heard so much later at most: buffers and the way through the air ..."""
EARLY_SECONDS = 0.2
"""... or so much before it was announced."""
ALIKE = 0.5
"""An event is our own when so much of what is heard is also in what is played, 0..1."""
LONGEST_SECONDS = 12.0
"""Of what was heard, so much is remembered while something is played."""


@dataclass(frozen=True, eq=False)
class _Playing:
    start: int
    end: int
    rows: FloatArray


class Played:
    """Tells events of one source that are only what we play from those that are not.

    The spectra of what is heard and of what is played are held side by side, 20 ms at a time
    and at every delay. Room and loudspeaker colour a sound but leave its strongest bands where
    they were; whoever whistles over a quiet chime is still heard.

    Args:
        rate: samples per second of the source.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._playing: tuple[_Playing, ...] = ()
        self._lock = threading.Lock()  # one thread plays while another hears
        self._heard = np.zeros(0, np.float32)
        self._end = 0

    def play(self, samples: FloatArray, rate: int, now: int) -> None:
        """This is played from now on, besides what is playing already; from any thread.

        Args:
            samples: ``(n,) float32``, what goes to the loudspeaker.
            rate: samples per second.
            now: sample in the stream of the source.

        Raises:
            AudioFormatError: the samples are not finite mono float32.
        """
        ours = resample(AudioFrame(samples, 0, rate).samples, rate, self._rate)
        if not len(ours):
            raise AudioFormatError("there is nothing in what is played")
        edge = np.zeros(round(0.2 * self._rate), np.float32)
        rows = spectra(np.concatenate([edge, ours, edge]), self._rate)
        late = round(LATENCY_SECONDS * self._rate)
        new = _Playing(now - len(edge), now + len(ours) + late, rows)
        with self._lock:
            self._playing = (*self._playing, new)

    def hear(self, frame: AudioFrame) -> None:
        """Remember what the source heard, while something is played."""
        recent = round(LONGEST_SECONDS * self._rate)
        if self._playing:
            with self._lock:
                self._playing = tuple(p for p in self._playing if p.end + recent > frame.start)
        if not self._playing:
            self._heard = self._heard[:0]
            return
        if frame.start != self._end:
            self._heard = self._heard[:0]
        self._heard = np.concatenate([self._heard, frame.samples])[-recent:]
        self._end = frame.end

    def owns(self, event: WakeEvent) -> bool:
        """Whether what the event heard is what we play."""
        first = self._end - len(self._heard)
        start, end = max(event.start, first), min(event.end, self._end)
        overlapping = [p for p in self._playing if p.start < end and p.end > start]
        if not overlapping or end <= start:
            return False
        rows = spectra(self._heard[start - first : end - first], self._rate)
        return any(self._share(rows, start, playing) >= ALIKE for playing in overlapping)

    def _share(self, rows: FloatArray, start: int, playing: _Playing) -> float:
        """How much of the heard ``rows`` is played, at the delay where it is most, 0..1."""
        loud = float(np.square(rows).sum())
        hop = FRAME_SECONDS * self._rate
        offset = round((start - playing.start) / hop)
        delays = range(
            -round(EARLY_SECONDS / FRAME_SECONDS), round(LATENCY_SECONDS / FRAME_SECONDS)
        )
        best = 0.0
        for delay in delays:
            first = offset - delay  # the row that was played when the first one was heard
            low, high = max(0, -first), min(len(rows), len(playing.rows) - first)
            if high > low:
                alike = np.sum(rows[low:high] * playing.rows[first + low : first + high])
                best = max(best, float(alike))
        return best / loud if loud else 0.0
