"""Likeness as the trigger would judge it."""

from __future__ import annotations

import numpy as np
import pytest

from enroll.scores import NEVER, leave_one_out, run_score

AXES = np.eye(4, dtype=np.float32)


def run(*cosines: float) -> np.ndarray:
    """Windows with these cosines to the first axis."""
    return np.array([[c, np.sqrt(1 - c * c), 0, 0] for c in cosines], np.float32)


def test_one_window_cannot_wake():
    """With a patience of 2, a single high window counts as little as its better neighbour."""
    assert run_score(run(0.1, 0.9, 0.2, 0.1), AXES[:1]) == pytest.approx(0.2)
    assert run_score(run(0.1, 0.9, 0.8, 0.1), AXES[:1]) == pytest.approx(0.8)


def test_patience_says_how_many_windows():
    """The score is the highest threshold that so many windows in a row reach."""
    windows = run(0.9, 0.7, 0.8, 0.6)
    scores = [run_score(windows, AXES[:1], patience) for patience in (1, 2, 3, 4, 5)]
    assert scores == pytest.approx([0.9, 0.7, 0.7, 0.6, NEVER])


def test_the_nearest_vector_counts():
    """A sound's vectors are alternatives."""
    assert run_score(run(0.6, 0.6), AXES[:2]) == pytest.approx(0.8)


def test_leave_one_out():
    """Each take is held against all others, none against itself."""
    takes = [run(1.0, 1.0), run(0.8, 0.8), run(0.0, 0.0)]
    assert leave_one_out(takes) == pytest.approx([0.8, 0.8, 0.6])
    assert leave_one_out(takes[:1]) == []
