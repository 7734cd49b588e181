"""The samples that everything here is made of: mono, 16 kHz, float64 until handed out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Samples per second of all that is made here."""

Signal = NDArray[np.float64]


def count(seconds: float) -> int:
    """How many samples ``seconds`` are; at least one."""
    return max(1, round(seconds * RATE))


def times(n: int) -> Signal:
    """``(n,)``: the time of each sample in seconds."""
    return np.arange(n) / RATE


def add(into: Signal, what: Signal, at: int) -> None:
    """Mix ``what`` into ``into`` from sample ``at`` on; what hangs over either end is cut."""
    first, last = max(0, at), min(len(into), at + len(what))
    if first < last:
        into[first:last] += what[first - at : last - at]


def rms(samples: Signal) -> float:
    """Root mean square of ``(n,)`` samples, a trace above zero, to divide by."""
    return float(np.sqrt(np.mean(np.square(samples)))) + 1e-12


def peak(samples: Signal) -> float:
    """Largest deviation of ``(n,)`` samples, a trace above zero, to divide by."""
    return float(np.abs(samples).max()) + 1e-12


def gain(db: float) -> float:
    """The factor that ``db`` decibels are."""
    return float(10.0 ** (db / 20.0))


def convolve(samples: Signal, response: Signal) -> Signal:
    """``(n + m - 1,)``: ``samples`` heard through ``response``."""
    n = len(samples) + len(response) - 1
    size = 1 << (n - 1).bit_length()
    spectrum = np.fft.rfft(samples, size) * np.fft.rfft(response, size)
    return np.fft.irfft(spectrum, size)[:n]
