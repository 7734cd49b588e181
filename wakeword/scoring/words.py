"""Sounds that are defined by words: how like a text is a window?

The score is what the shares of :mod:`wakeword.labels` are made of, before the softmax: how much
likelier the text is than the best of the background prompts, as log-odds. Every view of the
window counts alike. What the sound is not, in words, competes like the background.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.errors import ConfigError, EncoderError
from wakeword.events import Match
from wakeword.labels import Classifier
from wakeword.labels.prompts import TextCache
from wakeword.library.records import TextRecord, VetoRecord
from wakeword.protocols import Encoder

_log = logging.getLogger(__name__)

LOG_ODDS = 20.0
"""So many log-odds make a score of 1: then thresholds are numbers like those of takes."""


class NamedLikeness:
    """The score of one sound by its words.

    Args:
        vectors: ``(1 + rivals, dim) float32``: the text, then what it competes with, at least
            one; each row of length 1 (L2).
        logit_scale: the encoder's.
        offset: added to the score: see :class:`wakeword.library.records.TextRecord`.
    """

    def __init__(self, vectors: FloatArray, logit_scale: float, offset: float = 0.0) -> None:
        self._vectors = vectors
        self._scale = logit_scale / LOG_ODDS
        self._offset = offset

    def __call__(self, windows: FloatArray) -> FloatArray:
        """Scores ``(n,) float32`` of windows ``(n, view_dim) float32``."""
        cosines = self._cosines(windows)
        ahead = cosines[:, :, 0] - cosines[:, :, 1:].max(axis=2)
        return np.asarray(self._scale * ahead.mean(axis=1) + self._offset, np.float32)

    def cosines(self, windows: FloatArray) -> FloatArray:
        """Cosine of the text, ``(n,) float32``, the mean over the views."""
        return np.asarray(self._cosines(windows)[:, :, 0].mean(axis=1), np.float32)

    def _cosines(self, windows: FloatArray) -> FloatArray:
        """``(n, views, 1 + rivals)``."""
        views = windows.reshape(len(windows), -1, self._vectors.shape[1])
        return np.asarray(views @ self._vectors.T, np.float32)


class NamedSounds:
    """All sounds with words that are listened for.

    Args:
        likenesses: by name of the sound.
        thresholds: by name of the sound.
    """

    def __init__(
        self, likenesses: Mapping[str, NamedLikeness], thresholds: Mapping[str, float]
    ) -> None:
        self._likenesses = likenesses
        self._thresholds = thresholds

    def scores(self, embedding: FloatArray) -> dict[str, float]:
        """Score of a ``(view_dim,) float32`` embedding for each sound, by name."""
        return {name: float(judge(embedding[None])[0]) for name, judge in self._likenesses.items()}

    def matches(self, embedding: FloatArray) -> list[Match]:
        """What a ``(view_dim,) float32`` embedding scores with each."""
        return [
            Match(
                sound=name,
                score=score,
                threshold=self._thresholds[name],
                take="",
                likeness=float(self._likenesses[name].cosines(embedding[None])[0]),
                named=True,
            )
            for name, score in self.scores(embedding).items()
        ]


def named_likeness(
    text: TextRecord,
    vetoes: Sequence[VetoRecord],
    encoder: Encoder,
    cache: TextCache | None = None,
) -> NamedLikeness:
    """How a sound with this text is scored.

    Args:
        text: what it is.
        vetoes: what it is not; those that the encoder does not know are logged.
        encoder: makes the embeddings.
        cache: where those of texts are kept.

    Raises:
        ConfigError: the encoder knows no words.
        EncoderError: it does not know these.
    """
    classifier = Classifier(encoder, cache=cache)
    rows = [classifier.question([text.text], fewest=1).vectors]
    for veto in vetoes:
        try:
            (wording,) = classifier.understand([veto.label])
            rows.append(classifier.embed_text([wording.text]))
        except (ConfigError, EncoderError) as error:
            _log.warning("the veto %r does not count: %s", veto.label, error)
    return NamedLikeness(np.concatenate(rows), classifier.encoder.logit_scale, text.offset)
