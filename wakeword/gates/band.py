"""The default gate: open when any frequency band rises above its own noise floor.

A voice detector is deaf to claps, snaps and whistles; a level threshold hangs open in rain
and fans. A floor for each band follows the room: it drops at once and rises slowly, so a
steady noise is background after a while and anything sudden, in any band, is not.
"""

from __future__ import annotations

import numpy as np

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.logmel import LogMel, decibels

GROUPS = 16
SMOOTHING_HOPS = 3
"""Levels are averaged over 30 ms."""
MARGIN_DB = 10.0
"""A band is active this far above its floor."""
QUIETEST_DB = -75.0
"""Below this level, in dBFS, nothing is heard."""
RISE_DB_PER_SECOND = 10.0
START_RISE_DB_PER_SECOND = 60.0
START_SECONDS = 0.5
"""The floor settles faster while the stream is this young."""


class BandGate:
    """Per-band adaptive noise floor over 16 groups of log-mel bands.

    Args:
        rate: samples per second.
    """

    def __init__(self, rate: int) -> None:
        self._logmel = LogMel(rate)
        self._hop_seconds = self._logmel.hop / rate
        self.reset()

    def reset(self) -> None:
        """Forget the floor: the next block is the start of a stream."""
        self._tail = np.zeros(self._logmel.frame - self._logmel.hop, np.float32)
        self._recent = np.zeros((0, GROUPS), np.float32)
        self._floor: FloatArray | None = None
        self._hops = 0

    def __call__(self, frame: AudioFrame) -> bool:
        """Whether any band of the block is active."""
        levels = self._levels(frame.samples)
        if not len(levels):
            return False
        floors = self._follow(levels)
        return bool(np.any(levels > np.maximum(floors + MARGIN_DB, QUIETEST_DB)))

    def prime(self, samples: FloatArray) -> None:
        """Start with the floor of a whole recording: its 10th percentile in each band.

        For recordings that begin in the middle of the sound, where there is no past to
        learn the room from.
        """
        self.reset()
        levels = self._levels(np.pad(samples, (0, max(0, self._logmel.hop - len(samples)))))
        self.reset()
        self._floor = np.percentile(levels, 10, axis=0).astype(np.float32)
        self._hops = round(START_SECONDS / self._hop_seconds)

    def _levels(self, samples: FloatArray) -> FloatArray:
        """Smoothed group levels, ``(hops, GROUPS)`` in dBFS."""
        heard = np.concatenate([self._tail, samples])
        power = self._logmel.power(heard)
        self._tail = heard[len(power) * self._logmel.hop :]
        if not len(power):
            return np.zeros((0, GROUPS), np.float32)
        groups = power.reshape(len(power), GROUPS, -1).sum(axis=2)
        if not len(self._recent):
            self._recent = np.repeat(groups[:1], SMOOTHING_HOPS - 1, axis=0)
        history = np.concatenate([self._recent, groups])
        self._recent = history[-(SMOOTHING_HOPS - 1) :]
        smooth = np.mean([history[i : i + len(groups)] for i in range(SMOOTHING_HOPS)], axis=0)
        return np.maximum(decibels(smooth), QUIETEST_DB - MARGIN_DB)

    def _follow(self, levels: FloatArray) -> FloatArray:
        """The floor *before* each hop, ``(hops, GROUPS)``; it then takes the hop into account.

        ``floor[t] = min(level[t], floor[t - 1] + rise[t])``, written as a running minimum of
        ``level - total rise`` so that no loop over the hops is needed.
        """
        if self._floor is None:
            self._floor = levels[0]
        age = (self._hops + np.arange(len(levels))) * self._hop_seconds
        self._hops += len(levels)
        speed = np.where(age < START_SECONDS, START_RISE_DB_PER_SECOND, RISE_DB_PER_SECOND)
        risen = np.cumsum(speed * self._hop_seconds, dtype=np.float32)[:, None]
        floors = risen + np.minimum.accumulate(
            np.concatenate([self._floor[None], levels - risen])[:-1], axis=0
        )
        self._floor = np.minimum(floors[-1], levels[-1])
        return np.asarray(floors)


def create(rate: int) -> BandGate:
    """The band gate for audio at ``rate`` samples per second."""
    return BandGate(rate)
