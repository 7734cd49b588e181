"""The alarm of one label: hysteresis, minimum duration, hold."""

from __future__ import annotations

import pytest

from wakeword.errors import ConfigError
from wakeword.labels.watch import (
    Alarm,
    AlarmConfig,
    Alert,
    Change,
)

RATE = 10


def changes(config: AlarmConfig, scores: list[float], step: int = RATE) -> list[Change]:
    """What happens when a look of ``step`` samples has each of these scores."""
    alarm = Alarm(config, RATE)
    found = [alarm.push(score, i * step, (i + 1) * step) for i, score in enumerate(scores)]
    return [change for change in (*found, alarm.finish()) if change is not None]


def test_alert_begins_after_the_minimum_duration() -> None:
    """Two looks of a second make two seconds; the alert says when the sound began."""
    config = AlarmConfig(0.6, min_seconds=2.0)
    begin, _ = changes(config, [0.1, 0.7, 0.9])
    assert begin == Change(False, start=10, confirmed=30, end=30, score=0.9)
    assert changes(config, [0.1, 0.7, 0.1, 0.7, 0.1]) == []


def test_no_minimum_duration_alerts_at_once() -> None:
    """With 0 s the first look at the threshold is an alert."""
    begin, _ = changes(AlarmConfig(0.6, min_seconds=0.0), [0.6])
    assert (begin.start, begin.confirmed) == (0, 10)


def test_trembling_score_is_one_alert() -> None:
    """Scores between the two thresholds keep an alert on, but begin none."""
    config = AlarmConfig(0.6, release=0.2, min_seconds=1.0, hold_seconds=1.0)
    begin, end = changes(config, [0.6, 0.41, 0.5, 0.6, 0.41, 0.39, 0.1])
    assert not begin.ended
    assert end == Change(True, start=0, confirmed=10, end=50, score=0.6)
    assert changes(config, [0.59, 0.59]) == []


def test_pauses_shorter_than_the_hold_do_not_end_it() -> None:
    """A sound that comes back within the hold is the same alert; later it is another."""
    config = AlarmConfig(0.6, min_seconds=1.0, hold_seconds=3.0)
    assert len(changes(config, [0.9, 0.0, 0.0, 0.9, 0.0, 0.0])) == 2
    assert len(changes(config, [0.9, 0.0, 0.0, 0.0, 0.9])) == 4


def test_end_tells_the_highest_score() -> None:
    """Its score is that of the best look, also from before the alert began."""
    assert changes(AlarmConfig(0.5, min_seconds=2.0), [0.99, 0.6, 0.7])[-1].score == 0.99


def test_lost_audio_does_not_add_up() -> None:
    """What was heard before and after a gap is not one long sound."""
    alarm = Alarm(AlarmConfig(0.6, min_seconds=2.0), RATE)
    assert alarm.push(0.9, 0, 10) is None
    assert alarm.push(0.9, 500, 510) is None
    change = alarm.push(0.9, 510, 520)
    assert change is not None
    assert change.start == 500


def test_low_threshold_still_releases() -> None:
    """A release wider than the threshold does not keep the alert on for ever."""
    low = AlarmConfig(0.1, release=0.5, min_seconds=0.0, hold_seconds=1.0)
    _, end = changes(low, [0.2, 0.0, 0.0, 0.0])
    assert end.end == 10


def test_reset_forgets() -> None:
    """After a reset there is no alert, and none to end."""
    alarm = Alarm(AlarmConfig(0.6, min_seconds=0.0), RATE)
    alarm.push(0.9, 0, 10)
    assert alarm.active
    alarm.reset()
    assert alarm.finish() is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 0.0},
        {"threshold": 1.5},
        {"release": -0.1},
        {"min_seconds": -1.0},
        {"hold_seconds": float("nan")},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    """A threshold is a share, durations are not negative."""
    with pytest.raises(ConfigError):
        AlarmConfig(**wrong)


def test_alert_as_json() -> None:
    """Times are in seconds, and the state says whether it begins or ends."""
    alert = Alert("dog", 0.91234, 0.6, 10, 30, RATE, ended=True, source="mic", id="x", confirmed=20)
    assert alert.to_dict() == {
        "event": "alert",
        "state": "end",
        "label": "dog",
        "sound": "dog",
        "score": 0.9123,
        "threshold": 0.6,
        "start": 1.0,
        "end": 3.0,
        "source": "mic",
        "id": "x",
        "clip": None,
    }
