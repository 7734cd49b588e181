"""The tail of scores that thresholds are read off."""

from __future__ import annotations

import numpy as np
import pytest

from enroll.scores import (
    NEVER,
    SHAPE,
    TAIL_RUNS,
    expected,
    fitted,
    next_above,
    reached_by,
)

SCORES = np.sort(np.random.default_rng(3).exponential(0.5, 5000).astype(np.float32))[::-1]


def law(count: int, scale: float = 0.05) -> np.ndarray:
    """Scores over 0.4 exactly as the law has them, best first."""
    exceeded = (np.arange(count) + 0.5) / count
    return (0.4 + scale / SHAPE * (exceeded**-SHAPE - 1.0)).astype(np.float32)


@pytest.mark.parametrize("allowed", [60, 100, 500])
def test_many_are_counted(allowed: int) -> None:
    """Where more are allowed than the tail has, the scores themselves tell."""
    found = np.count_nonzero(fitted(SCORES, allowed) <= SCORES)
    assert found == pytest.approx(allowed, rel=0.03)
    assert expected(float(SCORES[allowed]), SCORES) == allowed + 1
    assert fitted(SCORES, 1e9) == next_above(SCORES[-1:])


@pytest.mark.parametrize("allowed", [0.1, 0.5, 3.0, 20.0])
def test_the_law_is_found_again(allowed: float) -> None:
    """Of scores that follow the law, the threshold is the one that the law gives."""
    true = 0.4 + 0.05 / SHAPE * ((1000 / allowed) ** SHAPE - 1.0)
    assert fitted(law(1000), allowed) == pytest.approx(true, abs=0.006)


@pytest.mark.parametrize("allowed", [0.01, 0.1, 0.5, 2.0, 49.0])
def test_expected_is_the_inverse(allowed: float) -> None:
    """At the fitted threshold as many are expected as were allowed, rarer ones included."""
    for scores in (law(400), SCORES):
        assert expected(fitted(scores, allowed), scores) == pytest.approx(allowed, rel=1e-3)


def test_rarer_means_stricter() -> None:
    """Each smaller number of false alarms has a higher threshold."""
    found = [fitted(SCORES, allowed) for allowed in (100, 20, 1, 0.1, 0.01)]
    assert found == sorted(found)
    assert len(set(found)) == len(found)


def test_one_lucky_score_decides_little() -> None:
    """A single run that is far nearer than all others hardly moves the threshold."""
    scores = law(1000)
    lucky = np.concatenate([[scores[0] + 0.2], scores[1:]]).astype(np.float32)
    assert fitted(lucky, 0.5) - fitted(scores, 0.5) < 0.05


def test_few_scores() -> None:
    """One is enough for a threshold; equal ones have no tail; without any there is none."""
    one = np.full(1, 0.5, np.float32)
    assert fitted(one, 0.5) == pytest.approx(0.501)
    assert expected(0.6, one) == 0.0
    equal = np.full(TAIL_RUNS + 5, 0.5, np.float32)
    assert expected(0.51, equal) == 0.0
    assert next_above(SCORES[:0]) == NEVER


@pytest.mark.parametrize("allowed", [0.1, 5.0, 49.0, 52.0])
@pytest.mark.parametrize("spread", [0.0, 1e-7, 1e-5, 9e-4])
def test_equal_scores_stay_below(allowed: float, spread: float) -> None:
    """Of scores that are all alike none reaches the threshold, rounded as it is stored: one that
    does would bring the others along."""
    best = 0.50004 + spread * np.linspace(1.0, 0.0, TAIL_RUNS + 5)
    scores = np.concatenate([best, [0.3, 0.2]]).astype(np.float32)
    threshold = round(fitted(scores, allowed), 4)
    assert not np.any(scores >= threshold)
    assert threshold < 0.51


@pytest.mark.parametrize("score", [0.5, 0.50004, 0.50006, float(np.float32(0.58)), -0.00003])
def test_a_score_reaches_the_threshold_below_it(score: float) -> None:
    """It is the next of four digits, so that rounding loses nothing."""
    threshold = reached_by(score)
    assert score - 1e-4 <= threshold <= score
    assert threshold == round(threshold, 4)
    assert reached_by(threshold) == threshold


def test_beyond_the_end_nothing_is_expected() -> None:
    """The law has an end; there is no score beyond."""
    assert expected(5.0, law(400)) == 0.0
