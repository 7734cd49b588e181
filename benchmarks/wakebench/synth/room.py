"""A simulated room: a few early reflections, then a decaying tail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wakebench.synth.noise import band, shaped
from wakebench.synth.samples import RATE, Signal, convolve, count, gain, rms, times
from wakeword.audio.frames import FloatArray

SPEED_OF_SOUND = 343.0
"""Metres per second."""
_BANDS_HZ = (125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 7_000.0)


@dataclass(frozen=True, eq=False)
class Room:
    """One path from a source to a microphone in a room."""

    impulse: Signal
    """``(n,)``: the response; its first sample is the direct sound, 1."""

    def hear(self, samples: NDArray[np.floating]) -> FloatArray:
        """``(n + tail,) float32``: ``samples (n,)`` as the microphone gets them."""
        return convolve(np.asarray(samples, np.float64), self.impulse).astype(np.float32)


def make_room(
    rng: np.random.Generator,
    rt60_seconds: float = 0.4,
    size_metres: float = 4.0,
    distance_metres: float = 1.5,
) -> Room:
    """Draw a room.

    Args:
        rng: what it is drawn with.
        rt60_seconds: time in which the tail falls by 60 dB at 1 kHz; lower notes ring
            longer, higher ones shorter.
        size_metres: typical wall-to-wall distance; sets when reflections arrive.
        distance_metres: from the source to the microphone; farther means more tail.

    Raises:
        ValueError: a length or a time is not positive.
    """
    if min(rt60_seconds, size_metres, distance_metres) <= 0:
        raise ValueError("a room's size, distance and reverberation time must be positive")
    n = count(1.1 * rt60_seconds + 0.05)
    impulse = _tail(n, rng, rt60_seconds, size_metres)
    # Sabine: the distance at which the direct sound and the tail are equally loud.
    critical = 0.057 * np.sqrt(size_metres**3 / rt60_seconds)
    impulse *= min(1.5, distance_metres / critical)
    _reflect(impulse, rng, size_metres, distance_metres)
    impulse[0] += 1.0
    return Room(impulse)


def _tail(n: int, rng: np.random.Generator, rt60: float, size: float) -> Signal:
    """``(n,)``: noise that decays at its own speed in each octave; its energy is 1."""
    start = min(n - 1, count(0.8 * size / SPEED_OF_SOUND))
    tail = np.zeros(n)
    for hz in _BANDS_HZ:
        slower = float(np.clip((hz / 1_000) ** -0.2, 0.65, 1.25))
        octave = shaped(n, rng, band(hz / 1.41, min(hz * 1.41, 7_900.0)))
        tail += octave * np.exp(-6.91 * times(n) / (rt60 * slower)) * (hz / 1_000) ** 0.35
    rise = np.clip((np.arange(n) - 0.3 * start) / start, 0, 1)
    tail *= rise**2
    return tail / (rms(tail) * float(np.sqrt(n)))


def _reflect(impulse: Signal, rng: np.random.Generator, size: float, distance: float) -> None:
    """Add the first reflections: floor, ceiling, walls; each later, weaker, duller."""
    for wall in range(8):
        path = distance + size * rng.uniform(0.25, 1.1) * (1 + wall / 5)
        at = round((path - distance) / SPEED_OF_SOUND * RATE)
        if at + 3 < len(impulse):
            loud = distance / path * gain(rng.uniform(-8, -2)) * rng.choice([-1.0, 1.0])
            impulse[at : at + 3] += loud * np.array([0.2, 0.6, 0.2])
