"""Devices that beep: piezo buzzers, always the same but for where one stands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wakebench.synth.noise import wander
from wakebench.synth.samples import Signal, add, count, gain
from wakebench.synth.tones import edges, tone


@dataclass(frozen=True)
class Beeper:
    """One buzzer and its pattern."""

    hz: float
    """Pitch."""
    on_seconds: float
    """Length of a beep."""
    off_seconds: float
    """Pause between beeps."""
    beeps: int
    """How many make the sound."""
    harmonics_db: tuple[float, ...]
    """Levels of the second, third, ... harmonic under the first."""
    edge_seconds: float
    """How fast a beep comes and goes."""

    def sound(self, rng: np.random.Generator) -> Signal:
        """Let it beep its pattern once."""
        period = count(self.on_seconds + self.off_seconds)
        n = count(self.on_seconds)
        made = np.zeros(period * (self.beeps - 1) + n + count(0.03))
        # A supply voltage or a battery drifts a little; standing waves differ by place.
        hz = self.hz * (1 + rng.normal(0, 0.0015))
        places = rng.normal(0, 1.5, size=len(self.harmonics_db))
        for beep in range(self.beeps):
            curve = hz * (1 + 0.0006 * wander(n, rng, 6.0))
            phase = rng.uniform(0, 2 * np.pi)
            sound = tone(curve, phase)
            for index, db in enumerate(self.harmonics_db):
                multiple = index + 2
                if hz * multiple < 7_600:
                    sound += gain(db + places[index]) * tone(multiple * curve, multiple * phase)
            sound *= edges(n, self.edge_seconds, self.edge_seconds * 2)
            add(made, sound, beep * period)
        return made


def _buzzer(rng: np.random.Generator, hz: float) -> tuple[float, ...]:
    """Harmonics of a square wave through a small disc that rings near 4 kHz."""
    levels = []
    for multiple in range(2, 8):
        square = -20 * np.log10(multiple) - (14 if multiple % 2 == 0 else 0)
        disc = 7 * np.exp(-(np.log2(hz * multiple / 4_000) ** 2) / 0.3)
        levels.append(float(square + disc + rng.normal(-8, 3)))
    return tuple(levels)


def microwave(rng: np.random.Generator) -> Beeper:
    """A microwave oven that is done: two to four beeps."""
    hz = float(rng.uniform(1_850, 2_750))
    on = float(rng.uniform(0.15, 0.5))
    return Beeper(
        hz=hz,
        on_seconds=on,
        off_seconds=float(rng.uniform(0.15, 0.45)),
        beeps=int(rng.integers(2, 5)),
        harmonics_db=_buzzer(rng, hz),
        edge_seconds=float(rng.uniform(0.002, 0.006)),
    )


def smoke_alarm(rng: np.random.Generator) -> Beeper:
    """A smoke alarm's temporal-three pattern: three half-second beeps, half a second apart."""
    hz = float(rng.uniform(2_950, 3_350))
    return Beeper(
        hz=hz,
        on_seconds=0.5,
        off_seconds=0.5,
        beeps=3,
        harmonics_db=_buzzer(rng, hz),
        edge_seconds=float(rng.uniform(0.004, 0.012)),
    )
