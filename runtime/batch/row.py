"""What one recording sounds like, as plain values that JSON can hold."""

from __future__ import annotations

from typing import Any

import numpy as np

from wakeword.audio import FloatArray
from wakeword.labels import Classifier, Heard, Question
from wakeword.labels.classification import NONE, WindowScores
from wakeword.labels.classifier import weights_of
from wakeword.labels.timeline import DIGITS

Row = dict[str, Any]
"""A recording: ``path``, ``seconds``, ``slices``, ``top``, ``none``, ``error`` and, by label,
``scores``, ``similarity`` and ``peaks``. A bad one has its reason as ``error`` and no more."""


def bad_row(path: str, reason: str) -> Row:
    """The row of a recording that cannot be heard."""
    empty = dict.fromkeys(("seconds", "slices", "top", "none", "scores", "similarity", "peaks"))
    return {"path": path, **empty, "error": " ".join(reason.split())}


def slice_values(part: WindowScores) -> list[Any]:
    """A slice as short as it can be: start, end, none, then scores and likenesses by label."""
    return [
        round(part.start, 3),
        round(part.end, 3),
        None if part.background is None else round(part.none, DIGITS),
        [round(score, DIGITS) for score in part.scores.values()],
        [round(value, DIGITS) for value in part.similarity.values()],
    ]


def slice_row(path: str, values: list[Any], labels: tuple[str, ...]) -> Row:
    """What :func:`slice_values` made short, by name."""
    start, end, none, scores, similarity = values
    best = max(range(len(labels)), key=lambda at: scores[at])
    return {
        "path": path,
        "start": start,
        "end": end,
        "top": labels[best] if scores[best] > (none or 0.0) else NONE,
        "none": none,
        "scores": dict(zip(labels, scores, strict=True)),
        "similarity": dict(zip(labels, similarity, strict=True)),
    }


class Tally:
    """Adds up what the slices of one recording sound like; their audio is not kept.

    The result is what :meth:`wakeword.labels.Classifier.classify` says of the whole.
    """

    def __init__(self, classifier: Classifier, question: Question, *, keep_slices: bool) -> None:
        self._classifier = classifier
        self._question = question
        self._sum = np.zeros(classifier.encoder.dim)
        self._weight = 0.0
        self._loudest = -np.inf
        self._end = 0
        self.count = 0
        """How many slices were added."""
        self._peaks: dict[str, WindowScores] = {}
        self.slices: list[list[Any]] | None = [] if keep_slices else None
        """Each as :func:`slice_values`."""

    def add(
        self, vectors: FloatArray, spans: list[tuple[int, int]], levels_db: list[float]
    ) -> None:
        """Take some slices, in time order.

        Args:
            vectors: ``(n, dim) float32``, each row of length 1 (L2).
            spans: where each begins and ends, as sample indices at the encoder's rate.
            levels_db: how loud each is, in dBFS.
        """
        heard = Heard(vectors, tuple(spans), tuple(levels_db))
        for part in self._classifier.judge(heard, self._question).windows:
            for label, score in part.scores.items():
                if label not in self._peaks or score > self._peaks[label].scores[label]:
                    self._peaks[label] = part
            if self.slices is not None:
                self.slices.append(slice_values(part))
        weights = weights_of(np.asarray(levels_db))
        self._sum += weights @ vectors.astype(np.float64)
        self._weight += float(weights.sum())
        self._loudest = max(self._loudest, *levels_db)
        self._end = spans[-1][1]
        self.count += len(spans)

    def row(self, path: str, seconds: float) -> Row:
        """The recording's row, once all of it was added."""
        rate = self._classifier.encoder.rate
        whole = self._classifier.judge_mean(
            self._sum / self._weight, self._loudest, self._end / rate, self._question
        )
        return {
            "path": path,
            "seconds": round(seconds, 3),
            "slices": self.count,
            "top": whole.top or NONE,
            "none": None if whole.background is None else round(whole.none, DIGITS),
            "scores": {label: round(score, DIGITS) for label, score in whole.scores.items()},
            "similarity": {label: round(v, DIGITS) for label, v in whole.similarity.items()},
            "peaks": {
                label: {
                    "score": round(part.scores[label], DIGITS),
                    "start": round(part.start, 3),
                    "end": round(part.end, 3),
                }
                for label, part in self._peaks.items()
            },
            "error": None,
        }
