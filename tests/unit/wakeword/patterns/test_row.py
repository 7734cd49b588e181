"""Which onsets are beats of a row, and when the row is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from wakeword.events import Match
from wakeword.library.enrolled import EnrolledSounds
from wakeword.patterns.counting import Row
from wakeword.patterns.onsets import Onset
from wakeword.patterns.pattern import Pattern, SoundPatterns
from wakeword.scoring.matching import ROW_MARGIN, Beat, Matcher
from wakeword.scoring.scorer import Owner, Scorer
from wakeword.testing import ToneEncoder

RATE = 1000
ONE, TWO, THREE, FOUR = (Pattern(f"x{n}", n, wait_seconds=0.7) for n in (1, 2, 3, 4))
CLAP = np.array([20, 20, 0, 0], np.float32)
OTHER = np.array([0, 0, 20, 20], np.float32)
AXES = np.eye(16, dtype=np.float32)
SOUNDS = {"clap": 0, "bell": 1}
JUDGE = Matcher(
    ToneEncoder(),
    EnrolledSounds(
        Scorer(AXES[:2], [Owner(name, "take.flac") for name in SOUNDS], dict.fromkeys(SOUNDS, 0.8))
    ),
    0.0,
)


def row(*more: Pattern) -> Row:
    """Of a sound with three patterns."""
    return Row("clap", SoundPatterns((TWO, THREE, FOUR, *more), 0.1), RATE, -1)


def put(
    row: Row,
    ms: int,
    score: float,
    spectrum: np.ndarray = CLAP,
    sound: str = "clap",
    refused: str = "",
) -> str | None:
    """An onset, so like the sound and in a noise of its own; what was over before it."""
    before = row.over(ms, JUDGE)
    onset = Onset(ms, 20.0, -20.0, spectrum)
    own = AXES[2 + ms // 100 % 14]
    embedding = np.asarray(score * AXES[SOUNDS[sound]] + np.sqrt(1 - score**2) * own, np.float32)
    match = JUDGE.match(embedding)
    assert match is not None
    row.add(onset, Beat(np.zeros(1, np.float32), embedding, replace(match, refused=refused)))
    return before.pattern.name if before else None


def name(row: Row, ms: int | None) -> str | None:
    """The pattern that is complete at that time."""
    counted = row.over(ms, JUDGE)
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
    for ms, score in ((1000, 0.1), (1500, 0.2), (2000, 0.3), (2500, 0.9)):
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


def test_two_weak_beats_are_recognised_by_their_mean() -> None:
    """At the same time as a row of sure ones; its match says what was needed and reached."""
    beats = row()
    put(beats, 1000, 0.7)
    put(beats, 1300, 0.7)
    assert beats.over(2000, JUDGE) is None
    counted = beats.over(2001, JUDGE)
    assert counted is not None
    assert (counted.pattern.name, counted.start) == ("x2", 1000)
    assert counted.match.threshold == pytest.approx(0.8 - ROW_MARGIN)
    assert counted.match.score > 0.8
    assert name(beats, 3000) is None


def test_three_weak_beats_are_three() -> None:
    """The mean is of a whole row: two of three are never a row of two."""
    beats = row()
    for ms in (1000, 1300, 1600):
        assert put(beats, ms, 0.7) is None
    assert name(beats, None) == "x3"
    assert name(beats, None) is None


def test_a_weak_beat_is_no_row() -> None:
    """Not even where one is a pattern: a single beat needs the threshold."""
    beats = row(ONE)
    put(beats, 1000, 0.79)
    assert name(beats, 2000) is None
    put(beats, 3000, 0.8)
    assert name(beats, 4000) == "x1"


def test_beats_that_are_too_weak_are_no_row() -> None:
    """However many, and however alike, and however near their mean comes: one must be near."""
    beats = row()
    for ms in (1000, 1300, 1600, 1900):
        put(beats, ms, 0.49)
    assert name(beats, None) is None
    put(beats, 4000, 0.51)
    put(beats, 4300, 0.51)
    assert name(beats, None) is None


def test_weak_beats_speak_for_those_like_them() -> None:
    """One that a noise drowned is in the row, and in the mean."""
    beats = row()
    put(beats, 1000, 0.75)
    put(beats, 1300, 0.45)
    put(beats, 1600, 0.75)
    assert name(beats, None) == "x3"


def test_what_is_unlike_weak_beats_does_not_count() -> None:
    """Neither a thud nor a bell between two weak claps is a clap, nor do they wait for it."""
    beats = row()
    put(beats, 1000, 0.7)
    put(beats, 1200, 0.3, OTHER)
    put(beats, 1400, 0.7)
    put(beats, 1900, 0.9, OTHER, sound="bell")
    assert name(beats, 2100) is None
    assert name(beats, 2101) == "x2"


def test_weak_beats_that_are_no_row_change_nothing() -> None:
    """What their mean does not recognise is kept for a sure beat behind, as other onsets are."""
    beats = row()
    put(beats, 1000, 0.51)
    put(beats, 1200, 0.51)
    put(beats, 1700, 0.1, OTHER)
    assert name(beats, 1950) is None  # the wait behind 1200 is over
    put(beats, 2300, 0.9, CLAP + OTHER)
    assert name(beats, None) == "x4"


def test_weak_onsets_neither_join_nor_delay_a_sure_row() -> None:
    """Beside a sure beat only those count that are like it, and only for these it waits."""
    beats = row()
    put(beats, 1000, 0.9)
    put(beats, 1200, 0.7, OTHER)
    put(beats, 1400, 0.9)
    put(beats, 1700, 0.7, OTHER)
    assert name(beats, 2100) is None
    assert name(beats, 2101) == "x2"
    beats = row()
    put(beats, 1000, 0.7, OTHER)
    put(beats, 1200, 0.9)
    put(beats, 1400, 0.9)
    assert name(beats, 2101) == "x2"


def test_a_weak_row_and_a_sure_one_are_two() -> None:
    """Apart by more than the wait, each is counted in its turn."""
    beats = row()
    put(beats, 1000, 0.7)
    put(beats, 1300, 0.7)
    assert put(beats, 2100, 0.9) == "x2"
    put(beats, 2400, 0.9)
    put(beats, 2700, 0.9)
    assert name(beats, None) == "x3"


def test_a_refused_beat_is_none_and_spoils_the_mean() -> None:
    """What was rejected, or not confirmed, is not made good by others."""
    beats = row()
    put(beats, 1000, 0.9, refused="nearer to a rejected example")
    put(beats, 1300, 0.9, refused="nearer to a rejected example")
    assert name(beats, 2500) is None
    put(beats, 4000, 0.75)
    put(beats, 4300, 0.9, refused="not confirmed by clap")
    assert name(beats, None) is None


def test_one_row_of_beats_is_one_event() -> None:
    """Where a beat is one sound and the mean of all another, the first alone is told."""
    clap = AXES[0]
    snap = np.asarray(0.8 * AXES[0] + 0.6 * AXES[1], np.float32)
    owners = [Owner("clap", "1"), Owner("snap", "2")]
    judge = Matcher(
        ToneEncoder(),
        EnrolledSounds(
            Scorer(np.stack([clap, snap]), owners, dict.fromkeys(("clap", "snap"), 0.85))
        ),
        0.0,
    )
    rows = [
        Row(sound, SoundPatterns((replace(TWO, name=sound),), 0.1), RATE, -1)
        for sound in ("clap", "snap")
    ]
    near = 0.78 * clap + 0.5 * AXES[1]
    heard = [
        0.84 * clap + np.sqrt(1 - 0.84**2) * AXES[3],
        0.9 * near / np.linalg.norm(near) + np.sqrt(0.19) * AXES[4],
    ]
    for ms, vector in zip((1000, 1300), heard, strict=True):
        embedding = np.asarray(vector, np.float32)
        for beats in rows:
            beats.add(Onset(ms, 20.0, -20.0, CLAP), Beat(None, embedding, judge.match(embedding)))
    counted = [found for beats in rows if (found := beats.over(None, judge))]
    assert [found.sound for found in counted] == ["snap"]


def test_any_chain_of_likes_is_found() -> None:
    """One is like the next only: a sure one brings all of them, before and behind it, once each."""
    turns = [np.array([np.cos(a), np.sin(a), 0, 0], np.float32) for a in np.linspace(0, 1.5, 4)]
    beats = row()
    for place, ms in enumerate((1000, 1200, 1400, 1600)):
        put(beats, ms, 0.9 if place == 2 else 0.1, turns[place])
    assert name(beats, None) == "x4"


def test_only_the_last_onsets_are_remembered() -> None:
    """Of a long row in which none is recognised, the first are not counted any more."""
    beats = Row("clap", SoundPatterns((Pattern("all", 32, wait_seconds=0.7),), 0.1), RATE, -1)
    for place in range(40):
        put(beats, 1000 + 200 * place, 0.9 if place == 39 else 0.1)
    counted = beats.over(None, JUDGE)
    assert counted is not None
    assert (counted.pattern.name, counted.start) == ("all", 1000 + 200 * 8)


def test_a_mean_is_weighed_once() -> None:
    """While nothing new is in the row, it is not asked about again with each block."""
    beats, asked = row(), []

    class Asked(Matcher):
        def row(self, sound: str, beats: Sequence[Beat]) -> Match | None:
            """Count, then judge."""
            asked.append(len(beats))
            return super().row(sound, beats)

    judge = Asked(ToneEncoder(), JUDGE.sounds, 0.0)
    put(beats, 1000, 0.51)
    put(beats, 1300, 0.51)
    put(beats, 1900, 0.1, OTHER)
    for ms in range(2001, 2600, 100):
        assert beats.over(ms, judge) is None
    assert asked == [2]
