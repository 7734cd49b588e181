"""A bird's chirp: quick sweeps, each bird with its own phrase."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wakebench.synth.noise import wander
from wakebench.synth.samples import Signal, count, gain
from wakebench.synth.tones import glide, tone


@dataclass(frozen=True)
class Syllable:
    """One sweep."""

    hz: tuple[float, float, float]
    """Pitch at the beginning, the middle and the end."""
    seconds: float
    """Length."""
    pause_seconds: float
    """Silence after it."""
    loudness: float
    """0..1."""


@dataclass(frozen=True)
class Bird:
    """One bird with one phrase."""

    phrase: tuple[Syllable, ...]
    """What is sung."""
    repeats: int
    """How often the phrase is sung, usually."""
    second_db: float
    """Level of the second harmonic."""
    trill_hz: float
    """A flutter on the pitch; 0 for none."""

    def sound(self, rng: np.random.Generator) -> Signal:
        """Sing once; now and then a phrase more."""
        repeats = self.repeats + int(self.repeats > 2 and rng.random() < 0.3)
        transpose, tempo = np.exp(rng.normal(0, 0.012)), np.exp(rng.normal(0, 0.04))
        parts = []
        for _ in range(repeats):
            for syllable in self.phrase:
                parts.append(self._sing(syllable, transpose, tempo, rng))
                parts.append(np.zeros(count(syllable.pause_seconds * tempo)))
        return np.concatenate(parts[:-1])

    def _sing(
        self, syllable: Syllable, transpose: float, tempo: float, rng: np.random.Generator
    ) -> Signal:
        n = count(syllable.seconds * tempo)
        long = n / 16_000
        hz = glide([0, long / 2, long], np.log(syllable.hz).tolist(), n)
        hz = np.exp(hz) * transpose * (1 + 0.004 * wander(n, rng, 60.0))
        if self.trill_hz:
            hz = hz * (1 + 0.04 * tone(np.full(n, self.trill_hz), rng.uniform(0, 6)))
        hz = np.clip(hz, 800, 7_500)
        shape = np.sin(np.pi * (np.arange(n) + 0.5) / n) ** 0.7
        shape *= 10 ** (1.5 * wander(n, rng, 30.0) / 20)
        made = tone(hz) + gain(self.second_db) * tone(2 * hz) * (hz < 3_700)
        return made * shape * syllable.loudness * gain(rng.normal(0, 1.0))


def bird(rng: np.random.Generator) -> Bird:
    """A small songbird."""
    middle = rng.uniform(3_000, 5_200)
    phrase = []
    for _ in range(int(rng.integers(1, 4))):
        around = middle * np.exp(rng.normal(0, 0.2))
        sweep = around * np.exp(rng.normal(0, 0.16, size=3))
        phrase.append(
            Syllable(
                hz=(float(sweep[0]), float(sweep[1]), float(sweep[2])),
                seconds=float(rng.uniform(0.05, 0.16)),
                pause_seconds=float(rng.uniform(0.03, 0.1)),
                loudness=float(rng.uniform(0.5, 1)),
            )
        )
    return Bird(
        phrase=tuple(phrase),
        repeats=int(rng.integers(2, 5)) if len(phrase) < 3 else int(rng.integers(1, 3)),
        second_db=float(rng.uniform(-34, -20)),
        trill_hz=float(rng.choice([0.0, 0.0, rng.uniform(28, 60)])),
    )
