"""Which onsets are beats of a row, and when the row is over."""

from __future__ import annotations

import numpy as np

from wakeword.events import Match
from wakeword.onsets import Onset
from wakeword.patterns import Pattern, SoundPatterns
from wakeword.row import Row

RATE = 1000
TWO, THREE, FOUR = (Pattern(f"x{n}", n, wait_seconds=0.7) for n in (2, 3, 4))
CLAP = np.array([20, 20, 0, 0], np.float32)
OTHER = np.array([0, 0, 20, 20], np.float32)


def row() -> Row:
    """Of a sound with three patterns."""
    return Row("clap", SoundPatterns((TWO, THREE, FOUR), 0.1), RATE, -1)


def put(row: Row, ms: int, score: float, spectrum: np.ndarray = CLAP, sound: str = "clap"):
    """An onset; what was over before it."""
    before = row.over(ms)
    onset = Onset(ms, 20.0, -20.0, spectrum)
    row.add(onset, Match(sound, score, 0.5, "take.flac"))
    return before.pattern.name if before else None


def name(row: Row, ms: int | None) -> str | None:
    """The pattern that is complete at that time."""
    counted = row.over(ms)
    return counted.pattern.name if counted else None


def test_a_row_is_over_when_the_wait_is() -> None:
    """Not a moment before, and once."""
    beats = row()
    put(beats, 1000, 0.9)
    put(beats, 1300, 0.9)
    assert name(beats, 2000) is None
    assert name(beats, 2001) == "x2"
    assert name(beats, 3000) is None


def test_one_that_is_recognised_speaks_for_those_like_it() -> None:
    """Also when it comes last, and however long the row is."""
    beats = row()
    for ms, score in ((1000, 0.1), (1500, 0.2), (2000, 0.3), (2500, 0.6)):
        assert put(beats, ms, score) is None
    assert name(beats, None) == "x4"


def test_without_any_that_is_recognised_there_is_no_row() -> None:
    """Alike is not enough, nor is being recognised as something else."""
    beats = row()
    put(beats, 1000, 0.1)
    put(beats, 1300, 0.9, sound="bell")
    assert name(beats, None) is None


def test_what_is_unlike_does_not_count() -> None:
    """A thud between two claps is no clap."""
    beats = row()
    put(beats, 1000, 0.9)
    put(beats, 1200, 0.1, OTHER)
    put(beats, 1400, 0.9)
    assert name(beats, None) == "x2"


def test_a_row_ends_with_the_next_that_comes_too_late() -> None:
    """An onset after the wait ends the row before it and begins another."""
    beats = row()
    put(beats, 1000, 0.9)
    put(beats, 1300, 0.9)
    assert put(beats, 2100, 0.9) == "x2"
    put(beats, 2400, 0.9)
    put(beats, 2700, 0.1)
    assert name(beats, None) == "x3"


def test_two_onsets_of_one_beat_are_one() -> None:
    """Closer than a beat can be, the second is the first's echo."""
    beats = row()
    put(beats, 1000, 0.9)
    put(beats, 1080, 0.9)
    put(beats, 1400, 0.9)
    assert name(beats, None) == "x2"
