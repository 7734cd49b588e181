"""The monitor: alerts to actions and to who iterates, with tones for labels."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from runtime.history.clips import ClipStore
from runtime.labels.monitor import Monitor
from tests.unit.wakeword.labels.test_watch import ALARM, HIGH, LOW, WATCH, stream
from wakeword.errors import ConfigError, SourceError
from wakeword.labels import Classifier
from wakeword.labels.watch import Alert
from wakeword.testing import ArraySource, NamedTones


def monitor(*sources: ArraySource, **options: object) -> Monitor:
    """One that watches for the low and the high tone."""
    classifier = Classifier(NamedTones(), background=["150 beeps", "silence"])
    alarms = {LOW: ALARM, HIGH: ALARM}
    own = sources or (ArraySource(stream()),)
    return Monitor(classifier, alarms, own, config=WATCH, **options)  # type: ignore[arg-type]


def test_iterating_yields_beginnings_and_ends() -> None:
    """In order, with source and the same identifier for both."""
    watched = monitor()
    alerts = list(watched)
    assert [(a.sound, a.ended) for a in alerts] == [
        (LOW, False),
        (LOW, True),
        (HIGH, False),
        (HIGH, True),
    ]
    assert alerts[0].id == alerts[1].id != alerts[2].id
    assert {a.source for a in alerts} == {"array"}
    assert not watched.listening


def test_it_runs_inside_asyncio_and_by_itself() -> None:
    """``async for`` yields the same alerts as ``for``, and ``run`` goes on to the end."""

    async def heard() -> list[Alert]:
        return [alert async for alert in monitor()]

    assert [a.id for a in asyncio.run(heard())] == [a.id for a in monitor()]
    begins: list[Alert] = []
    monitor().on("*", begins.append).run()
    assert [a.sound for a in begins] == [LOW, HIGH]


def test_actions_get_beginnings_or_ends() -> None:
    """``on`` is for beginnings, ``on(ends=True)`` for ends; a label's own and for all."""
    begins: list[Alert] = []
    ends: list[Alert] = []
    low: list[Alert] = []
    watched = monitor().on("*", begins.append).on("*", ends.append, ends=True)
    watched.on(LOW.upper(), low.append)
    with watched:
        watched.wait()
    assert [(a.sound, a.ended) for a in begins] == [(LOW, False), (HIGH, False)]
    assert [(a.sound, a.ended) for a in ends] == [(LOW, True), (HIGH, True)]
    assert [a.sound for a in low] == [LOW]


def test_clip_is_there_when_the_alert_ends(tmp_path: Path) -> None:
    """An action at the end finds the file that the alert names."""
    found: list[bool] = []
    watched = monitor(clips=ClipStore(tmp_path))
    watched.on("*", lambda alert: found.append(Path(alert.clip).is_file()), ends=True)
    list(watched)
    assert found == [True, True]


def test_each_source_has_alerts_of_its_own() -> None:
    """Two sources that hear the same raise two alerts."""
    both = monitor(ArraySource(stream(), name="a"), ArraySource(stream(), name="b"))
    begins = [alert for alert in both if not alert.ended]
    assert sorted((a.source, a.sound) for a in begins) == [
        ("a", HIGH),
        ("a", LOW),
        ("b", HIGH),
        ("b", LOW),
    ]


def test_stop_ends_it_and_keeps_the_clip(tmp_path: Path) -> None:
    """Stopped in the middle of an alert, from the action, its clip is written all the same."""
    began = threading.Event()
    watched = monitor(
        ArraySource(stream()[: 16000 * 3 + 8000], live=True), clips=ClipStore(tmp_path)
    )
    watched.on(LOW, began.set)
    with watched:
        assert began.wait(10)
    assert not watched.listening
    assert len(ClipStore(tmp_path).clips()) == 1


def test_wrong_settings_are_told() -> None:
    """An action for a label that is not watched, a source that is not there, no labels."""
    with pytest.raises(ConfigError, match="not watched for"):
        monitor().on("horn", print)
    classifier = Classifier(NamedTones())
    with pytest.raises(SourceError):
        Monitor(classifier, {LOW: ALARM}, "nowhere.wav").start()
    with pytest.raises(ConfigError, match="no labels"):
        Monitor(classifier, {})
