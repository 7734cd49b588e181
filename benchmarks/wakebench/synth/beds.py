"""Steady and half-steady noise: pink, a fan, mains hum, rain, a street, a quiet room."""

from __future__ import annotations

import numpy as np

from wakebench.synth.noise import band, shaped, tilt, wander
from wakebench.synth.samples import RATE, Signal, add, convolve, count, gain, times
from wakebench.synth.tones import burst, edges, ring, tone


def pink(n: int, rng: np.random.Generator) -> Signal:
    """``(n,)``: -3 dB an octave."""
    return shaped(n, rng, tilt(-3))


def quiet(n: int, rng: np.random.Generator) -> Signal:
    """``(n,)``: a silent room: soft low noise, a microphone's hiss, a trace of mains hum."""
    low = shaped(n, rng, tilt(-5, 60.0))
    hiss = shaped(n, rng, band(400.0, 7_500.0, 1))
    return low + 0.45 * hiss + 0.15 * hum(n, rng)


def fan(n: int, rng: np.random.Generator) -> Signal:
    """``(n,)``: rushing air, the blades' tone and the motor's hum, slightly unsteady."""
    slope, rush = tilt(-3.5, 120.0), band(40.0, rng.uniform(2_500, 5_500))
    unsteady = 1 + 0.06 * wander(n, rng, 1.2)
    made = shaped(n, rng, lambda hz: slope(hz) * rush(hz)) * unsteady
    turns_hz, blades = rng.uniform(9, 22), int(rng.integers(3, 8))
    made *= 1 + 0.08 * tone(np.full(n, turns_hz), rng.uniform(0, 6))
    for multiple in range(1, 5):
        curve = turns_hz * blades * multiple * (1 + 0.001 * wander(n, rng, 0.7))
        made += 0.22 * multiple**-1.2 * tone(curve, rng.uniform(0, 6))
    return made + 0.06 * hum(n, rng)


def hum(n: int, rng: np.random.Generator) -> Signal:
    """``(n,)``: a fridge or a transformer: harmonics of the mains, a rattle, soft noise."""
    mains = float(rng.choice([50.0, 60.0])) * (1 + rng.normal(0, 0.0005))
    made = np.zeros(n)
    for multiple in (1, 2, 3, 4, 5, 6, 8, 10, 12, 14):
        strong = (1.0 if multiple % 2 == 0 else 0.6) * multiple**-0.9
        slow = 1 + 0.15 * wander(n, rng, 0.5)
        strong *= float(np.exp(rng.normal(0, 0.5)))
        made += strong * slow * tone(np.full(n, mains * multiple), rng.uniform(0, 6))
    rattle = shaped(n, rng, band(700.0, 3_000.0)) * np.clip(wander(n, rng, 1.5), 0, None)
    rattle *= 0.5 + 0.5 * np.sin(2 * np.pi * mains * times(n))
    return made + 0.12 * rattle + 0.25 * shaped(n, rng, tilt(-4, 80.0))


def rain(n: int, rng: np.random.Generator) -> Signal:
    """``(n,)``: a wash of far drops and, on a sill, near ones one by one."""
    heavy = 1 + 0.2 * wander(n, rng, 0.25)
    made = shaped(n, rng, band(500.0, 6_500.0, 1)) * heavy
    for per_second, loud, low, high in ((60.0, 2.0, 1_500, 5_500), (7.0, 5.0, 400, 1_500)):
        for _ in range(4):  # four spots, each with its own sound
            drops = np.zeros(n)
            many = int(rng.poisson(per_second / 4 * n / RATE))
            at = rng.integers(0, n, size=many)
            np.add.at(drops, at, loud * np.exp(rng.normal(-0.6, 0.7, size=many)))
            size = count(0.03)
            hz = rng.uniform(low, high, size=3)
            body = ring(size, hz, rng.uniform(0.01, 0.04, 3), np.ones(3), rng.uniform(0, 6, 3))
            made += convolve(drops, body + 0.5 * burst(size, rng, 0.002))[:n]
    return made


def street(n: int, rng: np.random.Generator) -> Signal:
    """``(n,)``: a city's rumble and cars that come, pass and go."""
    made = shaped(n, rng, tilt(-6, 45.0)) * (1 + 0.15 * wander(n, rng, 0.3))
    made += 0.18 * shaped(n, rng, tilt(-3, 100.0))
    at = rng.uniform(-2, 4)
    while at < n / RATE + 3:
        length = rng.uniform(6, 11)
        add(
            made, _car(count(length), rng) * gain(rng.normal(1, 4)), round((at - length / 2) * RATE)
        )
        at += rng.exponential(4.5) + 1.5
    return made


def _car(n: int, rng: np.random.Generator) -> Signal:
    """``(n,)``: one car: tyres and engine, nearest in the middle, its pitch falling there."""
    t = times(n) - n / RATE / 2
    near = rng.uniform(0.5, 1.2)
    close = 1 / (1 + (t / near) ** 2)
    low = shaped(n, rng, band(80.0, 500.0, 1))
    tyres = shaped(n, rng, band(500.0, rng.uniform(1_200, 2_400), 1))
    doppler = 1 - 0.04 * np.tanh(t / near)
    fire = rng.uniform(45, 90)
    engine = np.zeros(n)
    for multiple in range(1, 9):
        engine += multiple**-0.8 * tone(fire * multiple * doppler, rng.uniform(0, 6))
    sound = close**0.7 * low + 1.3 * close**1.4 * tyres + 0.35 * close * engine
    return sound * edges(n, 1.5, 1.5)
