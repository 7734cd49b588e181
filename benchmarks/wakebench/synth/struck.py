"""Things that are struck and ring: doors, bells, doorbells, glasses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wakebench.synth.noise import band, shaped
from wakebench.synth.samples import Signal, add, convolve, count, gain, times
from wakebench.synth.tones import ring


@dataclass(frozen=True)
class Struck:
    """A body with fixed modes, struck in a fixed rhythm by something hard or soft."""

    hz: tuple[float, ...]
    """Frequencies of the modes."""
    t60_seconds: tuple[float, ...]
    """How long each mode takes to fall by 60 dB."""
    gains: tuple[float, ...]
    """How strongly each mode speaks."""
    contact_seconds: float
    """How long the striker touches: short is hard and bright."""
    click_db: float
    """Level of the noise of the contact itself."""
    click_hz: tuple[float, float] = (1_500.0, 7_000.0)
    """Band of that noise."""
    click_seconds: float = 0.0022
    """Time constant of that noise."""
    gaps_seconds: tuple[float, ...] = ()
    """Times between strikes; empty for a single one."""
    seconds: float = 0.3
    """How long the last strike may ring."""
    gap_spread: float = 0.05
    """How much the rhythm varies, as a share."""

    def sound(self, rng: np.random.Generator) -> Signal:
        """Strike it once, or in its rhythm."""
        tempo = np.exp(rng.normal(0, self.gap_spread))
        gaps = [
            float(g * tempo * np.exp(rng.normal(0, 0.6 * self.gap_spread)))
            for g in self.gaps_seconds
        ]
        starts = [0, *np.cumsum([count(g) for g in gaps])]
        n = count(self.seconds)
        made = np.zeros(int(starts[-1]) + n)
        for start in starts:
            add(made, self._strike(n, rng) * gain(rng.normal(0, 1.3)), int(start))
        return made

    def _strike(self, n: int, rng: np.random.Generator) -> Signal:
        """One strike, not always on the same spot nor equally hard."""
        hz = np.array(self.hz)
        force = rng.normal(0, 0.12)
        gains = np.array(self.gains) * np.exp(rng.normal(0, 0.2, size=len(hz)))
        gains *= (hz / hz[0]) ** (0.6 * force)
        phases = np.zeros(len(hz))
        body = ring(n, hz, np.array(self.t60_seconds), gains, phases)
        width = max(3, count(self.contact_seconds * np.exp(-force)))
        pulse = np.sin(np.pi * (np.arange(width) + 0.5) / width)
        made = convolve(body, pulse)[:n]
        made /= np.abs(made).max()
        click = shaped(n, rng, band(*self.click_hz, 1)) * np.exp(-times(n) / self.click_seconds)
        made += gain(self.click_db) * click
        return made * (1 - np.clip((times(n) - 0.85 * self.seconds) / (0.15 * self.seconds), 0, 1))


def _door(rng: np.random.Generator, gaps: tuple[float, ...]) -> Struck:
    hz = rng.uniform(75, 130) * np.cumprod(np.r_[1.0, rng.uniform(1.08, 1.38, 21)])
    hz = hz[hz < 5_000]
    t60 = rng.uniform(0.22, 0.34) * (hz / 100) ** -0.55 * rng.uniform(0.8, 1.2, len(hz))
    gains = (hz / hz[0]) ** rng.uniform(-0.45, -0.1) * np.exp(rng.normal(0, 0.6, len(hz)))
    return Struck(
        hz=tuple(hz),
        t60_seconds=tuple(t60),
        gains=tuple(gains),
        contact_seconds=float(rng.uniform(0.0003, 0.0009)),
        click_db=float(rng.uniform(-21, -14)),
        click_hz=(250.0, float(rng.uniform(1_800, 4_000))),
        click_seconds=float(rng.uniform(0.005, 0.011)),
        gaps_seconds=gaps,
        seconds=0.28,
    )


def knock(rng: np.random.Generator) -> Struck:
    """A door, knocked once."""
    return _door(rng, ())


def double_knock(rng: np.random.Generator) -> Struck:
    """A door, knocked twice."""
    return _door(rng, (float(rng.uniform(0.16, 0.28)),))


def triple_knock(rng: np.random.Generator) -> Struck:
    """A door, knocked three times."""
    gap = float(rng.uniform(0.15, 0.26))
    return _door(rng, (gap, gap))


def knock_pattern(rng: np.random.Generator) -> Struck:
    """A door with a secret knock: four knocks, one pause longer than the others."""
    gap = float(rng.uniform(0.15, 0.22))
    pause = int(rng.integers(0, 3))
    return _door(rng, tuple(gap * (2.2 if i == pause else 1.0) for i in range(3)))


def bell(rng: np.random.Generator) -> Struck:
    """A hand bell: hum, prime, tierce, quint, nominal and upper partials, each a close pair."""
    ratios = np.array([0.5, 1.0, 1.19, 1.5, 2.0, 2.52, 2.66, 3.0, 4.1, 5.3])
    ratios = ratios * np.exp(rng.normal(0, 0.012, len(ratios)))
    hz = rng.uniform(550, 1_300) * ratios
    split = hz * (1 + rng.uniform(0.0005, 0.003, len(hz)))
    gains = np.array([0.35, 1, 0.7, 0.35, 0.9, 0.3, 0.3, 0.45, 0.3, 0.2])
    gains = gains * np.exp(rng.normal(0, 0.35, len(ratios)))
    t60 = rng.uniform(1.4, 2.6) * ratios**-0.75
    return Struck(
        hz=(*hz, *split),
        t60_seconds=(*t60, *t60 * 0.9),
        gains=(*gains, *gains * 0.6),
        contact_seconds=float(rng.uniform(0.00015, 0.0003)),
        click_db=float(rng.uniform(-34, -26)),
        seconds=float(rng.uniform(1.0, 1.5)),
    )


@dataclass(frozen=True)
class Doorbell:
    """Two metal bars: ding, dong."""

    ding: Struck
    """The high bar."""
    dong: Struck
    """The low bar."""
    gap_seconds: float
    """Time between them."""

    def sound(self, rng: np.random.Generator) -> Signal:
        """Press the button once."""
        first, second = self.ding.sound(rng), self.dong.sound(rng)
        at = count(self.gap_seconds * np.exp(rng.normal(0, 0.04)))
        made = np.zeros(max(len(first), at + len(second)))
        add(made, first, 0)
        add(made, second * 0.9, at)
        return made


def doorbell(rng: np.random.Generator) -> Doorbell:
    """A doorbell of two bars, a third apart."""
    low, third = rng.uniform(480, 720), float(rng.choice([1.19, 1.26]))
    strength = np.array([1.0, 0.28, 0.1, 0.04]) * np.exp(rng.normal(0, 0.3, 4))

    def bar(hz: float) -> Struck:
        return Struck(
            hz=tuple(hz * np.array([1.0, 2.756, 5.404, 8.93])),
            t60_seconds=tuple(np.array([1.9, 0.9, 0.4, 0.2])),
            gains=tuple(strength),
            contact_seconds=0.0005,
            click_db=-30.0,
            seconds=1.1,
        )

    return Doorbell(bar(float(low * third)), bar(float(low)), float(rng.uniform(0.35, 0.6)))


def glass(rng: np.random.Generator) -> Struck:
    """A drinking glass tapped with a spoon or a nail."""
    ratios = np.array([1.0, 2.32, 4.25, 6.63, 9.38]) * np.exp(rng.normal(0, 0.02, 5))
    hz = rng.uniform(1_100, 2_900) * ratios
    split = hz * (1 + rng.uniform(0.001, 0.006, len(hz)))
    gains = np.array([1, 0.6, 0.35, 0.2, 0.1]) * np.exp(rng.normal(0, 0.4, 5))
    t60 = rng.uniform(0.35, 1.0) * ratios**-0.6
    return Struck(
        hz=(*hz, *split),
        t60_seconds=(*t60, *t60 * 0.92),
        gains=(*gains, *gains * 0.5),
        contact_seconds=float(rng.uniform(0.00012, 0.0002)),
        click_db=float(rng.uniform(-26, -18)),
        seconds=float(np.clip(t60[0] * 0.8, 0.3, 0.8)),
    )
