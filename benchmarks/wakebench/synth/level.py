"""How loud a sound is, where it is loudest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakebench.synth.samples import RATE

FRAME = RATE // 100
"""Level is measured in frames of 10 ms."""
LOUDEST = 10
"""So many of the loudest frames count (fewer in a shorter sound)."""
FLOOR_DB = -120.0
"""What silence is reported as."""


def power_db(samples: NDArray[np.floating]) -> float:
    """RMS level of ``(n,)`` samples in dBFS."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0
    return max(FLOOR_DB, 10 * float(np.log10(power))) if power > 0 else FLOOR_DB


def loudest_db(samples: NDArray[np.floating]) -> float:
    """RMS level in dBFS of the ten loudest 10 ms frames of ``(n,)`` samples.

    A sound's own pauses and its long decay do not make it "quieter" this way, so a
    signal-to-noise ratio means the same for a click and for a whistle.
    """
    frames = -(-len(samples) // FRAME)
    padded = np.zeros(frames * FRAME)
    padded[: len(samples)] = samples
    powers = np.sort(np.mean(np.square(padded.reshape(frames, FRAME)), axis=1))
    loud = powers[-LOUDEST:]
    return max(FLOOR_DB, 10 * float(np.log10(loud.mean()))) if loud.sum() > 0 else FLOOR_DB


def heard_span(samples: NDArray[np.floating], below_db: float = 30.0) -> tuple[int, int]:
    """First and past-the-last sample of what is within ``below_db`` of the loudest frame."""
    frames = -(-len(samples) // FRAME)
    padded = np.zeros(frames * FRAME)
    padded[: len(samples)] = samples
    powers = np.mean(np.square(padded.reshape(frames, FRAME)), axis=1)
    loud = np.flatnonzero(powers > powers.max() * 10 ** (-below_db / 10))
    if not len(loud):
        return 0, len(samples)
    return int(loud[0]) * FRAME, min(len(samples), (int(loud[-1]) + 1) * FRAME)
