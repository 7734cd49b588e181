"""Whether a sound that has woken still goes on, although the gate has adapted to it.

The gate takes whatever lasts for background after some seconds and closes. A steady alarm is
then heard only now and then, when something else opens the gate, and each time it would wake
anew. So once a sound has woken, the level in its own bands is followed until it has fallen half
of the way, in dB, to what it was before the sound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.logmel import LogMel, decibels

SMOOTHING_FRAMES = 5
"""Levels are averaged over 50 ms."""
RISE_DB = 10.0
"""A band belongs to the sound if it rose by so much ..."""
BELOW_LOUDEST_DB = 10.0
"""... and is at most this far below the loudest band."""


@dataclass(frozen=True, eq=False)
class _Followed:
    bands: NDArray[np.intp]
    """``(n,)``: the bands that belong to the sound."""
    limit_db: float
    """Mean level of these bands below which the sound is gone."""
    level_db: float
    """The same of the latest block."""


class Presence:
    """Follows the sounds that have woken; costs nothing while there are none.

    Args:
        rate: samples per second.
    """

    def __init__(self, rate: int) -> None:
        self._logmel = LogMel(rate)
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._followed: dict[str, _Followed] = {}

    def begin(self, sound: str, window: FloatArray) -> None:
        """Follow a sound that has just woken.

        Args:
            sound: its name.
            window: ``(n,) float32``, in which it woke. What lasts through all of it, from the
                pre-roll on, cannot be told from the background and is not followed.
        """
        self._followed.pop(sound, None)
        power = self._smoothed(window)
        if not len(power):
            return
        levels = decibels(power)
        loud = levels[int(np.argmax(power.sum(axis=1)))]
        quiet = levels.min(axis=0)
        own = np.flatnonzero((loud - quiet >= RISE_DB) & (loud >= loud.max() - BELOW_LOUDEST_DB))
        if len(own):
            limit = float(np.mean(loud[own] + quiet[own]) / 2.0)
            self._followed[sound] = _Followed(own, limit, float(np.mean(loud[own])))

    def push(self, block: AudioFrame) -> None:
        """Hear the next block; those of one stream, in order."""
        if not self._followed:
            return
        power = self._logmel.power(block.samples)
        if not len(power):
            return
        levels = decibels(power.mean(axis=0))
        self._followed = {
            sound: _Followed(known.bands, known.limit_db, float(np.mean(levels[known.bands])))
            for sound, known in self._followed.items()
        }

    def present(self, sound: str) -> bool:
        """Whether it still goes on; False for one that is not followed."""
        known = self._followed.get(sound)
        return known is not None and known.level_db >= known.limit_db

    def end(self, sound: str) -> None:
        """Follow it no longer."""
        self._followed.pop(sound, None)

    def _smoothed(self, samples: FloatArray) -> FloatArray:
        """Band powers averaged over ``SMOOTHING_FRAMES``, ``(n, bands) float32``."""
        power = self._logmel.power(samples)
        count = len(power) - SMOOTHING_FRAMES + 1
        if count < 1:
            return power
        shifted = [power[i : i + count] for i in range(SMOOTHING_FRAMES)]
        return np.asarray(np.mean(shifted, axis=0), np.float32)
