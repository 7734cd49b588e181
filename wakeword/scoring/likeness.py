"""Everyday sound near a window, which scores are held against.

A likeness of 0.6 means much in an empty corner of the embedding space and nothing among the
hundred kinds of clatter that all resemble each other. So what a window has in common with its
nearest neighbours out of everyday sound is taken off: adaptive score normalisation, as speaker
verification has it (Matejka et al., "Analysis of Score Normalization in Multilingual Speaker
Recognition", 2017), without the division by the spread, which brought nothing here.

How like one sound is a window? The cosine to its takes, its verifier and the cohort.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.embedding.embedder import focused
from wakeword.scoring.odds import OddsModel, score_of

NEAREST = 20
"""So many of the cohort's vectors count in the cohort mean."""
BATCH = 1024


class Cohort:
    """Everyday sound.

    Args:
        vectors: ``(n, view_dim) float32``, each view of length 1.
        dim: length of one view.
        model: how the cohort mean combines with what else is known of a window, where that was
            learned.
    """

    def __init__(self, vectors: FloatArray, dim: int, model: OddsModel | None = None) -> None:
        self.dim = dim
        self.model = model
        self._views = [
            np.ascontiguousarray(vectors[:, at : at + dim])
            for at in range(0, vectors.shape[1], dim)
        ]

    def cohort_mean(self, windows: FloatArray, short: bool) -> FloatArray:
        """Mean cosine to the nearest of the cohort, ``(n,) float32``.

        Args:
            windows: ``(n, view_dim) float32``.
            short: whether the window's end is meant rather than the whole.
        """
        view = 1 if short and len(self._views) > 1 else 0
        known, queries = self._views[view], windows[:, view * self.dim : (view + 1) * self.dim]
        count = min(NEAREST, len(known))
        if not count:
            return np.zeros(len(windows), np.float32)
        means = [np.zeros(0, np.float32)]
        for at in range(0, len(queries), BATCH):
            cosines = np.partition(queries[at : at + BATCH] @ known.T, -count, axis=1)
            means.append(cosines[:, -count:].mean(axis=1))
        return np.concatenate(means)


VERIFIER_SHARE = 0.03
"""What a unit of the verifier's log-odds counts beside the cosine."""


@dataclass(frozen=True, eq=False)
class Verifier:
    """A linear judge that was trained for one sound: its takes against the rest of the world."""

    weights: FloatArray
    """``(dim,) float32``, for one view."""
    bias: float
    """Added to the product, so that 0 is undecided."""
    level: float | None = None
    """Log-odds at which the sound's score is 0.5; None for a sound that was fitted before there
    was one scale for all."""


class Likeness:
    """The score of one sound: what the engine compares with the threshold.

    Without a verifier it is the cosine of the nearest take. With one that has a level, and a
    cohort that has a model, it is what :class:`wakeword.scoring.odds.OddsModel` makes of all
    that is known, 0..1, with 0.5 at that level. Otherwise it is the cosine, less the window's
    cohort mean, plus a share of the verifier's log-odds.

    Args:
        takes: embeddings of the takes as they were recorded, ``(n, view_dim) float32``.
        dim: length of one view.
        short: whether the sound is looked for in the window's end.
        verifier: the sound's, if it has one.
        cohort: everyday sound; without it a verifier does not count.
    """

    def __init__(
        self,
        takes: FloatArray,
        dim: int,
        short: bool = False,
        verifier: Verifier | None = None,
        cohort: Cohort | None = None,
    ) -> None:
        self.takes = focused(takes, dim, short)
        """``(n, view_dim) float32``, nothing but the view that counts."""
        self.short = short
        self._cohort = cohort if verifier is not None else None
        self.verifier = verifier if cohort is not None else None
        self._model = cohort.model if self._cohort is not None and cohort is not None else None
        if self.verifier is not None:
            weights = np.tile(self.verifier.weights, takes.shape[1] // dim)[None]
            self.weights = focused(weights, dim, short)[0]
            """``(view_dim,) float32`` of the verifier, nothing but the view that counts."""

    @property
    def verified(self) -> bool:
        """Whether the score is more than a cosine."""
        return self.verifier is not None

    @property
    def calibrated(self) -> bool:
        """Whether there are log-odds."""
        return self._model is not None

    @property
    def leveled(self) -> bool:
        """Whether the score is the log-odds', with 0.5 at the sound's level."""
        return self.calibrated and self.verifier is not None and self.verifier.level is not None

    def cosines(self, windows: FloatArray) -> FloatArray:
        """Cosine of the nearest take, ``(n,) float32``, of windows ``(n, view_dim)``."""
        return np.asarray((windows @ self.takes.T).max(axis=1), np.float32)

    def odds(
        self,
        windows: FloatArray,
        cosines: FloatArray | None = None,
        cohort_mean: FloatArray | None = None,
    ) -> FloatArray:
        """Log-odds ``(n,) float32`` of windows ``(n, view_dim) float32`` of a calibrated sound.

        Args:
            windows: as :func:`wakeword.embedding.embedder.embed_views` makes them.
            cosines: of the nearest take, where they are known.
            cohort_mean: of the windows, where it is known.
        """
        assert self._model is not None
        assert self._cohort is not None
        assert self.verifier is not None
        cosines = self.cosines(windows) if cosines is None else cosines
        if cohort_mean is None:
            cohort_mean = self._cohort.cohort_mean(windows, self.short)
        return self._model.odds(cosines, cohort_mean, windows @ self.weights + self.verifier.bias)

    def __call__(
        self,
        windows: FloatArray,
        cosines: FloatArray | None = None,
        cohort_mean: FloatArray | None = None,
    ) -> FloatArray:
        """Scores ``(n,) float32`` of windows ``(n, view_dim) float32``.

        Args:
            windows: as :func:`wakeword.embedding.embedder.embed_views` makes them.
            cosines: of the nearest take, where they are known.
            cohort_mean: of the windows, where it is known.
        """
        if self.verifier is not None and self.verifier.level is not None and self.calibrated:
            return score_of(self.odds(windows, cosines, cohort_mean), self.verifier.level)
        scores = self.cosines(windows) if cosines is None else cosines
        if self.verifier is None or self._cohort is None:
            return scores
        if cohort_mean is None:
            cohort_mean = self._cohort.cohort_mean(windows, self.short)
        odds = windows @ self.weights + self.verifier.bias
        return np.asarray(scores - cohort_mean + VERIFIER_SHARE * odds, np.float32)
