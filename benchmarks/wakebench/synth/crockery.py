"""Somebody lays a table: plates, cups and cutlery."""

from __future__ import annotations

import numpy as np

from wakebench.synth.noise import band, shaped, tilt, wander
from wakebench.synth.samples import RATE, Signal, add, count, gain, times
from wakebench.synth.tones import burst, edges, ring


def crockery(n: int, rng: np.random.Generator) -> Signal:
    """``(n,)``: clatter in bouts, now and then a scrape, over a quiet kitchen."""
    made = 0.004 * shaped(n, rng, tilt(-4, 80.0))
    things = [_draw_modes(rng) for _ in range(8)]
    at = rng.uniform(0, 1)
    while at < n / RATE:
        near = gain(rng.normal(0, 5))
        for _ in range(int(rng.integers(1, 7))):
            if rng.random() < 0.12:
                add(made, near * _scrape(rng), round(at * RATE))
            else:
                thing = things[int(rng.integers(len(things)))]
                add(made, near * gain(rng.normal(-3, 4)) * _clink(thing, rng), round(at * RATE))
            at += rng.exponential(0.18) + 0.02
        at += rng.exponential(1.0) + 0.15
    return made


def _draw_modes(rng: np.random.Generator) -> tuple[Signal, Signal, Signal]:
    """A thing that can be hit: (Hz, seconds to fall by 60 dB, gains) of its modes."""
    modes = int(rng.integers(5, 12))
    hz = np.sort(rng.uniform(700, 2_500) * np.cumprod(rng.uniform(1.08, 1.6, modes)))
    metal = rng.random() < 0.4
    t60 = rng.uniform(0.15, 0.6 if metal else 0.25) * (hz / hz[0]) ** -0.5
    return hz, t60, np.exp(rng.normal(0, 0.6, modes)) / np.sqrt(modes)


def _clink(thing: tuple[Signal, Signal, Signal], rng: np.random.Generator) -> Signal:
    """One hit, or a small bounce."""
    hz, t60, gains = thing
    n = count(0.4)
    made = np.zeros(n)
    at, loud = 0, 1.0
    for _ in range(int(rng.choice([1, 1, 2, 3]))):
        spot = gains * np.exp(rng.normal(0, 0.4, len(hz)))
        hit = ring(n, hz, t60, spot, rng.uniform(0, 6, len(hz)))
        hit[: count(0.03)] += 0.4 * burst(count(0.03), rng, 0.0015)
        add(made, loud * hit, at)
        at += count(rng.uniform(0.03, 0.09))
        loud *= rng.uniform(0.3, 0.7)
    return made * edges(n, 0.0005, 0.05)


def _scrape(rng: np.random.Generator) -> Signal:
    """A chair or a knife on a plate."""
    n = count(rng.uniform(0.15, 0.5))
    low = rng.uniform(900, 3_000)
    stick = 1 + 0.8 * np.sign(np.sin(2 * np.pi * rng.uniform(30, 90) * times(n)))
    made = shaped(n, rng, band(low, low * 1.8, 3)) * stick
    return 0.12 * made * np.clip(1 + 0.5 * wander(n, rng, 15.0), 0, None) * edges(n, 0.03, 0.08)
