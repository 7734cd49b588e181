"""When matches become events."""

from __future__ import annotations

import pytest

from wakeword.errors import ConfigError
from wakeword.events import Match
from wakeword.scoring.decision import Trigger, TriggerConfig


def fires(trigger: Trigger, script: str, first: int = 1) -> list[int]:
    """Push one window a second. Letters match a sound of that name, capitals are near misses.

    Returns:
        Which windows fired, counted from ``first``.
    """
    fired = []
    for i, mark in enumerate(script, first):
        score = 0.4 if mark.isupper() else 0.9
        match = None if mark == "." else Match(mark.lower(), score, 0.5, "take")
        if trigger.push(match, 10 * i):
            fired.append(i)
    return fired


def make(patience: int = 2, refractory_seconds: float = 0.0) -> Trigger:
    """A trigger at 10 samples per second."""
    return Trigger(10, TriggerConfig(patience, refractory_seconds))


def test_one_window_is_not_enough() -> None:
    """Patience 2: the second window in a row fires, single ones never do."""
    assert fires(make(), ".a.a.aa") == [7]


def test_patience_one_fires_at_once() -> None:
    """Patience 1 needs one window."""
    assert fires(make(1), ".a.") == [2]


def test_near_misses_do_not_count() -> None:
    """A match below its threshold is none."""
    assert fires(make(), "aAaAA") == []


def test_a_long_sound_is_one_event() -> None:
    """While the sound goes on it fires once, even where it wavers for a window."""
    assert fires(make(), "aaaaaa.aaaa") == [2]


def test_the_sound_may_come_again() -> None:
    """After it stopped for as many windows as patience asks, it fires anew."""
    assert fires(make(), "aaa..aa") == [2, 7]


def test_the_refractory_time_is_kept() -> None:
    """Two events of one sound are at least that far apart, to the sample."""
    assert fires(make(refractory_seconds=4.9), "aa..aa") == [2]
    assert fires(make(refractory_seconds=4.0), "aa..aa") == [2, 6]
    assert fires(make(refractory_seconds=4.1), "aa..aaa") == [2, 7]


def test_sounds_do_not_wait_for_each_other() -> None:
    """Each has its own patience and refractory time."""
    assert fires(make(refractory_seconds=100), "aabbaa") == [2, 4]


def test_another_sound_breaks_the_run() -> None:
    """Windows in a row means in a row."""
    assert fires(make(), "abababb") == [7]


def test_reset_forgets() -> None:
    """After a reset a sound may fire at once again, and old windows do not count."""
    trigger = make(refractory_seconds=100)
    assert fires(trigger, "aab") == [2]
    trigger.reset()
    assert fires(trigger, "bb") == [2]
    trigger.reset()
    assert fires(trigger, "aa") == [2]


def test_impossible_settings_are_refused() -> None:
    """Patience is at least 1, the refractory time not negative."""
    with pytest.raises(ConfigError):
        TriggerConfig(patience=0)
    with pytest.raises(ConfigError):
        TriggerConfig(refractory_seconds=-1)


def test_no_run_reaches_across_a_gap() -> None:
    """A match before lost audio and one behind it are not two in a row."""
    trigger = make()
    assert fires(trigger, "a") == []
    trigger.skip(0)
    assert fires(trigger, "a", 2) == []


def test_behind_a_long_gap_a_sound_is_a_new_one() -> None:
    """Behind a short one it is still the same."""
    for lost, expected in ((1, []), (2, [4])):
        trigger = make()
        assert fires(trigger, "aa") == [2]
        trigger.skip(lost)
        assert fires(trigger, "aa", 3) == expected
