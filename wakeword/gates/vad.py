"""A gate for voices: open while WebRTC's voice detector hears speech.

Misses most whistles, claps and everything above 4 kHz, and stays open in rain and wind; for
libraries of spoken words only.
"""

from __future__ import annotations

import numpy as np

from wakeword.audio.frames import AudioFrame
from wakeword.audio.resampling import Resampler
from wakeword.audio.speech import SpeechDetector


class VadGate:
    """WebRTC's voice detector as a gate.

    Args:
        rate: samples per second.
        mode: 0 (lenient) to 3 (strict).

    Raises:
        ConfigError: a mode that the detector does not know.
    """

    def __init__(self, rate: int, mode: int = 2) -> None:
        self._detector = SpeechDetector(rate, mode)
        self._resampler = Resampler(rate, self._detector.rate)
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._detector.reset()
        self._resampler.reset()
        self._rest = np.zeros(0, np.float32)

    def __call__(self, frame: AudioFrame) -> bool:
        """Whether any 30 ms of the block are speech."""
        samples = np.concatenate([self._rest, self._resampler.push(frame.samples)])
        decisions = self._detector.decisions(samples)
        self._rest = samples[len(decisions) * self._detector.frame :]
        return any(decisions)


def create(rate: int) -> VadGate:
    """The voice gate for audio at ``rate`` samples per second."""
    return VadGate(rate)
