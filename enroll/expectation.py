"""What is expected of a sound, told to its user."""

from __future__ import annotations

from wakeword.records import ExpectationRecord


def describe(expected: ExpectationRecord) -> str:
    """What is expected of a sound, as one sentence for the user."""
    if expected.false_alarms_per_hour is None:
        wakes = "too little is known to say how many false wakes to expect"
    elif (daily := expected.false_alarms_per_hour * 24) < 1:
        weekly = daily * 7
        wakes = f"expect {_about(weekly)} a week" if weekly >= 1 else "expect few false wakes"
    else:
        wakes = f"expect {_about(daily)} a day"
    if expected.miss_rate is None:
        return f"{wakes}; enroll more takes to know how many misses"
    misses = f"{expected.miss_rate:.0%} misses in quiet"
    if expected.noisy_miss_rate is not None:
        misses += f", {expected.noisy_miss_rate:.0%} in noise"
    return f"{wakes}, {misses}"


def _about(count: float) -> str:
    return f"about {count:.0f} false wake{'s' if round(count) > 1 else ''}"
