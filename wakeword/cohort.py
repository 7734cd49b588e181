"""How crowded is it where a window lies? Scores are held against that.

A likeness of 0.6 means much in an empty corner of the embedding space and nothing among the
hundred kinds of clatter that all resemble each other. So what a window has in common with its
nearest neighbours out of everyday sound is taken off: adaptive score normalisation, as speaker
verification has it (Matejka et al., "Analysis of Score Normalization in Multilingual Speaker
Recognition", 2017), without the division by the spread, which brought nothing here.
"""

from __future__ import annotations

import numpy as np

from wakeword.audio import FloatArray

NEAREST = 20
"""So many of the cohort's vectors tell how crowded it is."""
BATCH = 1024


class Cohort:
    """Everyday sound.

    Args:
        vectors: ``(n, view_dim) float32``, each view of length 1.
        dim: length of one view.
    """

    def __init__(self, vectors: FloatArray, dim: int) -> None:
        self.dim = dim
        self._views = [
            np.ascontiguousarray(vectors[:, at : at + dim])
            for at in range(0, vectors.shape[1], dim)
        ]

    def crowding(self, windows: FloatArray, short: bool) -> FloatArray:
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
