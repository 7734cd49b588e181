"""Scores of runs, and what follows from them: how often a threshold is reached by mistake.

A run is what would wake or alert once. *Best first* means scores in descending order. Scores above
a high one are modelled by a generalised Pareto distribution (peaks over a threshold; Coles, "An
Introduction to Statistical Modeling of Extreme Values", 2001, chapter 4). Its scale is that of the
sound, its shape is the same for all: it was chosen on recordings of the train split, so that there
were as many false alarms as the budget allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.library.records import ExpectationRecord
from wakeword.scoring.decision import TriggerConfig

NEVER = -1.0
"""Score of a run that is too short to wake: no cosine is lower."""


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
    return _best_run(
        _cosines(run, sound) if isinstance(sound, np.ndarray) else sound(run), patience
    )


def _best_run(scores: FloatArray, patience: int) -> float:
    """The highest threshold that so many scores in a row reach."""
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


class Pairs:
    """Takes that are held against each other time and again; each pair is worked out once.

    Args:
        takes: embeddings of each, ``(n, view_dim)``.
    """

    def __init__(self, takes: Sequence[FloatArray] = ()) -> None:
        self._takes: list[tuple[int, FloatArray]] = list(enumerate(takes))
        self._next = len(self._takes)
        self._known: dict[tuple[int, int], FloatArray] = {}

    def __len__(self) -> int:
        return len(self._takes)

    def append(self, take: FloatArray) -> None:
        """One more take."""
        self._takes.append((self._next, take))
        self._next += 1

    def drop(self, index: int) -> None:
        """One take less."""
        key, _ = self._takes.pop(index)
        self._known = {pair: rows for pair, rows in self._known.items() if key not in pair}

    def score(self, index: int, others: Sequence[int]) -> float:
        """:func:`run_score` of one take against others."""
        patience = TriggerConfig().patience
        found = [self._nearest(index, other) for other in others if len(self._takes[other][1])]
        if not found or len(self._takes[index][1]) < patience:
            return NEVER
        return _best_run(np.max(found, axis=0), patience)

    def scores(self, without: int | None = None) -> list[float]:
        """:func:`leave_one_out` of all takes, or of all but one."""
        used = [index for index in range(len(self)) if index != without]
        if len(used) < 2:
            return []
        return [self.score(index, [other for other in used if other != index]) for index in used]

    def _nearest(self, index: int, other: int) -> FloatArray:
        """The cosine of each window of a take to the nearest one of another take."""
        (key, take), (other_key, vectors) = self._takes[index], self._takes[other]
        if (key, other_key) not in self._known:
            self._known[key, other_key] = _cosines(take, vectors)
        return self._known[key, other_key]


def _cosines(run: FloatArray, vectors: FloatArray) -> FloatArray:
    """Of the nearest vector; each view has length 1, so whole rows have the root of their count."""
    views = float(np.square(vectors[0]).sum())
    return np.asarray((run @ vectors.T).max(axis=1) / views, np.float32)


TAIL_RUNS = 50
"""How many of the highest scores the tail is fitted to; fewer would make it too noisy."""
SHAPE = -0.15
"""Of the tail. Below zero, because scores have an upper end: no cosine is above 1."""
STEP = 1e-3
"""Highest scores no further apart than this count as equal; no tail is fitted to them."""
DIGITS = 4
"""Decimal digits of a stored threshold."""


def fitted(scores: FloatArray, allowed: float) -> float:
    """The threshold that as many runs exceed as are allowed.

    Where the highest scores are all equal, none of them reaches it: a threshold that one of them
    reaches is one that all do.

    Args:
        scores: ``(runs,)``, best first, one at least.
        allowed: runs, above 0; less than one means one in a longer time.
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
    """How many of the scores belong to the tail."""
    return min(TAIL_RUNS, len(scores) - 1)


def _scale(scores: FloatArray) -> float:
    """Of the law, by the mean excess over the tail's beginning."""
    count = _count(scores)
    return float(np.mean(scores[:count] - scores[count])) * (1.0 - SHAPE)


SHORTEST_HOURS = 0.5
"""With recordings shorter than this, false alarms are not estimated."""
UNHEARD = 0.7
"""Count of false alarms that is assumed where none happened in the recordings."""


@dataclass(frozen=True, eq=False)
class NegativeScores:
    """Scores of the negatives by the verifier that was fitted to a sound."""

    world: FloatArray
    """``(runs,)`` of the bank, best first; empty where there is none."""
    room: FloatArray
    """``(runs,)`` of the user's room, best first."""
    hours: float
    """Length of those recordings."""

    def false_alarms_per_hour(self, threshold: float) -> float | None:
        """False alarms to expect at the threshold; None where there are too few negatives."""
        if self.hours < SHORTEST_HOURS:
            return None
        heard = float(np.count_nonzero(self.room >= threshold))
        if len(self.world):
            return (heard + expected(threshold, self.world)) / self.hours
        return max(heard, UNHEARD) / self.hours


def describe(expected: ExpectationRecord) -> str:
    """The expectation of a sound as one sentence for the user."""
    if expected.false_alarms_per_hour is None:
        wakes = "too little is known to say how many false wakes to expect"
    elif (daily := expected.false_alarms_per_hour * 24) < 1:
        weekly = daily * 7
        wakes = f"expect {_about(weekly)} a week" if weekly >= 1 else "expect few false wakes"
    else:
        wakes = f"expect {_about(daily)} a day"
    if expected.miss_rate is None:
        return f"{wakes}; enroll more takes to know how many misses"
    misses = f"{expected.miss_rate:.0%} misses in quiet"
    if expected.noisy_miss_rate is not None:
        misses += f", {expected.noisy_miss_rate:.0%} in noise"
    return f"{wakes}, {misses}"


def _about(count: float) -> str:
    return f"about {count:.0f} false wake{'s' if round(count) > 1 else ''}"
