"""Beats in recordings: takes of one each, and their rhythm."""

from __future__ import annotations

import numpy as np
import pytest

from enroll.finder import find_takes
from enroll.patterns import check_pattern, few_beats, make_pattern, rows_in, single_beats
from wakeword.audio.reading import AudioClip
from wakeword.errors import ConfigError, TakeRejected
from wakeword.testing import RATE, burst, noise, placed


def clip(*times: float, seconds: float = 6.0) -> AudioClip:
    """Claps at these times in a quiet room."""
    claps = [(at, burst(0.12, seed=i)) for i, at in enumerate(times)]
    return AudioClip(placed(noise(seconds), *claps), RATE)


def test_a_take_of_two_becomes_two_takes() -> None:
    """Each of two claps is a take of its own, with the clap in it and not the other."""
    (take,) = find_takes(clip(1.0, 1.25))
    first, second = single_beats(take)
    for beat in (first, second):
        loud = np.abs(beat.samples) > 0.05
        assert loud[beat.start : beat.end].any()
        assert not loud[: beat.start].any()
        assert not loud[beat.end :].any()
        assert beat.sound_seconds == pytest.approx(0.1, abs=0.08)
        assert beat.level_db == pytest.approx(take.level_db, abs=4.0)


def test_a_take_of_one_stays_as_it_is() -> None:
    """A single clap is not touched."""
    (take,) = find_takes(clip(1.0))
    assert single_beats(take) == [take]


def test_a_recording_that_begins_with_a_beat_keeps_it() -> None:
    """A clap at the first sample counts."""
    (gaps,) = rows_in(clip(0.0, 0.3)).gaps_seconds
    assert gaps == pytest.approx((0.3,), abs=0.03)


def test_rows_have_their_gaps() -> None:
    """Two rows, a second and more apart, with the times between their beats."""
    rows = rows_in(clip(0.5, 0.7, 1.2, 3.0, 3.4))
    assert [len(gaps) for gaps in rows.gaps_seconds] == [2, 1]
    assert rows.gaps_seconds[0] == pytest.approx((0.2, 0.5), abs=0.03)
    assert rows.of(2) == [rows.gaps_seconds[1]]


def test_few_beats_come_from_all_recordings() -> None:
    """Of many, some of each recording are left, in order."""
    (take,) = find_takes(clip(1.0))
    kept = few_beats([[take] * 10, [take] * 2, [take]], most=9)
    assert [len(found) for found in kept] == [3, 2, 1]


@pytest.mark.parametrize("text", ["2", "12", "rhythm"])
def test_what_a_pattern_is(text: str) -> None:
    """Numbers from two on, and a rhythm."""
    assert check_pattern(text) == text


@pytest.mark.parametrize("text", ["", "0", "1", "13", "two", "2.5", "-3"])
def test_what_no_pattern_is(text: str) -> None:
    """Everything else says what a pattern is."""
    with pytest.raises(ConfigError, match="a number of beats from 2 to 12, or 'rhythm'"):
        check_pattern(text)


def test_the_wait_is_learned_from_takes_of_the_pattern() -> None:
    """Slow claps wait longer; without takes of the pattern the sound's length counts."""
    slow = make_pattern("2", [rows_in(clip(1.0, 1.8))], 0.1)
    quick = make_pattern("2", [rows_in(clip(1.0, 1.2))], 0.1)
    assert slow.wait_seconds == pytest.approx(1.5 * 0.8 + 0.15, abs=0.05)
    assert quick.wait_seconds == 0.5
    assert make_pattern("3", [rows_in(clip(1.0, 1.2))], 0.1).wait_seconds == 0.7
    assert make_pattern("2", (), 1.1).wait_seconds == 1.6
    assert make_pattern("2", (), 0.1, wait_seconds=0.4).wait_seconds == 0.4


def test_a_rhythm_is_what_most_takes_hold() -> None:
    """The median of the takes that have as many beats as most; a stray clap does not matter."""
    takes = [clip(1, 1.2, 1.6), clip(1, 1.22, 1.6), clip(1, 1.2, 1.62), clip(1, 1.3)]
    pattern = make_pattern("rhythm", [rows_in(take) for take in takes], 0.1)
    assert pattern.beats == 3
    assert pattern.gaps_seconds == pytest.approx((0.2, 0.4), abs=0.03)
    assert pattern.wait_seconds > 0.5


def test_no_rhythm_is_an_error() -> None:
    """Single claps have no rhythm, and a wait shorter than its pause makes none."""
    with pytest.raises(TakeRejected, match="no rhythm"):
        make_pattern("rhythm", [rows_in(clip(1.0))], 0.1)
    with pytest.raises(ConfigError, match="wait for longer"):
        make_pattern("rhythm", [rows_in(clip(1.0, 1.5))], 0.1, wait_seconds=0.3)
