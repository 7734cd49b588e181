"""Tones that glide, edges that don't click, and things that ring."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wakebench.synth.samples import RATE, Signal, count, times


def tone(hz: Signal, phase: float = 0.0) -> Signal:
    """``(n,)``: a sine that follows the frequency curve ``hz (n,)``."""
    return np.sin(phase + 2 * np.pi * np.cumsum(hz) / RATE)


def glide(at_seconds: Sequence[float], values: Sequence[float], n: int) -> Signal:
    """``(n,)``: a curve through the knots that arrives at each with no slope."""
    at, value = np.asarray(at_seconds, float), np.asarray(values, float)
    t = np.clip(times(n), at[0], at[-1])
    right = np.clip(np.searchsorted(at, t, side="right"), 1, len(at) - 1)
    part = (t - at[right - 1]) / np.maximum(at[right] - at[right - 1], 1e-9)
    part = part * part * (3 - 2 * part)
    curve: Signal = value[right - 1] * (1 - part) + value[right] * part
    return curve


def edges(n: int, attack_seconds: float, release_seconds: float) -> Signal:
    """``(n,)``: 1, with raised-cosine edges."""
    shape = np.ones(n)
    up, down = min(n, count(attack_seconds)), min(n, count(release_seconds))
    shape[:up] *= (1 - np.cos(np.pi * (np.arange(up) + 0.5) / up)) / 2
    shape[n - down :] *= (1 + np.cos(np.pi * (np.arange(down) + 0.5) / down)) / 2
    return shape


def ring(n: int, hz: Signal, t60_seconds: Signal, gains: Signal, phases: Signal) -> Signal:
    """``(n,)``: a struck body: one decaying sine a mode (each argument ``(modes,)``).

    Modes above 7.6 kHz are left out rather than folded back.
    """
    t = times(n)
    made = np.zeros(n)
    for mode in np.flatnonzero(hz < 7_600):
        decay = np.exp(-6.91 * t / t60_seconds[mode])
        made += gains[mode] * decay * np.sin(2 * np.pi * hz[mode] * t + phases[mode])
    return made


def burst(n: int, rng: np.random.Generator, decay_seconds: float) -> Signal:
    """``(n,)``: white noise that dies away, falling by 60 dB in 6.9 ``decay_seconds``."""
    return rng.normal(size=n) * np.exp(-times(n) / decay_seconds)
