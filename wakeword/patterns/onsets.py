"""Where sounds begin: sudden rises of the log-mel spectrum, found while the audio arrives.

Claps in a row lie closer together than a window is long, so they are counted here, on the
10 ms grid of the spectrum, and not by matching windows. A rise is taken over the loudest of
the frames some 30 to 60 ms before, so the echo of one clap is no second one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.logmel import LogMel, decibels

GROUPS = 16
STRONGEST = 2
"""The rise is the mean over so many groups of bands: a whistle fills no more."""
NEIGHBOURS = 1
"""A group rises over the loudest of itself and so many on either side, so that a tone that
glides is not a row of onsets."""
RISE_DB = 4.0
"""A rise of at least so much is an onset; steady noise has a few a minute."""
LONGEST_RISE_DB = 30.0
"""In a group, no more than this counts."""
QUIETEST_DB = -70.0
"""Below this level, in dBFS and for each group, nothing is heard."""
BEFORE = (3, 7)
"""The rise is taken over the loudest of the frames from this many to that many before."""
AROUND = 3
"""An onset has the strongest rise of so many frames before and after it."""
SPACING_SECONDS = 0.09
"""Onsets are at least so far apart; of two that are closer, the first counts."""
BODY = 4
"""Frames behind the onset whose loudest level in each band is the onset's spectrum."""
SMOOTHING = 2


@dataclass(frozen=True, eq=False)
class Onset:
    """The beginning of something."""

    position: int
    """Index of the sample in the stream, to about 10 ms."""
    rise_db: float
    """How much the strongest groups of bands rose."""
    level_db: float
    """Level just behind the onset, dBFS."""
    spectrum: FloatArray
    """``(bands,) float32``: how far each band rose above what was before, dB."""

    def likeness(self, other: Onset) -> float:
        """Of the two spectra, 0..1: the cosine of what rose."""
        norms = float(np.linalg.norm(self.spectrum) * np.linalg.norm(other.spectrum))
        return float(self.spectrum @ other.spectrum) / norms if norms else 0.0


class OnsetDetector:
    """Finds onsets in a stream; each is told some 60 ms after it.

    Args:
        rate: samples per second.
    """

    def __init__(self, rate: int) -> None:
        self._logmel = LogMel(rate)
        self._spacing = round(SPACING_SECONDS * rate)
        hop, frame = self._logmel.hop, self._logmel.frame
        self.delay = (max(AROUND, BODY) + 1) * hop + frame
        """Samples after which an onset has been told."""
        self.lead = frame
        """An onset's position may be this many samples late."""
        self.reset()

    def reset(self, start: int = 0) -> None:
        """Forget the past; the next block begins at sample ``start``."""
        self._tail = np.zeros(0, np.float32)
        self._power = np.zeros((0, self._logmel.bands), np.float32)
        self._first = start  # sample at which the first kept frame begins
        self._done = BEFORE[1]  # frames of those kept that were judged or cannot be
        self._last: int | None = None

    def push(self, block: AudioFrame) -> list[Onset]:
        """The onsets that are certain now."""
        heard = np.concatenate([self._tail, block.samples])
        power = self._logmel.power(heard)
        self._tail = heard[len(power) * self._logmel.hop :]
        self._power = np.concatenate([self._power, power])
        return self._judge()

    def _judge(self) -> list[Onset]:
        """Look at the frames behind which enough others are known."""
        until = len(self._power) - max(AROUND, BODY)
        if until <= self._done:
            return []
        rises = self._rises()
        onsets = []
        for frame in range(self._done, until):
            near = rises[max(0, frame - AROUND) : frame + AROUND + 1]
            if rises[frame] >= RISE_DB and rises[frame] >= near.max():
                position = self._first + frame * self._logmel.hop + self._logmel.frame // 2
                if self._last is None or position - self._last >= self._spacing:
                    self._last = position
                    onsets.append(self._onset(frame, position, float(rises[frame])))
        drop = max(0, until - BEFORE[1] - AROUND)
        self._power = self._power[drop:]
        self._first += drop * self._logmel.hop
        self._done = until - drop
        return onsets

    def _rises(self) -> FloatArray:
        """The rise at each kept frame, ``(frames,) float32``, 0 where too little is known."""
        groups = self._power.reshape(len(self._power), GROUPS, -1).sum(axis=2)
        groups[1:] = (groups[1:] + groups[:-1]) / SMOOTHING
        levels = np.maximum(decibels(groups), QUIETEST_DB)
        near, far = BEFORE
        wide = np.pad(levels, ((0, 0), (NEIGHBOURS, NEIGHBOURS)), mode="edge")
        wide = sliding_window_view(wide, 2 * NEIGHBOURS + 1, axis=1).max(axis=2)
        before = sliding_window_view(wide, far - near + 1, axis=0).max(axis=2)
        rises = np.zeros(len(levels), np.float32)
        risen = np.clip(levels[far:] - before[: len(levels) - far], 0.0, LONGEST_RISE_DB)
        rises[far:] = np.sort(risen, axis=1)[:, -STRONGEST:].mean(axis=1)
        return rises

    def _onset(self, frame: int, position: int, rise_db: float) -> Onset:
        body = self._power[frame : frame + BODY].max(axis=0)
        before = self._power[frame - BEFORE[1] : frame - BEFORE[0] + 1].max(axis=0)
        quietest = QUIETEST_DB - 10.0  # bands are narrower than their groups
        spectrum = np.maximum(decibels(body), quietest) - np.maximum(decibels(before), quietest)
        return Onset(
            position=position,
            rise_db=rise_db,
            level_db=float(decibels(body.sum(keepdims=True))[0]),
            spectrum=np.clip(spectrum, 0.0, LONGEST_RISE_DB).astype(np.float32),
        )
