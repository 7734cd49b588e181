"""Lines of log."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from runtime.sinks import open_sink
from wakeword.events import WakeEvent

EVENT = WakeEvent("bell", 0.91, 0.5, 16000, 24000, 16000, source="mic")


@pytest.mark.parametrize(
    ("uri", "level"), [("log:", logging.INFO), ("log:warning", logging.WARNING)]
)
def test_an_event_is_a_line(uri: str, level: int, caplog: pytest.LogCaptureFixture) -> None:
    """At the level that was asked for, with what matters."""
    caplog.set_level(logging.DEBUG)
    open_sink(uri)(EVENT)
    (record,) = caplog.records
    assert record.levelno == level
    assert record.getMessage() == "heard bell at 1.00 s from mic (score 0.910, needed 0.500)"


def test_a_pattern_is_called_by_its_name(caplog: pytest.LogCaptureFixture) -> None:
    """Two claps and three claps are two different lines."""
    caplog.set_level(logging.INFO)
    open_sink("log:")(replace(EVENT, pattern="bell x2"))
    assert caplog.records[0].getMessage().startswith("heard bell x2 at 1.00 s")
