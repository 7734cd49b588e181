"""Is this a voice? WebRTC's voice activity detector on 30 ms frames.

Is somebody talking? Asked before audio is kept, so in doubt the answer is yes.

A voice detector takes most sounds for voices: whistles, claps, engines. An encoder that knows
words tells talk from other sounds far better, so that is asked where there is one.
"""

from __future__ import annotations

import logging

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.audio.resampling import resample
from wakeword.errors import ConfigError, WakesoundError
from wakeword.events import Window
from wakeword.protocols import Encoder
from wakeword.scoring.bank import load_bank
from wakeword.scoring.veto import SPEECH, label_vectors

RATES = (8000, 16000, 32000, 48000)
"""The rates that the detector knows."""
USUAL_RATE = 16000
"""Audio of another rate is brought to this one."""


class SpeechDetector:
    """Decides frame by frame whether speech is there.

    It works inside at 8 kHz and so hears nothing above 4 kHz; it is a tag for voices, not a
    way to notice sounds.

    Args:
        rate: samples per second of what it is asked about.
        mode: 0 (calls most things speech) to 3 (strictest).

    Raises:
        ConfigError: a mode it does not know.
    """

    def __init__(self, rate: int, mode: int = 2) -> None:
        import webrtcvad

        if mode not in range(4):
            raise ConfigError(f"the voice detector's mode is 0 to 3, not {mode}")
        self.rate = rate if rate in RATES else USUAL_RATE
        """Samples per second that :meth:`decisions` takes."""
        self.mode = mode
        self.frame = self.rate * 30 // 1000
        """Samples of a frame of 30 ms."""
        self._in_rate = rate
        self._make = webrtcvad.Vad
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._vad = self._make(self.mode)

    def decisions(self, samples: FloatArray) -> list[bool]:
        """One decision for each whole 30 ms frame of ``(n,) float32`` at :attr:`rate`."""
        pcm = np.clip(np.rint(samples * 32767.0), -32768, 32767).astype("<i2")
        return [
            bool(self._vad.is_speech(pcm[i : i + self.frame].tobytes(), self.rate))
            for i in range(0, len(pcm) - self.frame + 1, self.frame)
        ]

    def share(self, samples: FloatArray) -> float:
        """Share of the frames that are speech, 0..1, judged without any past."""
        self.reset()
        decisions = self.decisions(resample(samples, self._in_rate, self.rate))
        return sum(decisions) / len(decisions) if decisions else 0.0


_log = logging.getLogger(__name__)

TALK_RANK = 0.65
"""Share of everyday sound that is less like the word than talk is."""
SPEECH_SHARE = 0.5
"""Without words: from this share of a window on, it counts as talk."""


class TalkJudge:
    """Judges windows.

    Talk is what is more like the word than most of everyday sound is, of which a good part is
    talk; with an encoder that knows no words, what the voice detector says.

    Args:
        encoder: the one that made the windows' embeddings.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._voice = SpeechDetector(encoder.rate)
        self._dim = encoder.dim
        self._limit: float | None = None
        try:
            bank, word = load_bank(encoder.id), label_vectors([SPEECH], encoder)[0]
        except WakesoundError as error:
            _log.debug("talk is told by the voice detector: %s", error)
            return
        if bank is not None:
            self._word = word
            self._limit = float(np.quantile(bank.vectors[:, : self._dim] @ word, TALK_RANK))

    def __call__(self, window: Window) -> bool:
        """Whether the window holds talk."""
        if self._limit is None or window.embedding is None:
            return self._voice.share(window.samples) >= SPEECH_SHARE
        return float(window.embedding[: self._dim] @ self._word) > self._limit
