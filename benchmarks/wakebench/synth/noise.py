"""Noise: white, shaped to a spectrum, and slow wandering."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wakebench.synth.samples import RATE, Signal, rms

Spectrum = Callable[[Signal], Signal]
"""From frequencies in Hz to linear gains."""


def shaped(n: int, rng: np.random.Generator, spectrum: Spectrum) -> Signal:
    """``(n,)`` of Gaussian noise with that spectrum and an RMS of 1."""
    hz: Signal = np.fft.rfftfreq(n, 1 / RATE).astype(np.float64)
    made: Signal = np.fft.irfft(np.fft.rfft(rng.normal(size=n)) * spectrum(hz), n)
    return made / rms(made)


def band(low_hz: float, high_hz: float, order: int = 2) -> Spectrum:
    """A band pass with slopes of ``6 * order`` dB an octave."""

    def spectrum(hz: Signal) -> Signal:
        hz = np.maximum(hz, 1.0)
        power = (1 + (low_hz / hz) ** (2 * order)) * (1 + (hz / high_hz) ** (2 * order))
        return 1 / np.sqrt(power)

    return spectrum


def tilt(db_per_octave: float, low_hz: float = 30.0) -> Spectrum:
    """A slope, flat below ``low_hz``; -3 dB an octave is pink, -6 is brown."""

    def spectrum(hz: Signal) -> Signal:
        octaves = np.log2(np.maximum(hz, low_hz) / low_hz)
        # Nothing below 15 Hz: microphones don't hear it and it would eat the headroom.
        return 10 ** (db_per_octave * octaves / 20) * (hz > 15.0)

    return spectrum


def wander(n: int, rng: np.random.Generator, hz: float) -> Signal:
    """``(n,)``: a smooth random curve of about unit deviation, changing ``hz`` times a second."""
    knots = rng.normal(size=int(n * hz / RATE) + 3)
    place = np.arange(n) * hz / RATE
    left = place.astype(int)
    part = (1 - np.cos(np.pi * (place - left))) / 2
    curve: Signal = knots[left] * (1 - part) + knots[left + 1] * part
    return curve
