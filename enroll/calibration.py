"""The threshold of a sound, fitted to the false alarms that its user will bear.

The score that the rest of the world exceeds as often as the budget allows is the threshold.
Counted are runs (what would wake once), not windows. Beyond the length of the recordings the
highest scores are carried on as an exponential tail. The user's own room and the other enrolled
sounds have to stay below the threshold as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from enroll.likeness import NEVER, leave_one_out, run_score
from enroll.negatives import Negatives
from wakeword.audio import FloatArray

TAIL_RUNS = 30
"""So many of the highest scores tell how they thin out."""
SAME = 0.9995
"""What is this near is the very recording that is being enrolled, not another sound."""
LOWEST = 0.2
"""Thresholds go no lower, however large the budget: below it anything at all would match."""
HIGHEST = 0.999
"""Thresholds stop here: nothing but the recording itself would score higher."""
SHORTEST_HOURS = 0.5
"""With less than this to go by, nothing is said about false alarms."""
UNHEARD = 0.7
"""What never happened in the recordings is taken to have been that near to happening once."""
ONE_TAKE = 0.85
"""Threshold of a single take when there are no negatives."""


@dataclass(frozen=True)
class Calibration:
    """A threshold and what to expect of it."""

    threshold: float
    """Score from which on a window matches."""
    false_alarms_per_hour: float | None
    """Estimate from the negatives; None where there are too few."""
    miss_rate: float | None
    """Share of the takes that the others would miss, 0..1; None for a single take."""
    negatives_hours: float
    """Length of the recordings behind the estimate."""
    scores: tuple[float, ...] = ()
    """Of each take against the others; empty for a single take."""
    budget_needed: float | None = None
    """False alarms per hour at which none of the takes would be missed, where known."""

    @property
    def missed(self) -> list[int]:
        """Which takes would be missed, from 0."""
        return [i for i, score in enumerate(self.scores) if score < self.threshold]

    def __str__(self) -> str:
        """One sentence for the user."""
        if self.false_alarms_per_hour is None:
            wakes = "too little is known to say how many false wakes to expect"
        elif (daily := self.false_alarms_per_hour * 24) < 1:
            wakes = "expect fewer than one false wake a day"
        else:
            wakes = f"expect about {daily:.0f} false wake{'s' if round(daily) > 1 else ''} a day"
        if self.miss_rate is None:
            return f"{wakes}; enroll more takes to know how many misses"
        return f"{wakes}, {self.miss_rate:.0%} misses"


def calibrate(
    takes: Sequence[FloatArray],
    negatives: Negatives,
    budget_per_hour: float,
    *,
    lowest: float = LOWEST,
) -> Calibration:
    """Fit the threshold of a sound.

    Args:
        takes: embeddings of each take, ``(n, dim)`` in order of time; at least one take.
        negatives: what must not wake.
        budget_per_hour: false alarms per hour that are borne, above 0.
        lowest: the threshold is not below this, nor below ``LOWEST``.
    """
    vectors = np.concatenate(list(takes))
    positives = leave_one_out(takes)
    world = _world_scores(vectors, negatives)
    room = _sorted(run_score(run, vectors) for run in negatives.ambient)
    wanted = [_next_above(_confused(vectors, negatives))]
    allowed = int(budget_per_hour * negatives.ambient_seconds / 3600.0)
    wanted.append(_next_above(room[allowed:]))
    if len(world) and negatives.bank is not None:
        wanted.append(_fit(world, budget_per_hour * negatives.bank.hours))
    else:
        wanted.append(_from_takes(positives))
    threshold = round(min(HIGHEST, max(LOWEST, lowest, *wanted)), 4)
    return Calibration(
        threshold=threshold,
        false_alarms_per_hour=_expected(threshold, world, room, negatives),
        miss_rate=float(np.mean(np.array(positives) < threshold)) if positives else None,
        negatives_hours=negatives.hours,
        scores=tuple(positives),
        budget_needed=_expected(min(positives), world, room, negatives) if positives else None,
    )


def _world_scores(vectors: FloatArray, negatives: Negatives) -> FloatArray:
    """Scores of the bank's runs, best first, without what is the enrolled recording itself."""
    if negatives.bank is None:
        return np.zeros(0, np.float32)
    scores = negatives.bank.run_scores(vectors)
    return _sorted(scores[scores < SAME])


def _confused(vectors: FloatArray, negatives: Negatives) -> FloatArray:
    """Scores of other sounds' takes that are nearer to this sound than to their own."""
    confused = []
    for takes in negatives.others.values():
        own = leave_one_out(takes) or [NEVER]
        scores = [run_score(take, vectors) for take in takes]
        confused += [score for score, mine in zip(scores, own, strict=True) if score > mine]
    return _sorted(confused)


def _from_takes(positives: Sequence[float]) -> float:
    """Without negatives: half as far again from the takes as they are from each other."""
    if not positives:
        return ONE_TAKE
    usual = float(np.median(positives))
    return max(0.0, usual - 0.5 * (1.0 - usual))


def _fit(scores: FloatArray, allowed: float) -> float:
    """The threshold that ``allowed`` of the runs exceed; of scores sorted best first."""
    if allowed < 1.0:
        return float(scores[0]) + _decay(scores) * float(np.log(1.0 / allowed))
    return _next_above(scores[int(allowed) :])


def _decay(scores: FloatArray) -> float:
    """Mean excess of the highest scores over the last of them: the tail's scale."""
    tail = scores[:TAIL_RUNS]
    return float(np.mean(tail - tail[-1]))


def _expected(
    threshold: float, world: FloatArray, room: FloatArray, negatives: Negatives
) -> float | None:
    """False alarms per hour at the threshold; None where there is too little to tell."""
    hours = negatives.hours
    heard = int(np.count_nonzero(world >= threshold) + np.count_nonzero(room >= threshold))
    if hours < SHORTEST_HOURS:
        return None
    if heard or not len(world):
        return float(max(heard, UNHEARD) / hours)
    decay = max(1e-6, _decay(world))
    return float(np.exp(-max(0.0, threshold - float(world[0])) / decay)) / hours


def _next_above(scores: FloatArray) -> float:
    """A threshold that the first of these scores just misses; ``NEVER`` without any."""
    return float(scores[0]) + 1e-3 if len(scores) else NEVER


def _sorted(scores: object) -> FloatArray:
    return np.sort(np.fromiter(scores, np.float32))[::-1]  # type: ignore[call-overload]
