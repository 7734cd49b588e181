"""The threshold and what is said about it."""

from __future__ import annotations

import numpy as np
import pytest

from enroll.fitting import (
    HIGHEST,
    LOWEST,
    ONE_TAKE,
    SAME,
    Calibration,
    calibrate,
)
from enroll.negatives import Negatives
from wakeword.scoring.bank import NegativeBank


def run(cosine: float, windows: int = 10, axis: int = 1) -> np.ndarray:
    """Windows with this cosine to the first axis, the rest along another one."""
    vector = np.zeros(3, np.float32)
    vector[0], vector[axis] = cosine, np.sqrt(1 - cosine**2)
    return np.tile(vector, (windows, 1))


def bank(scores: list[float], hours: float) -> NegativeBank:
    """Runs of two windows each, with these cosines to the first axis."""
    vectors = np.concatenate([run(score, 2) for score in scores])
    numbers = np.repeat(np.arange(len(scores), dtype=np.int32), 2)
    return NegativeBank(vectors, numbers, hours * 3600.0, dim=3, reference_every=0)


TAKES = [run(1.0), run(1.0)]
SCORES = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3]


def world(hours: float = 4.0) -> Negatives:
    """Three hundred runs, the nearer the rarer, 0.9 the nearest."""
    return Negatives(bank=bank(list(0.9 - 0.5 * np.linspace(0.0, 1.0, 300) ** 0.3), hours))


@pytest.mark.parametrize("budget", [0.5, 1.0, 5.0, 30.0])
def test_as_many_runs_as_the_budget_allows_exceed_it(budget):
    """What is expected is what was asked for, and about what the bank itself shows."""
    calibration = calibrate(TAKES, world(), budget)
    scores = 0.9 - 0.5 * np.linspace(0.0, 1.0, 300) ** 0.3
    through = np.count_nonzero(scores >= calibration.threshold)
    assert calibration.false_alarms_per_hour == pytest.approx(budget, rel=0.02)
    assert through == pytest.approx(4.0 * budget, abs=2 + 0.1 * 4.0 * budget)
    assert calibration.negatives_hours == pytest.approx(4.0)


def test_beyond_the_bank_the_tail_is_carried_on():
    """A budget that the bank is too short for gives a threshold above most or all its runs."""
    seen = [calibrate(TAKES, world(1.0), budget) for budget in (1.0, 0.1, 0.01)]
    assert seen[0].threshold < 0.9 < seen[1].threshold < seen[2].threshold < 1.0
    assert seen[2].false_alarms_per_hour == pytest.approx(0.01, rel=0.05)


def test_thresholds_never_pass_what_a_take_can_reach():
    """However small the budget, the threshold stays below 1 and the figures are honest."""
    calibration = calibrate(TAKES, Negatives(bank=bank(SCORES, 1.0)), 0.0001)
    assert calibration.threshold == HIGHEST
    assert calibration.false_alarms_per_hour is not None
    assert calibration.false_alarms_per_hour > 0.0001


def test_the_room_must_stay_below():
    """A run of the ambient recording that the budget has no place for raises the threshold."""
    room = Negatives(bank=bank([0.5, 0.4], 4.0), ambient=[run(0.7)], ambient_seconds=60.0)
    assert calibrate(TAKES, room, 0.5).threshold == pytest.approx(0.701, abs=1e-3)
    longer = Negatives(bank=bank([0.5, 0.4], 4.0), ambient=[run(0.7)], ambient_seconds=9000.0)
    assert calibrate(TAKES, longer, 0.5).threshold < 0.7


def test_a_single_window_of_the_room_does_not_count():
    """Only what would wake counts."""
    room = Negatives(bank=bank([0.5, 0.4], 4.0), ambient=[run(0.9, 1)], ambient_seconds=60.0)
    assert calibrate(TAKES, room, 0.5).threshold < 0.9


def test_other_sounds_count_where_they_would_be_mistaken():
    """A take of another sound counts if it is nearer to this sound than to its own takes."""
    clear = Negatives(bank=bank([0.3], 2.0), others={"bell": [run(0.7), run(0.7)]})
    assert calibrate(TAKES, clear, 0.5).threshold < 0.7
    mixed = Negatives(bank=bank([0.3], 2.0), others={"bell": [run(0.7), run(-0.5)]})
    assert calibrate(TAKES, mixed, 0.5).threshold == pytest.approx(0.701, abs=1e-3)


def test_the_enrolled_recording_in_the_bank_is_left_out():
    """Whoever enrolls a clip that the bank was made from is not told that it is everywhere."""
    known = Negatives(bank=bank([*SCORES, SAME + 0.0002, 1.0], 4.0))
    assert calibrate(TAKES, known, 0.5).threshold < 0.9


