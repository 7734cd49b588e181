"""False wakes in a home."""

from __future__ import annotations

import numpy as np
import pytest

from enroll.home import HOMES, HOURS_A_DAY, HomeOutlook, home_minutes
from wakeword.errors import ConfigError
from wakeword.scoring.bank import CATEGORIES
from wakeword.scoring.odds import OddsModel

GRID = np.arange(0.0, 8.0)


def model(strength: float = 1.0) -> OddsModel:
    """In every category a false alarm an hour at log-odds of 0, and half as many a unit further."""
    rates = np.tile(0.5**GRID, (len(CATEGORIES), 1))
    return OddsModel(np.array([5.0, -5.0, 0.2]), 0.0, CATEGORIES, GRID, rates, -0.7, strength)


def outlook(odds: list[float], kind: str = "talk", **more: object) -> HomeOutlook:
    """A sound whose runs of the bank, all of one kind, come to these log-odds; ten hours each."""
    kinds = np.full(len(odds), CATEGORIES.index(kind), np.int8)
    hours = np.full(len(CATEGORIES), 10.0)
    weights = np.ones(len(odds), np.float32)
    settings: dict[str, object] = {"level": 0.0, "minutes": {"talk": 60.0}, **more}
    return HomeOutlook(
        model(),
        np.array(odds, np.float32),
        kinds,
        weights,
        hours,
        **settings,  # type: ignore[arg-type]
    )


def test_without_evidence_the_pooled_rate_counts() -> None:
    """With no hours of its own a sound has what all simulated enrollments had."""
    none = HomeOutlook(
        model(), np.zeros(0, np.float32), np.zeros(0, np.int8), np.zeros(0, np.float32),
        np.zeros(len(CATEGORIES)), level=0.0, minutes={"talk": 60.0},
    )  # fmt: skip
    assert none.per_day(2.0) == pytest.approx(0.25)


def test_what_was_seen_counts_as_far_as_it_goes() -> None:
    """A sound that hours of talk never came near wakes less often than the pooled rate says, one
    that they often reached more often; neither as far as its own counts alone would have it."""
    seldom, often = outlook([]).per_day(2.0), outlook([3.0] * 20).per_day(2.0)
    assert 0.0 < seldom < 0.25 < often < 2.0


def test_rarer_the_higher() -> None:
    """The rate never rises with the threshold, also beyond all runs."""
    rates = [outlook([1.0, 2.0, 5.0]).per_day(odds) for odds in np.arange(-2.0, 15.0, 0.5)]
    assert np.all(np.diff(rates) <= 0)
    assert rates[-1] > 0.0


def test_the_lowest_odds_keep_to_the_budget() -> None:
    """Just enough: a little lower there would be more."""
    found = outlook([1.0, 2.0, 5.0])
    for budget in (1 / 10, 1 / 30, 1 / 365):
        odds = found.lowest_odds(budget)
        assert found.per_day(odds) <= budget < found.per_day(odds - 0.01)


def test_what_a_home_seldom_hears_counts_as_seldom() -> None:
    """The same runs count for nothing where the home hears nothing of that kind."""
    near = [6.0] * 5
    at_home = outlook(near, "music", minutes={"talk": 60.0, "music": 60.0}).per_day(4.0)
    never = outlook(near, "music").per_day(4.0)
    assert never < at_home
    assert outlook(near, "music").by_category(4.0)["music"] == 0.0


def test_a_threshold_is_read_as_a_score() -> None:
    """Half is the sound's level."""
    found = outlook([1.0, 2.0], level=3.0)
    per_hour = found.false_alarms_per_hour(0.5)
    assert per_hour == pytest.approx(found.per_day(3.0) / HOURS_A_DAY)


def test_profiles_are_whole() -> None:
    """Every home says something of every category, and no day has more than 24 hours of it."""
    for name in HOMES:
        minutes = home_minutes(name)
        assert set(minutes) == set(CATEGORIES)
        assert 0.0 < sum(minutes.values()) <= 1440.0
    with pytest.raises(ConfigError, match="no home profile 'castle'"):
        home_minutes("castle")
