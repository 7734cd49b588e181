"""Log-mel spectra in dBFS, the one implementation that gate and encoder share."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from wakeword.audio.frames import SILENCE_DB, FloatArray


def hz_to_mel(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frequency in Hz to mel, O'Shaughnessy's formula (the HTK variant)."""
    return 2595.0 * np.log10(1.0 + hz / 700.0)


def mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse of :func:`hz_to_mel`."""
    return np.asarray(700.0 * (10.0 ** (mel / 2595.0) - 1.0))


class LogMel:
    """Spectra of 25 ms Hann windows every 10 ms, summed into triangular mel bands.

    Powers are scaled so that the bands of a window add up to its mean square: a full-scale
    sine reads -3 dB in the bands that hold it.

    Args:
        rate: samples per second.
        bands: number of mel bands.
        low_hz: lower edge of the first band.
        high_hz: upper edge of the last band; at most half the rate.
    """

    def __init__(
        self, rate: int, bands: int = 64, low_hz: float = 50.0, high_hz: float = 8000.0
    ) -> None:
        self.rate = rate
        self.bands = bands
        self.low_hz = low_hz
        self.high_hz = min(high_hz, rate / 2)
        self.frame = rate // 40
        self.hop = rate // 100
        self.fft = 1 << (self.frame - 1).bit_length()

    @cached_property
    def taper(self) -> FloatArray:
        """Hann window, ``(frame,) float32``, scaled for power in mean squares."""
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(self.frame) + 0.5) / self.frame)
        scale = np.sqrt(2.0 / (self.fft * np.sum(hann**2)))
        return np.asarray(hann * scale, dtype=np.float32)

    @cached_property
    def filters(self) -> FloatArray:
        """Triangular mel filters of height 1, ``(fft // 2 + 1, bands) float32``."""
        low, high = hz_to_mel(np.array([self.low_hz, self.high_hz]))
        edges = mel_to_hz(np.linspace(low, high, self.bands + 2))
        hz = np.fft.rfftfreq(self.fft, 1.0 / self.rate)[:, None]
        rising = (hz - edges[:-2]) / (edges[1:-1] - edges[:-2])
        falling = (edges[2:] - hz) / (edges[2:] - edges[1:-1])
        return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)

    def power(self, samples: FloatArray) -> FloatArray:
        """Band powers, ``(frames, bands) float32``, of ``(n,)`` samples.

        There are ``1 + (n - frame) // hop`` frames; none when ``n < frame``.
        """
        if len(samples) < self.frame:
            return np.zeros((0, self.bands), np.float32)
        frames = sliding_window_view(samples, self.frame)[:: self.hop]
        spectrum = np.fft.rfft(frames * self.taper, self.fft)
        bins = np.square(spectrum.real) + np.square(spectrum.imag)
        return np.asarray(bins.astype(np.float32) @ self.filters)

    def __call__(self, samples: FloatArray) -> FloatArray:
        """Band levels in dBFS, ``(frames, bands) float32``, at least ``SILENCE_DB``."""
        return decibels(self.power(samples))


def decibels(power: FloatArray) -> FloatArray:
    """Power to dB, at least ``SILENCE_DB``."""
    floor = np.float32(10.0 ** (SILENCE_DB / 10.0))
    return np.asarray(10.0 * np.log10(np.maximum(power, floor)), dtype=np.float32)
