"""Background noise that is the same every time."""

from __future__ import annotations

import numpy as np

from wakeword.audio import FloatArray

LOWEST_HZ = 60.0
"""Rooms and microphones have little below."""


def pink_noise(count: int, rate: int, rms: float) -> FloatArray:
    """Noise with equal power in each octave, ``(count,) float32``; always the same samples.

    Args:
        count: number of samples.
        rate: samples per second.
        rms: root mean square of the result.
    """
    if count < 2:
        return np.zeros(count, np.float32)
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(count))
    hz = np.fft.rfftfreq(count, 1.0 / rate)
    shaped = np.where(hz >= LOWEST_HZ, spectrum / np.sqrt(np.maximum(hz, LOWEST_HZ)), 0.0)
    noise = np.fft.irfft(shaped, count)
    size = float(np.sqrt(np.mean(np.square(noise))))
    return np.asarray(noise * (rms / size) if size > 0 else noise, np.float32)
