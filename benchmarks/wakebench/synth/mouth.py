"""The tongue's click: a cavity that opens while it rings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wakebench.synth.samples import Signal, count, times
from wakebench.synth.tones import burst, tone


@dataclass(frozen=True)
class TongueClick:
    """One mouth."""

    cavity_hz: float
    """Pitch of the cavity when the tongue lets go."""
    drop: float
    """Ratio by which it falls while the mouth opens; under 1."""
    decay_seconds: float
    """Time constant of the ringing."""
    teeth_hz: float
    """A second, higher resonance."""
    noise_share: float
    """How much of the release is noise."""

    def sound(self, rng: np.random.Generator) -> Signal:
        """Click once."""
        n = count(0.1)
        t = times(n)
        start = self.cavity_hz * np.exp(rng.normal(0, 0.05))
        hz = start * (self.drop + (1 - self.drop) * np.exp(-t / 0.012))
        decay = self.decay_seconds * np.exp(rng.normal(0, 0.1))
        made: Signal = (
            tone(hz, rng.uniform(0, 0.5)) * np.exp(-t / decay) * (1 - np.exp(-t / 0.0006))
        )
        teeth = self.teeth_hz * np.exp(rng.normal(0, 0.04))
        made += 0.3 * np.sin(2 * np.pi * teeth * t) * np.exp(-t / (decay * 0.4))
        made += self.noise_share * burst(n, rng, 0.0015)
        # The tongue lands on the floor of the mouth a moment later.
        landing = count(rng.uniform(0.014, 0.026))
        slap = np.sin(2 * np.pi * 0.45 * start * t) * np.exp(-t / 0.006)
        made[landing:] += 0.25 * (slap + 0.15 * burst(n, rng, 0.002))[: n - landing]
        return made


def tongue_click(rng: np.random.Generator) -> TongueClick:
    """A mouth."""
    cavity = rng.uniform(1_100, 2_300)
    return TongueClick(
        cavity_hz=float(cavity),
        drop=float(rng.uniform(0.6, 0.85)),
        decay_seconds=float(rng.uniform(0.006, 0.012)),
        teeth_hz=float(cavity * rng.uniform(2.1, 2.9)),
        noise_share=float(rng.uniform(0.12, 0.3)),
    )
