"""How seldom a score is reached: the highest of many scores, carried on as a tail.

Counted are runs, what would wake or alert once. *Best first*: scores sorted downwards. What
exceeds a high score is taken to follow a generalised Pareto law (peaks over a threshold; Coles,
"An Introduction to Statistical Modeling of Extreme Values", 2001, chapter 4). Its scale is that
of the sound, its shape is the same for all: it was chosen on recordings of the train split, so
that as many false alarms came as were asked for.
"""

from __future__ import annotations

import numpy as np

from enroll.likeness import NEVER
from wakeword.audio import FloatArray

TAIL_RUNS = 50
"""So many of the highest scores tell how they thin out: with fewer, luck decides."""
SHAPE = -0.15
"""Below zero: scores have an end, if only since no cosine is over 1."""
STEP = 1e-3
"""Scores no further apart than this are equal: nothing follows from how they thin out."""
DIGITS = 4
"""Of a threshold, as it is stored."""


def fitted(scores: FloatArray, allowed: float) -> float:
    """The threshold that as many runs exceed as are allowed.

    Where the highest scores are all equal, none of them reaches it: a threshold that one of them
    reaches is one that all do.

    Args:
        scores: ``(runs,)``, best first, one at least.
        allowed: runs, above 0; less than one means that longer is waited for one.
    """
    count = _count(scores)
    if not count:
        return next_above(scores)
    if allowed >= count:
        return next_above(scores[min(int(allowed), len(scores) - 1) :])
    rarer = float((count / allowed) ** SHAPE) - 1.0
    found = float(scores[count] + _scale(scores) / SHAPE * rarer)
    if scores[0] - scores[count] < STEP:
        return max(found, next_above(scores))
    return found


def expected(threshold: float, scores: FloatArray) -> float:
    """How many runs to expect at the threshold in as much time as the scores stand for.

    Args:
        threshold: any.
        scores: ``(runs,)``, best first, one at least.
    """
    count = _count(scores)
    above = threshold - float(scores[count])
    if not count or above <= 0.0:
        return float(np.count_nonzero(scores >= threshold))
    left = max(0.0, 1.0 + SHAPE * above / max(_scale(scores), 1e-9))
    return float(count * left ** (-1.0 / SHAPE))


def next_above(scores: FloatArray) -> float:
    """A threshold that the first of these scores just misses; ``NEVER`` without any."""
    return float(scores[0]) + STEP if len(scores) else NEVER


def reached_by(score: float) -> float:
    """The highest threshold, as it is stored, that the score reaches."""
    threshold = round(score, DIGITS)
    return threshold if threshold <= score else round(threshold - 10.0**-DIGITS, DIGITS)


def _count(scores: FloatArray) -> int:
    """How many of the scores are the tail."""
    return min(TAIL_RUNS, len(scores) - 1)


def _scale(scores: FloatArray) -> float:
    """Of the law, by the mean excess over the tail's beginning."""
    count = _count(scores)
    return float(np.mean(scores[:count] - scores[count])) * (1.0 - SHAPE)
