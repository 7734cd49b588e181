"""Labels over a stream, with an encoder for which a label is a tone of so many Hz."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.errors import AudioFormatError, ConfigError
from wakeword.labels import Classifier
from wakeword.labels.watch import AlarmConfig, Alert, LabelWatch, Look, WatchConfig
from wakeword.testing import RATE, NamedTones, frames, tone

LOW, HIGH = "tone of 400 hertz", "tone of 3000 hertz"
ALARM = AlarmConfig(0.6, hold_seconds=1.0)
WATCH = WatchConfig(every_seconds=0.5, window_seconds=1.0)


def stream() -> FloatArray:
    """Low from 2 to 4 s, high from 7 to 9.25 s, over a hum of 10 s."""
    samples = 0.05 * tone(150, 10.0)
    samples[2 * RATE : 4 * RATE] += tone(400, 2.0)
    samples[7 * RATE : 7 * RATE + 9 * RATE // 4] += tone(3000, 2.25)
    return samples


def watch(*labels: str, **options: Any) -> LabelWatch:
    """One that alerts on these."""
    classifier = Classifier(NamedTones(), background=["150 beeps", "silence"])
    question = classifier.question([LOW, HIGH])
    return LabelWatch(classifier, question, dict.fromkeys(labels, ALARM), WATCH, **options)


def hear(watch: LabelWatch, samples: FloatArray, size: int) -> list[Alert]:
    """All alerts when the audio comes in frames of so many samples."""
    alerts = [alert for frame in frames(samples, size) for alert in watch.push(frame)]
    return alerts + watch.flush()


def test_each_label_alerts_where_it_is() -> None:
    """A beginning and an end for each sound, near where it is."""
    alerts = hear(watch(LOW, HIGH), stream(), 1600)
    assert [(a.sound, a.ended) for a in alerts] == [
        (LOW, False),
        (LOW, True),
        (HIGH, False),
        (HIGH, True),
    ]
    assert [a.start_seconds for a in alerts] == [2.0, 2.0, 7.0, 7.0]
    assert alerts[1].end_seconds == pytest.approx(4.0, abs=1.0)
    assert alerts[0].confirmed == alerts[1].confirmed == 3 * RATE


@pytest.mark.parametrize("size", [160, 512, 4096, 100_000, 10 * RATE])
def test_frame_size_never_matters(size: int) -> None:
    """However the audio arrives, the alerts are the same."""
    assert hear(watch(LOW, HIGH), stream(), size) == hear(watch(LOW, HIGH), stream(), 1600)


def test_labels_without_an_alarm_compete_but_stay_silent() -> None:
    """A label may be there only to keep another honest."""
    assert {alert.sound for alert in hear(watch(LOW), stream(), 1600)} == {LOW}


def test_the_tail_counts() -> None:
    """The last, incomplete piece is looked at, and an alert that is on ends with the stream."""
    looks: list[Look] = []
    samples = stream()[: 7 * RATE + 9 * RATE // 8]
    alerts = hear(watch(HIGH, observer=looks.append), samples, 1600)
    assert looks[-1].end == len(samples)
    assert [alert.ended for alert in alerts] == [False, True]
    assert alerts[-1].end == len(samples)


def test_lost_audio_is_a_gap() -> None:
    """No window reaches across it; the alert that was on goes on if the sound does."""
    looks: list[Look] = []
    heard = watch(LOW, observer=looks.append)
    for frame in frames(tone(400, 2.0), 1600):
        heard.push(frame)
    alerts = []
    for frame in frames(tone(400, 1.0), 1600, start=5 * RATE):
        alerts += heard.push(frame)
    assert alerts == []
    assert looks[-2].start == 5 * RATE
    assert looks[-2].heard.end == pytest.approx(0.5)
    assert [alert.ended for alert in heard.flush()] == [True]


def test_reset_begins_anew() -> None:
    """The same watch hears a second stream as it heard the first."""
    heard = watch(LOW, HIGH)
    first = hear(heard, stream(), 1600)
    heard.reset()
    assert hear(heard, stream(), 1600) == first


def test_wrong_frames_are_refused() -> None:
    """Another rate and audio from the past are errors."""
    heard = watch(LOW)
    with pytest.raises(AudioFormatError, match="resample"):
        heard.push(AudioFrame(np.zeros(10, np.float32), 0, 8000))
    heard.push(AudioFrame(np.zeros(10, np.float32), 100, RATE))
    with pytest.raises(AudioFormatError, match="in order"):
        heard.push(AudioFrame(np.zeros(10, np.float32), 0, RATE))


def test_settings_that_make_no_sense_are_refused() -> None:
    """Nothing may fall between two looks, and an alarm needs its label."""
    with pytest.raises(ConfigError, match="window"):
        WatchConfig(every_seconds=4.0, window_seconds=3.0)
    with pytest.raises(ConfigError, match="every"):
        WatchConfig(every_seconds=0.0)
    for labels in ((), ("horn",)):
        with pytest.raises(ConfigError, match="alarm"):
            watch(*labels)
