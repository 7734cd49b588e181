"""The score of one sound."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.scoring.likeness import NEAREST, VERIFIER_SHARE, Cohort, Likeness, Verifier

AXES = np.eye(4, dtype=np.float32)
WINDOWS = np.array([[0.6, 0.8, 0, 0], [1, 0, 0, 0]], np.float32)
VERIFIER = Verifier(np.array([2, 0, 0, 1], np.float32), -1.0)


def test_alone_it_is_the_cosine_of_the_nearest_take():
    """Neither verifier nor cohort, or only one of them."""
    for more in ({}, {"verifier": VERIFIER}, {"cohort": Cohort(AXES, 4)}):
        likeness = Likeness(AXES[:2], 4, **more)
        assert not likeness.verified
        assert likeness(WINDOWS) == pytest.approx([0.8, 1.0])


def test_the_cohort_mean_is_of_the_nearest():
    """Of as many as there are, or of the nearest few."""
    assert Cohort(AXES[:2], 4).cohort_mean(WINDOWS, False) == pytest.approx([0.7, 0.5])
    many = np.concatenate([np.tile(AXES[0], (NEAREST, 1)), np.tile(AXES[1], (50, 1))])
    assert Cohort(many, 4).cohort_mean(WINDOWS[1:], False) == pytest.approx([1.0])
    assert Cohort(AXES[:0], 4).cohort_mean(WINDOWS, False) == pytest.approx([0.0, 0.0])


def test_verified_it_is_normalised_and_judged():
    """Cosine, less the cohort mean, plus a share of the log-odds."""
    likeness = Likeness(AXES[:1], 4, False, VERIFIER, Cohort(AXES[1:2], 4))
    assert likeness.verified
    expected = [0.6 - 0.8 + VERIFIER_SHARE * 0.2, 1.0 - 0.0 + VERIFIER_SHARE * 1.0]
    assert likeness(WINDOWS) == pytest.approx(expected, abs=1e-6)


def test_known_cosines_and_means_are_not_worked_out_again():
    """Whoever has them hands them in."""
    likeness = Likeness(AXES[:1], 4, False, VERIFIER, Cohort(AXES[1:2], 4))
    scores = likeness(WINDOWS, cosines=np.zeros(2, np.float32), cohort_mean=np.ones(2, np.float32))
    assert scores == pytest.approx([-1 + VERIFIER_SHARE * 0.2, -1 + VERIFIER_SHARE * 1.0])


def test_only_its_own_view_counts():
    """Takes, verifier and cohort of a short sound look at the window's end."""
    windows = np.concatenate([WINDOWS, AXES[[3, 0]]], axis=1)
    two = np.concatenate([AXES[:1], AXES[:1]], axis=1)
    likeness = Likeness(two, 4, True, VERIFIER, Cohort(two, 4))
    expected = [0.0 - 0.0 + VERIFIER_SHARE * 0.0, 1.0 - 1.0 + VERIFIER_SHARE * 1.0]
    assert likeness(windows) == pytest.approx(expected, abs=1e-6)
