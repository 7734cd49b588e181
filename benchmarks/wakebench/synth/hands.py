"""What hands do without touching anything: clap and snap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wakebench.synth.noise import band, shaped
from wakebench.synth.samples import Signal, add, convolve, count, gain, peak, rms, times
from wakebench.synth.tones import burst, ring


@dataclass(frozen=True)
class Clap:
    """One pair of hands."""

    cup_hz: tuple[float, ...]
    """Resonances of the air between the palms."""
    cup_q: float
    """How sharp they are."""
    cup_share: float
    """How much of the sound they make up, 0..1."""
    spread_seconds: float
    """From the first contact (fingers) to the last (palm)."""
    bright_hz: float
    """Where the broad part begins to fall."""
    interval_seconds: float
    """Time between claps, where there are two."""
    claps: int
    """How many make the sound."""

    def sound(self, rng: np.random.Generator) -> Signal:
        """Clap once (or as often as it takes)."""
        gaps = self.interval_seconds * np.exp(rng.normal(0, 0.06, size=self.claps - 1))
        starts = [0, *np.cumsum([count(float(gap)) for gap in gaps])]
        made = np.zeros(int(starts[-1]) + count(0.16))
        for start in starts:
            add(made, self._once(rng) * gain(rng.normal(0, 1.2)), int(start))
        return made

    def _once(self, rng: np.random.Generator) -> Signal:
        hit = np.zeros(count(0.03))
        touches = int(rng.integers(2, 5))
        whens = np.sort(rng.uniform(0, self.spread_seconds, size=touches)) * np.exp(
            rng.normal(0, 0.15)
        )
        for when, loud in zip(whens, np.linspace(0.5, 1, touches), strict=True):
            decay = rng.uniform(0.0006, 0.0016)
            add(hit, loud * burst(count(0.012), rng, decay), count(float(when)))
        hz = np.array(self.cup_hz) * np.exp(rng.normal(0, 0.04, size=len(self.cup_hz)))
        n = count(0.15)
        palm = ring(
            n, hz, 2.2 * self.cup_q / hz, 0.7 ** np.arange(float(len(hz))), np.zeros(len(hz))
        )
        cup = convolve(hit, palm)[:n]
        broad = convolve(hit, self._body(rng))[:n]
        mixed = self.cup_share * _unit(cup) + (1 - self.cup_share) * _unit(broad)
        mixed *= np.exp(-np.maximum(times(n) - 0.1, 0) / 0.015)
        return mixed / peak(mixed)

    def _body(self, rng: np.random.Generator) -> Signal:
        """The broad part's response: a click and the short wash of skin and sleeves."""
        n = count(0.15)
        wash = shaped(n, rng, band(350, self.bright_hz * 0.6, 1))
        wash *= 0.12 * np.exp(-times(n) / 0.011)
        wash[:16] += shaped(16, rng, band(300, self.bright_hz)) * np.hanning(18)[1:-1]
        return wash


@dataclass(frozen=True)
class FingerSnap:
    """One hand snapping its fingers."""

    palm_hz: float
    """Main resonance, where the finger meets the palm."""
    palm_q: float
    """How sharp it is."""
    second: float
    """Ratio of the second resonance to the first."""
    thump_db: float
    """Level of the low thump."""
    slide_db: float
    """Level of the friction before the snap."""

    def sound(self, rng: np.random.Generator) -> Signal:
        """Snap once."""
        n, before = count(0.09), count(rng.uniform(0.012, 0.03))
        base = self.palm_hz * np.exp(rng.normal(0, 0.035))
        hz = base * np.array([1.0, self.second, self.second * 1.55])
        q = self.palm_q * np.exp(rng.normal(0, 0.1))
        hit = burst(count(0.01), rng, 0.0009)
        hit[0] += 4.0
        body = ring(n, hz, 2.2 * q / hz, np.array([1.0, 0.5, 0.25]), rng.uniform(0, 1, 3))
        snap = _unit(convolve(hit, body)[:n])
        snap += 0.45 * _unit(burst(n, rng, 0.0035))
        low = rng.uniform(170, 260)
        thump = np.sin(2 * np.pi * low * times(n)) * np.exp(-times(n) / 0.012)
        snap += gain(self.thump_db) * thump * np.abs(snap).max()
        made = np.zeros(before + n)
        made[before:] = snap / np.abs(snap).max()
        slide = shaped(before, rng, band(1_500, 6_000)) * gain(self.slide_db)
        made[:before] += slide * np.linspace(0.1, 1, before) ** 2
        return made


def _unit(samples: Signal) -> Signal:
    return samples / (rms(samples) * float(np.sqrt(len(samples))))


def clap(rng: np.random.Generator, claps: int = 1) -> Clap:
    """A pair of hands that claps ``claps`` times."""
    low = rng.uniform(550, 1_300)
    return Clap(
        cup_hz=(float(low), float(low * rng.uniform(1.7, 2.4)), float(low * rng.uniform(3, 4))),
        cup_q=float(rng.uniform(2.5, 6.0)),
        cup_share=float(rng.uniform(0.3, 0.65)),
        spread_seconds=float(rng.uniform(0.003, 0.010)),
        bright_hz=float(rng.uniform(3_500, 7_000)),
        interval_seconds=float(rng.uniform(0.24, 0.4)),
        claps=claps,
    )


def double_clap(rng: np.random.Generator) -> Clap:
    """A pair of hands that claps twice."""
    return clap(rng, 2)


def snap(rng: np.random.Generator) -> FingerSnap:
    """A hand."""
    return FingerSnap(
        palm_hz=float(rng.uniform(1_500, 3_200)),
        palm_q=float(rng.uniform(5, 11)),
        second=float(rng.uniform(1.5, 2.0)),
        thump_db=float(rng.uniform(-22, -12)),
        slide_db=float(rng.uniform(-38, -28)),
    )
