"""Is somebody talking? Asked before audio is kept, so in doubt the answer is yes.

A voice detector takes most sounds for voices: whistles, claps, engines. An encoder that knows
words tells talk from other sounds far better, so that is asked where there is one.
"""

from __future__ import annotations

import logging

import numpy as np

from wakeword.bank import load_bank
from wakeword.errors import WakesoundError
from wakeword.events import Window
from wakeword.protocols import Encoder
from wakeword.speech import SpeechDetector
from wakeword.veto import SPEECH, label_vectors

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
