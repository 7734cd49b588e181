"""How like one sound is a window? The cosine to its takes, its verifier and the cohort."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wakeword.audio import FloatArray
from wakeword.cohort import Cohort
from wakeword.views import focused

VERIFIER_SHARE = 0.03
"""What a unit of the verifier's log-odds counts beside the cosine."""


@dataclass(frozen=True, eq=False)
class Verifier:
    """A linear judge that was trained for one sound: its takes against the rest of the world."""

    weights: FloatArray
    """``(dim,) float32``, for one view."""
    bias: float
    """Added to the product, so that 0 is undecided."""


class Likeness:
    """The score of one sound: what the engine compares with the threshold.

    Without a verifier it is the cosine of the nearest take. With one it is that cosine, less
    the window's crowding, plus a share of the verifier's log-odds.

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
        if self.verifier is not None:
            weights = np.tile(self.verifier.weights, takes.shape[1] // dim)[None]
            self._weights = focused(weights, dim, short)[0]

    @property
    def verified(self) -> bool:
        """Whether the score is more than a cosine."""
        return self.verifier is not None

    def cosines(self, windows: FloatArray) -> FloatArray:
        """Cosine of the nearest take, ``(n,) float32``, of windows ``(n, view_dim)``."""
        return np.asarray((windows @ self.takes.T).max(axis=1), np.float32)

    def __call__(
        self,
        windows: FloatArray,
        cosines: FloatArray | None = None,
        crowding: FloatArray | None = None,
    ) -> FloatArray:
        """Scores ``(n,) float32`` of windows ``(n, view_dim) float32``.

        Args:
            windows: as :func:`wakeword.views.embed_views` makes them.
            cosines: of the nearest take, where they are known.
            crowding: of the windows, where it is known.
        """
        scores = self.cosines(windows) if cosines is None else cosines
        if self.verifier is None or self._cohort is None:
            return scores
        if crowding is None:
            crowding = self._cohort.crowding(windows, self.short)
        odds = windows @ self._weights + self.verifier.bias
        return np.asarray(scores - crowding + VERIFIER_SHARE * odds, np.float32)
