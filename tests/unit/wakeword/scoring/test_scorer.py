"""Windows against sounds."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.events import Match
from wakeword.scoring.scorer import Owner, Scorer

OWNERS = [Owner("bell", "1.flac"), Owner("bell", "2.flac"), Owner("clap", "3.flac")]
VECTORS = np.eye(3, dtype=np.float32)


def test_the_nearest_take_decides() -> None:
    """The match names the sound and take of the nearest vector, with the sound's threshold."""
    scorer = Scorer(VECTORS, OWNERS, {"bell": 0.7, "clap": 0.5})
    match = scorer(np.array([0.0, 0.8, 0.6], np.float32))
    assert match is not None
    assert (match.sound, match.threshold, match.take) == ("bell", 0.7, "2.flac")
    assert match.score == pytest.approx(0.8)
    assert match.hit


def test_below_the_threshold_is_a_near_miss() -> None:
    """The best match is told also where it does not count."""
    scorer = Scorer(VECTORS, OWNERS, {"bell": 0.9, "clap": 0.5})
    match = scorer(np.array([0.8, 0.0, 0.6], np.float32))
    assert match is not None
    assert (match.sound, match.hit) == ("bell", False)


def test_reaching_the_threshold_is_enough() -> None:
    """Equal counts."""
    assert Match("bell", 0.5, 0.5, "").hit


def test_sounds_without_threshold_are_not_heard() -> None:
    """Neither matched nor listed."""
    scorer = Scorer(VECTORS, OWNERS, {"clap": 0.5})
    assert scorer.sounds == ["clap"]
    match = scorer(np.array([1.0, 0.0, 0.0], np.float32))
    assert match is not None
    assert (match.sound, match.score) == ("clap", 0.0)


def test_sounds_without_vectors_are_not_heard() -> None:
    """A sound whose takes are all damaged is not claimed to be listened for."""
    scorer = Scorer(VECTORS, OWNERS, {"bell": 0.5, "clap": 0.5, "lost": 0.5})
    assert scorer.sounds == ["bell", "clap"]


def test_no_sounds_no_match() -> None:
    """An empty library matches nothing and is no error."""
    scorer = Scorer(np.zeros((0, 3), np.float32), [], {})
    assert scorer.sounds == []
    assert scorer(VECTORS[0]) is None
