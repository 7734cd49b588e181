"""Identifiers of events."""

from __future__ import annotations

from dataclasses import replace

from runtime.history.store import identified
from wakeword.events import WakeEvent

EVENT = WakeEvent("bell", 0.9, 0.5, 1600, 3200, 16000)


def test_a_recording_names_its_events_alike() -> None:
    """The same event of the same source has the same name in every run, whatever its score."""
    first = identified(EVENT, "file:a.wav")
    assert first.source == "file:a.wav"
    assert len(first.id) == 16
    assert identified(replace(EVENT, score=0.8), "file:a.wav").id == first.id


def test_everything_else_makes_another_name() -> None:
    """Source, sound, time and session all count."""
    ids = {
        identified(EVENT, "file:a.wav").id,
        identified(EVENT, "file:b.wav").id,
        identified(replace(EVENT, sound="clap"), "file:a.wav").id,
        identified(replace(EVENT, start=1601), "file:a.wav").id,
        identified(replace(EVENT, end=3201), "file:a.wav").id,
        identified(EVENT, "file:a.wav", "monday").id,
        identified(EVENT, "file:a.wav", "tuesday").id,
    }
    assert len(ids) == 7
