"""Quiet hours: spans of the day, also over midnight."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.configuration.quiet_hours import DAY_MINUTES, QuietHours
from wakeword.errors import ConfigError

MIDNIGHT = datetime(2026, 3, 1)


def at(text: str) -> datetime:
    """Some day at that time."""
    return datetime.strptime(f"2026-03-01 {text}", "%Y-%m-%d %H:%M:%S")


@pytest.mark.parametrize(
    ("hours", "quiet", "loud"),
    [
        (
            "22:00-07:00",
            ["22:00:00", "23:59:59", "00:00:00", "06:59:59"],
            ["07:00:00", "21:59:59", "12:00:00"],
        ),
        ("13:00-14:30", ["13:00:00", "14:29:59"], ["12:59:59", "14:30:00", "00:00:00"]),
        ("00:00-24:00", ["00:00:00", "23:59:59"], []),
        ("23:00-24:00", ["23:00:00", "23:59:59"], ["00:00:00", "22:59:59"]),
        (" 9:05 - 10:00 ", ["09:05:00"], ["09:04:59", "10:00:00"]),
    ],
)
def test_the_first_minute_counts_and_the_last_does_not(
    hours: str, quiet: list[str], loud: list[str]
) -> None:
    """From the minute it begins to just before the one it ends, over midnight too."""
    span = QuietHours.parse(hours)
    assert [span.cover(at(time)) for time in quiet] == [True] * len(quiet)
    assert [span.cover(at(time)) for time in loud] == [False] * len(loud)


@given(st.integers(0, DAY_MINUTES - 1), st.integers(0, DAY_MINUTES - 1))
def test_a_span_and_its_opposite_share_the_day(begin: int, end: int) -> None:
    """Each minute is in '22:00-07:00' or in '07:00-22:00', never in both or neither."""
    if begin == end:
        return
    span, rest = QuietHours(begin, end), QuietHours(end, begin)
    for minute in {0, begin - 1, begin, end - 1, end, 719, 1439}:
        now = MIDNIGHT + timedelta(minutes=minute % DAY_MINUTES)
        assert span.cover(now) != rest.cover(now)


def test_it_is_written_as_it_is_read() -> None:
    """What it prints can be read again."""
    for text in ("22:00-07:00", "00:00-24:00", "09:05-10:00"):
        assert str(QuietHours.parse(text)) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "look like '22:00-07:00'"),
        ("22-7", "look like"),
        ("22:00", "look like"),
        ("10pm-7am", "look like"),
        ("22:60-07:00", "no clock shows"),
        ("24:00-07:00", "no clock shows"),
        ("22:00-25:00", "no clock shows"),
        ("22:00-22:00", "end when they begin"),
    ],
)
def test_what_is_no_span_is_told(text: str, says: str) -> None:
    """With how it should look."""
    with pytest.raises(ConfigError, match=says):
        QuietHours.parse(text)
