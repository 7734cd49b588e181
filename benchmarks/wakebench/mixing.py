"""Levels, fades, gain and the microphone's own noise. All levels are in dBFS."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wakebench.synth import RATE, background, power_db
from wakeword.audio.frames import FloatArray

FLOOR_DB = -75.0
"""Pink noise of the microphone, in every stream."""
GAIN_DB, GAIN_SECONDS = 6.0, (20.0, 60.0)
"""The gain of the whole stream changes by up to so much, every so often."""


def at_level(
    samples: FloatArray, measure: Callable[[FloatArray], float], level_db: float
) -> FloatArray:
    """The samples with what ``measure`` finds brought to ``level_db``; silence stays silence."""
    now = measure(samples)
    factor = 10.0 ** ((level_db - now) / 20.0) if now > -100.0 else 1.0
    return np.asarray(samples * np.float32(factor), np.float32)


def faded(samples: FloatArray, edge: int = RATE // 100) -> FloatArray:
    """With a linear fade at both ends, at most half the samples long."""
    edge = min(edge, len(samples) // 2)
    shape = np.ones(len(samples), np.float32)
    ramp = np.arange(1, edge + 1, dtype=np.float32) / (edge + 1)
    shape[:edge], shape[len(shape) - edge :] = ramp, ramp[::-1]
    return samples * shape


def microphone(total: int, rng: np.random.Generator) -> FloatArray:
    """Pink noise at ``FLOOR_DB``, ``(total,)``: ten seconds of it, repeated."""
    loop = at_level(background("pink", 10.0, rng), power_db, FLOOR_DB)
    return np.resize(loop, total)


def gain_curve(total: int, rng: np.random.Generator) -> FloatArray:
    """``(total,)`` factors: a new gain every so often, reached within a second."""
    knots, values, at = [0.0], [float(rng.uniform(-GAIN_DB, GAIN_DB))], 0.0
    while at < total:
        at += float(rng.uniform(*GAIN_SECONDS)) * RATE
        knots += [at, at + RATE]
        values += [values[-1], float(rng.uniform(-GAIN_DB, GAIN_DB))]
    return np.asarray(10.0 ** (np.interp(np.arange(total), knots, values) / 20.0), np.float32)
