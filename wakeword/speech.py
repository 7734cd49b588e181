"""Is this a voice? WebRTC's voice activity detector on 30 ms frames."""

from __future__ import annotations

import numpy as np

from wakeword.audio import FloatArray
from wakeword.errors import ConfigError

RATES = (8000, 16000, 32000, 48000)
"""The rates that the detector knows."""


class SpeechDetector:
    """Decides frame by frame whether speech is there.

    It works inside at 8 kHz and so hears nothing above 4 kHz; it is a tag for voices, not a
    way to notice sounds.

    Args:
        rate: samples per second; one of ``RATES``.
        mode: 0 (calls most things speech) to 3 (strictest).

    Raises:
        ConfigError: a rate or mode it does not know.
    """

    def __init__(self, rate: int, mode: int = 2) -> None:
        import webrtcvad

        if rate not in RATES:
            raise ConfigError(f"the voice detector works at {RATES} Hz, not at {rate}")
        if mode not in range(4):
            raise ConfigError(f"the voice detector's mode is 0 to 3, not {mode}")
        self.rate = rate
        self.mode = mode
        self.frame = rate * 30 // 1000
        self._make = webrtcvad.Vad
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._vad = self._make(self.mode)

    def decisions(self, samples: FloatArray) -> list[bool]:
        """One decision for each whole 30 ms frame of ``(n,) float32``."""
        pcm = np.clip(np.rint(samples * 32767.0), -32768, 32767).astype("<i2")
        return [
            bool(self._vad.is_speech(pcm[i : i + self.frame].tobytes(), self.rate))
            for i in range(0, len(pcm) - self.frame + 1, self.frame)
        ]

    def share(self, samples: FloatArray) -> float:
        """Share of the frames that are speech, 0..1, judged without any past."""
        self.reset()
        decisions = self.decisions(samples)
        return sum(decisions) / len(decisions) if decisions else 0.0
