"""The room's echo is taken out: bare walls, a long hall, a microphone far away.

Weighted prediction error, frame by frame (Nakatani et al., "Speech Dereverberation Based on
Variance-Normalized Delayed Linear Prediction", 2010), as the package ``nara_wpe`` has it: what
can be foretold from the last tenth of a second is echo. Needs the package ``nara_wpe``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from wakeword.audio import AudioFrame, FloatArray
from wakeword.errors import MissingExtra

FRAME_SECONDS = 0.032
"""Length of a spectrum; four of them overlap."""
OVERLAP = 4
DELAY = 3
"""Frames that are the sound itself and no echo yet."""
TAPS = 10
"""Frames before those that the echo is foretold from."""
MEMORY = 0.999
"""How much of what was learned is kept from frame to frame: it forgets within 8 s."""
AUDIBLE = 1e-5
"""Frames with less power than this, of -50 dB in one sample's scale, teach nothing."""


class DereverbFrontEnd:
    """Online weighted prediction error as a front end.

    Args:
        rate: samples per second.

    Raises:
        MissingExtra: the package is not installed.
    """

    def __init__(self, rate: int) -> None:
        try:
            from nara_wpe.wpe import OnlineWPE
        except ImportError as error:
            raise MissingExtra("the front end dereverb", "dereverb") from error
        self._shift = round(FRAME_SECONDS * rate / OVERLAP)
        self._size = OVERLAP * self._shift
        hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(self._size) / self._size)
        self._window = np.sqrt(hann)
        bins = self._size // 2 + 1
        self._make: Callable[[], Any] = lambda: OnlineWPE(
            TAPS, DELAY, MEMORY, channel=1, frequency_bins=bins
        )
        self.reset()

    @property
    def latency(self) -> int:
        """How many samples late the audio comes out."""
        return self._size

    def reset(self) -> None:
        """Forget the past."""
        self._filter: Any = self._make()
        self._rest = np.zeros(0, np.float32)
        self._heard = np.zeros(self._size)
        self._open = np.zeros(self._size)
        self._done = np.zeros(self._shift, np.float32)

    def __call__(self, frame: AudioFrame) -> AudioFrame:
        """The frame without its echo: as long, at the same time, ``latency`` samples late."""
        waiting = np.concatenate([self._rest, frame.samples])
        whole = len(waiting) - len(waiting) % self._shift
        self._rest = waiting[whole:]
        shifts = range(0, whole, self._shift)
        hops = (self._hop(waiting[at : at + self._shift]) for at in shifts)
        self._done = np.concatenate([self._done, *hops])
        count = len(frame.samples)
        samples, self._done = self._done[:count], self._done[count:]
        return AudioFrame(samples, frame.start, frame.rate)

    def _hop(self, samples: FloatArray) -> FloatArray:
        """What is complete once these are heard: as many, ``size - shift`` samples older."""
        self._heard = np.concatenate([self._heard[self._shift :], samples])
        spectrum = np.fft.rfft(self._heard * self._window)
        if np.mean(np.square(np.abs(spectrum))) > AUDIBLE:
            spectrum = self._filter.step_frame(spectrum[:, None])[:, 0]
        self._open += np.fft.irfft(spectrum, self._size) * self._window * (2.0 / OVERLAP)
        done = self._open[: self._shift].astype(np.float32)
        self._open = np.concatenate([self._open[self._shift :], np.zeros(self._shift)])
        return done


def create(rate: int) -> DereverbFrontEnd:
    """The front end for audio at ``rate`` samples per second.

    Raises:
        MissingExtra: the package is not installed.
    """
    return DereverbFrontEnd(rate)
