"""How often a sound wakes falsely in a home: the negative bank, weighed by what a home hears.

An hour of the bank is not an hour of a home. A home profile says how many minutes a day each
kind of everyday sound is heard, so that curiosities count as rarely as they occur.

What a single sound's own runs of the bank say of rare false alarms is a matter of two or three
runs. So its rates are drawn towards those pooled over all simulated enrollments, which
its log-odds share (empirical Bayes; Casella, "An Introduction to Empirical Bayes Data Analysis",
1985): counts are taken as Poisson, a sound's rate as the pooled one times a gamma-distributed
factor, and what is used is the mean of the posterior.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.frames import FloatArray
from wakeword.errors import ConfigError
from wakeword.scoring.bank import CATEGORIES
from wakeword.scoring.odds import OddsModel, odds_of

Floats = NDArray[np.float64]

HOMES: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "default": {
            "talk": 240.0,
            "music": 90.0,
            "kitchen": 40.0,
            "doors": 20.0,
            "appliances": 90.0,
            "street": 60.0,
            "animals": 10.0,
            "alarms": 3.0,
            "other": 10.0,
        },
        "quiet": {
            "talk": 60.0,
            "music": 30.0,
            "kitchen": 20.0,
            "doors": 10.0,
            "appliances": 40.0,
            "street": 30.0,
            "animals": 2.0,
            "alarms": 1.0,
            "other": 4.0,
        },
        "family": {
            "talk": 480.0,
            "music": 120.0,
            "kitchen": 80.0,
            "doors": 40.0,
            "appliances": 150.0,
            "street": 60.0,
            "animals": 30.0,
            "alarms": 6.0,
            "other": 30.0,
        },
        "workshop": {
            "talk": 120.0,
            "music": 180.0,
            "kitchen": 20.0,
            "doors": 30.0,
            "appliances": 180.0,
            "street": 60.0,
            "animals": 2.0,
            "alarms": 5.0,
            "other": 120.0,
        },
    }
)
"""Minutes a day of each category in which something of that kind is heard without a pause, by the
profile's name. Television and radio count as the talk and the music that they are."""
DEFAULT_HOME = "default"
RANGE = (-10.0, 30.0)
"""Levels lie between these log-odds."""
STEPS = 30
"""Of the bisection that finds a level: more than single precision tells apart."""
HOURS_A_DAY = 24.0


def home_minutes(name: str = DEFAULT_HOME) -> Mapping[str, float]:
    """Minutes a day of each category in the home of that name.

    Raises:
        ConfigError: there is no such profile.
    """
    if name not in HOMES:
        raise ConfigError(f"there is no home profile {name!r}; there are {', '.join(HOMES)}")
    return HOMES[name]


@dataclass(frozen=True, eq=False)
class HomeOutlook:
    """What a sound's false alarms at any threshold are read off."""

    model: OddsModel
    """The pooled rates, and how much they count."""
    odds: FloatArray
    """``(runs,)`` the highest log-odds of each held-out run of the bank."""
    categories: NDArray[np.int8]
    """``(runs,)`` which of ``CATEGORIES`` each is."""
    weights: FloatArray
    """``(runs,)`` how many runs of the recordings each stands for."""
    hours: Floats
    """``(len(CATEGORIES),)`` hours of the held-out recordings of each category."""
    level: float
    """Log-odds at a score of 0.5, to read thresholds as scores."""
    minutes: Mapping[str, float] = field(default_factory=home_minutes)
    """Minutes a day of each category."""

    def rates(self, odds: float) -> Floats:
        """False alarms an hour of each of ``CATEGORIES`` at these log-odds."""
        pooled = dict(zip(self.model.categories, self.model.pooled(odds), strict=True))
        prior = np.array([pooled.get(name, 0.0) for name in CATEGORIES])
        above = self.odds >= odds
        seen = np.bincount(self.categories[above], self.weights[above], len(CATEGORIES))
        strength = self.model.strength
        # One factor for the sound as a whole, then one for each category of it.
        factor = (strength + float(seen.sum())) / (strength + float(prior @ self.hours))
        usual = np.maximum(factor * prior, 1e-12)
        return np.asarray((strength + seen) / (strength / usual + self.hours))

    def per_day(self, odds: float) -> float:
        """False alarms a day in the home at these log-odds."""
        day = np.array([self.minutes.get(name, 0.0) / 60.0 for name in CATEGORIES])
        return float(self.rates(odds) @ day)

    def false_alarms_per_hour(self, threshold: float) -> float | None:
        """The mean over a day in the home at a threshold, as a score."""
        return self.per_day(odds_of(threshold, self.level)) / HOURS_A_DAY

    def lowest_odds(self, per_day: float) -> float:
        """The lowest log-odds, within ``RANGE``, with no more false alarms a day."""
        low, high = RANGE
        if self.per_day(low) <= per_day:
            return low
        for _ in range(STEPS):
            middle = (low + high) / 2.0
            low, high = (low, middle) if self.per_day(middle) <= per_day else (middle, high)
        return high

    def by_category(self, odds: float) -> dict[str, float]:
        """False alarms a day of each category."""
        rates = self.rates(odds)
        return {
            name: float(rate * self.minutes.get(name, 0.0) / 60.0)
            for name, rate in zip(CATEGORIES, rates, strict=True)
        }
