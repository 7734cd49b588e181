"""How much do takes resemble each other and other sounds, as the engine would judge it?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from wakeword.audio import FloatArray
from wakeword.config import TriggerConfig

NEVER = -1.0
"""Score of what is too short to wake: no cosine is lower."""


def run_score(
    run: FloatArray,
    sound: FloatArray | Callable[[FloatArray], FloatArray],
    patience: int | None = None,
) -> float:
    """The highest threshold at which a run would wake: so many windows in a row reach it.

    Args:
        run: embeddings of successive windows, ``(n, view_dim)``.
        sound: what scores them, or embeddings of a sound ``(m, view_dim)``: then the score is
            the cosine to the nearest, the mean over the views.
        patience: windows in a row that are needed; the trigger's own by default.
    """
    patience = patience or TriggerConfig().patience
    if len(run) < patience or (isinstance(sound, np.ndarray) and not len(sound)):
        return NEVER
    scores = _cosines(run, sound) if isinstance(sound, np.ndarray) else sound(run)
    last = len(scores) - patience + 1
    return float(np.min([scores[i : i + last] for i in range(patience)], axis=0).max())


def leave_one_out(takes: Sequence[FloatArray]) -> list[float]:
    """Score of each take against all the others; empty for fewer than two takes."""
    if len(takes) < 2:
        return []
    return [
        run_score(take, np.concatenate([t for j, t in enumerate(takes) if j != i]))
        for i, take in enumerate(takes)
    ]


def _cosines(run: FloatArray, vectors: FloatArray) -> FloatArray:
    """Of the nearest vector; each view has length 1, so whole rows have the root of their count."""
    views = float(np.square(vectors[0]).sum())
    return np.asarray((run @ vectors.T).max(axis=1) / views, np.float32)
