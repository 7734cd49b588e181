"""A source of one sound: the same person or thing, never twice quite the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from wakebench.synth.samples import RATE, Signal, gain, peak
from wakebench.synth.tones import edges
from wakeword.audio.frames import FloatArray


class Instrument(Protocol):
    """Something with fixed parameters that can be sounded again and again."""

    def sound(self, rng: np.random.Generator) -> Signal:
        """``(n,) float64``: the sound once, at any level, dry, without silence around it."""
        ...


@dataclass(frozen=True)
class SoundSource:
    """One person, animal or device that makes one kind of sound."""

    kind: str
    """Name of the kind, one of ``KINDS``."""
    instrument: Instrument
    """What makes it; its parameters were drawn once."""
    level_spread_db: float = 2.0
    """Standard deviation of the level from take to take."""

    def take(self, rng: np.random.Generator) -> FloatArray:
        """One repeat: ``(n,) float32`` at 16 kHz, dry, its peak around 0.4, never above 0.97.

        The level and, slightly, the colour (a step nearer, a turned head) differ each time.
        """
        made = _coloured(self.instrument.sound(rng), rng)
        made = made * edges(len(made), 0.001, 0.005)
        highest = min(0.97, 0.4 * gain(rng.normal(0, self.level_spread_db)))
        return np.asarray(made * (highest / peak(made)), np.float32)


def _coloured(samples: Signal, rng: np.random.Generator) -> Signal:
    """``samples`` with a gentle random equaliser, about 1 dB deep, smooth over the octaves."""
    size = len(samples) + 512
    octave = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / RATE), 60.0) / 60.0)
    depth, place = rng.normal(0, 0.7, size=3), rng.uniform(0, 2 * np.pi, size=3)
    db = sum(d * np.sin(octave * (i + 1) * 0.8 + place[i]) for i, d in enumerate(depth))
    return np.fft.irfft(np.fft.rfft(samples, size) * 10 ** (db / 20), size)[: len(samples)]
