"""Steady noise is taken out: fans, air conditioning, rain, the hum of a fridge.

WebRTC's noise suppression, as in every video call: it follows the spectrum of what is always
there and turns it down. Needs the package ``webrtc-noise-gain``; hears 16 kHz.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeword.audio import AudioFrame, FloatArray
from wakeword.errors import ConfigError, MissingExtra

RATE = 16000
CHUNK = 160
"""It takes 10 ms at a time."""
LEVEL = 1
"""Of 1 to 4; higher ones take off more noise, and more of short sounds."""
DELAY = 96
"""Samples by which the library's own filters are late."""
FULL_SCALE = 32767.0


class DenoiseFrontEnd:
    """WebRTC's noise suppression as a front end.

    Args:
        level: how much is taken off, 1 to 4.

    Raises:
        MissingExtra: the package is not installed.
    """

    latency = CHUNK + DELAY

    def __init__(self, level: int = LEVEL) -> None:
        try:
            from webrtc_noise_gain import AudioProcessor
        except ImportError as error:
            raise MissingExtra("the front end denoise", "denoise") from error
        self._make: Callable[[], Any] = lambda: AudioProcessor(0, level)
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._processor = self._make()
        self._rest = np.zeros(0, np.int16)
        self._done = np.zeros(CHUNK, np.float32)

    def __call__(self, frame: AudioFrame) -> AudioFrame:
        """The frame without its noise: as long, at the same time, ``latency`` samples late."""
        pcm = np.clip(np.rint(frame.samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE)
        waiting = np.concatenate([self._rest, pcm.astype(np.int16)])
        whole = len(waiting) - len(waiting) % CHUNK
        self._rest = waiting[whole:]
        chunks = (self._chunk(waiting[at : at + CHUNK]) for at in range(0, whole, CHUNK))
        self._done = np.concatenate([self._done, *chunks])
        count = len(frame.samples)
        samples, self._done = self._done[:count], self._done[count:]
        return AudioFrame(samples, frame.start, frame.rate)

    def _chunk(self, pcm: NDArray[np.int16]) -> FloatArray:
        heard = self._processor.Process10ms(pcm.astype("<i2").tobytes()).audio
        return np.frombuffer(heard, "<i2").astype(np.float32) / np.float32(FULL_SCALE)


def create(rate: int) -> DenoiseFrontEnd:
    """The front end for audio at ``rate`` samples per second.

    Raises:
        ConfigError: another rate than 16 kHz.
        MissingExtra: the package is not installed.
    """
    if rate != RATE:
        raise ConfigError(
            f"the front end denoise hears {RATE} Hz, this encoder needs {rate} Hz; use an encoder "
            "at 16 kHz, such as mini"
        )
    return DenoiseFrontEnd()