def test_near_negatives_keep_the_promised_rate():
    """However near to the sound they are, runs of the world count: no more wake than may."""
    near = list(0.99 - 0.0001 * np.arange(200.0))
    calibration = calibrate(TAKES, Negatives(bank=bank(near, 4.0)), 0.5)
    assert np.count_nonzero(np.array(near) >= calibration.threshold) <= 2
    assert calibration.false_alarms_per_hour == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize("budget", [1.75, 2.0, 1e6])
def test_no_budget_is_so_large_that_everything_matches(budget):
    """Also with more false alarms allowed than the bank has runs there is a threshold."""
    assert calibrate(TAKES, Negatives(bank=bank([0.1, 0.0], 1.0)), budget).threshold == LOWEST
    assert calibrate([run(1.0), run(-1.0)], Negatives(), budget).threshold == LOWEST


def test_a_lowest_threshold_is_kept_to():
    """What is said of misses and false alarms is said of that threshold."""
    takes = [run(1.0), run(1.0), run(0.92)]
    calibration = calibrate(takes, Negatives(bank=bank(SCORES, 4.0)), 0.5, lowest=0.95)
    assert (calibration.threshold, calibration.missed) == (0.95, [2])
    assert calibration.miss_rate == pytest.approx(1 / 3)


@pytest.mark.parametrize("threshold", [0.75, 0.9, 0.95])
def test_another_threshold_has_another_expectation(threshold):
    """What is said of it is what a fit that ended there says."""
    takes = [run(1.0), run(1.0), run(0.92)]
    room = [run(0.5), run(0.35)]
    negatives = Negatives(bank=world().bank, ambient=room, ambient_seconds=3600.0)
    wide = calibrate(takes, negatives, 1e6)
    assert wide.threshold < 0.75
    there = calibrate(takes, negatives, 1e6, lowest=threshold)
    assert wide.at(threshold) == there
    assert wide.at(threshold).expectation == there.expectation


def test_a_rejected_example_never_costs_the_take_it_is_held_below():
    """Nor does rounding: the threshold that stops at a take is one that the take reaches."""
    for cosine in (0.80006, 0.80004, 0.8):
        takes = [run(1.0), run(1.0), run(cosine)]
        negatives = Negatives(bank=bank([0.3, 0.2], 4.0), rejected=[run(0.99)])
        calibration = calibrate(takes, negatives, 0.5)
        assert calibration.missed == []
        assert calibration.threshold == pytest.approx(cosine, abs=1e-4)
        held = calibrate(takes, negatives, 0.5, lowest=calibration.threshold)
        assert held.threshold == calibration.threshold


def test_without_negatives_the_takes_decide():
    """The threshold then lies half as far again from the takes as they are from each other."""
    calibration = calibrate([run(1.0), run(0.9)], Negatives(), 0.5)
    assert calibration.threshold == pytest.approx(0.85, abs=1e-3)
    assert calibration.false_alarms_per_hour is None
    assert calibrate([run(1.0)], Negatives(), 0.5).threshold == ONE_TAKE


def test_a_short_room_says_nothing_about_a_day():
    """A minute without a false alarm is no promise; hours are a cautious one."""
    minute = Negatives(ambient=[run(0.1)], ambient_seconds=60.0)
    assert calibrate(TAKES, minute, 0.5).false_alarms_per_hour is None
    hours = Negatives(ambient=[run(0.1)], ambient_seconds=2 * 3600.0)
    assert calibrate(TAKES, hours, 0.5).false_alarms_per_hour == pytest.approx(0.35)


def test_misses_are_counted_take_by_take():
    """Each take is held against the others; one that stays below would be missed."""
    takes = [run(1.0), run(1.0), run(0.6)]
    calibration = calibrate(takes, Negatives(bank=bank(SCORES, 4.0)), 0.5)
    assert calibration.missed == [2]
    assert calibration.miss_rate == pytest.approx(1 / 3)
    assert calibrate(takes[:1], Negatives(bank=bank(SCORES, 4.0)), 0.5).miss_rate is None


def test_the_budget_that_would_do_is_known():
    """At 1.5 an hour, six of the runs in four hours, the take with 0.4 would be heard."""
    takes = [run(1.0), run(1.0), run(0.4, axis=2)]
    world = Negatives(bank=bank([0.9, 0.8, 0.7, 0.6, 0.5, 0.41], 4.0))
    calibration = calibrate(takes, world, 0.5)
    assert calibration.budget_needed == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("per_hour", "miss_rate", "text"),
    [
        (0.5, 0.0, "expect about 12 false wakes a day, 0% misses in quiet"),
        (0.042, 1 / 3, "expect about 1 false wake a day, 33% misses"),
        (0.01, 0.0, "expect about 2 false wakes a week, 0% misses in quiet"),
        (0.5, None, "expect about 12 false wakes a day; enroll more takes to know"),
        (None, 0.0, "too little is known to say how many false wakes to expect, 0% misses"),
    ],
)
def test_it_is_told_in_one_sentence(per_hour, miss_rate, text):
    """What to expect, by the day."""
    assert str(Calibration(0.8, per_hour, miss_rate, 4.0)).startswith(text)
