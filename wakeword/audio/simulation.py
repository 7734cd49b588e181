"""Background noise that is the same every time.

A simulated room that is the same every time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.frames import FloatArray

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


GAP_SECONDS = 0.002
"""The first reflection comes so long after the direct sound."""
KEPT_SECONDS = 0.3
"""So much of the tail is kept after the recording: more than the windows reach into."""


@dataclass(frozen=True)
class Room:
    """How a room sounds where the microphone stands."""

    rt60_seconds: float
    """Time in which the tail falls by 60 dB."""
    direct_db: float
    """Energy of the direct sound over that of the tail, dB."""

    def __str__(self) -> str:
        return f"{self.rt60_seconds:g}s/{self.direct_db:g}dB"

    def hear(self, samples: FloatArray, rate: int) -> FloatArray:
        """The samples ``(n,)`` as the microphone gets them, ``(n + tail,) float32``.

        The tail is noise that fades exponentially (Moorer, "About This Reverberation
        Business", 1979); always the same noise.

        Args:
            samples: the sound from near by.
            rate: samples per second.
        """
        impulse = self._impulse(rate)
        count = len(samples) + round(KEPT_SECONDS * rate)
        size = len(samples) + len(impulse) - 1
        spectrum = np.fft.rfft(samples, size) * np.fft.rfft(impulse, size)
        heard = np.zeros(count, np.float32)
        found = np.fft.irfft(spectrum, size)[:count]
        heard[: len(found)] = found
        return heard

    def _impulse(self, rate: int) -> NDArray[np.float64]:
        count = max(2, round(1.1 * self.rt60_seconds * rate))
        seconds = np.arange(count) / rate
        tail = np.random.default_rng(0).standard_normal(count)
        tail *= np.exp(-6.91 * seconds / self.rt60_seconds) * (seconds >= GAP_SECONDS)
        tail *= np.sqrt(10.0 ** (-self.direct_db / 10.0) / np.sum(np.square(tail)))
        tail[0] = 1.0
        return tail
