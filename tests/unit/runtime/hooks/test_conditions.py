"""Conditions: an action is taken when all of them hold."""

from __future__ import annotations

from datetime import datetime

import pytest

from runtime.hooks.conditions import ALWAYS, Conditions, QuietHours
from wakeword.events import WakeEvent

EVENT = WakeEvent("bell", 0.8, 0.5, 0, 1600, 16000, source="mic:Hall")
NIGHT = (QuietHours.parse("22:00-07:00"),)


def test_no_condition_always_holds() -> None:
    """The default lets everything through."""
    assert ALWAYS.hold(EVENT)


@pytest.mark.parametrize(("min_score", "holds"), [(0.79, True), (0.8, True), (0.81, False)])
def test_the_score_must_reach(min_score: float, holds: bool) -> None:
    """Just enough is enough."""
    assert Conditions(min_score=min_score).hold(EVENT) is holds


def test_the_source_must_be_named() -> None:
    """One of several is enough; another microphone is not."""
    assert Conditions(sources=("mic", "mic:Hall")).hold(EVENT)
    assert not Conditions(sources=("mic",)).hold(EVENT)


@pytest.mark.parametrize(("hour", "holds"), [(23, False), (3, False), (7, True), (12, True)])
def test_quiet_hours_follow_the_clock(hour: int, holds: bool) -> None:
    """The clock is asked for each event."""
    night = Conditions(quiet=NIGHT, clock=lambda: datetime(2026, 3, 1, hour))
    assert night.hold(EVENT) is holds


def test_several_spans_are_all_quiet() -> None:
    """Night and noon; between them it is not."""
    spans = (*NIGHT, QuietHours.parse("12:00-14:00"))
    times = iter([23, 13, 15])
    conditions = Conditions(quiet=spans, clock=lambda: datetime(2026, 3, 1, next(times)))
    assert [conditions.hold(EVENT) for _ in range(3)] == [False, False, True]


def test_all_must_hold() -> None:
    """One that fails is enough to stay away."""
    noon = Conditions(0.5, ("mic:Hall",), NIGHT, lambda: datetime(2026, 3, 1, 12))
    assert noon.hold(EVENT)
    assert not Conditions(0.9, ("mic:Hall",), NIGHT, lambda: datetime(2026, 3, 1, 12)).hold(EVENT)
