"""Wakes and states, at a real broker."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest

from tests.integration.mosquitto import Ear, Mosquitto
from tests.integration.mqtt.topics import (
    AVAILABILITY,
    BASE,
    CONFIG,
    EVENTS,
    KEY,
    STATE,
    THRESHOLDS,
    kept,
    wait_online,
)
from tests.integration.mqtt_device import HIGH, LOW, WHISTLE, Room, Running, tape
from wakeword.library.library import SoundLibrary
from wakeword.library.records import PatternRecord
from wakeword.testing import ArraySource, make_library, silence, tone


def test_a_wake_is_published(broker: Mosquitto, ear: Ear, device: Running, room: Room) -> None:
    """As JSON with what Home Assistant needs and all else, with QoS 1, and not retained."""
    room.play(HIGH)
    ear.wait(EVENTS)
    (event,) = ear.json(EVENTS)
    assert event["event_type"] == WHISTLE
    assert event["type_id"] == KEY
    assert event["sound"] == WHISTLE
    assert event["source"] == "mic"
    assert event["score"] >= event["threshold"] == 0.9
    assert event["end"] > event["start"] > 0
    assert len(event["id"]) == 16
    assert event["time"].endswith("+00:00")
    (message,) = [m for m in ear.messages if m.topic == EVENTS]
    assert (message.qos, message.retain) == (1, False)
    assert EVENTS not in kept(broker, "#")
    trigger = ear.json(CONFIG)[-1]["cmps"][f"trigger_{KEY}"]
    assert trigger["payload"] == event["type_id"]


def test_a_pattern_is_published_by_its_name(
    broker: Mosquitto, ear: Ear, library: SoundLibrary, room: Room
) -> None:
    """Two in a row are an event type and a trigger of their own; the sound is named beside."""
    click = tone(1000, 0.06)
    make_library(library.folder, {"click": click})
    library.set_patterns("click", [PatternRecord(beats=2, wait_seconds=0.6)])
    with Running(broker, library, [room]):
        wait_online(ear)
        room.play(np.concatenate([click, silence(0.24), click]))
        ear.wait(EVENTS)
    (event,) = ear.json(EVENTS)
    assert (event["event_type"], event["sound"]) == ("click x2", "click")
    found = ear.json(CONFIG)[-1]["cmps"]
    assert "click x2" in found["event_mic"]["event_types"]
    assert "click" not in found["event_mic"]["event_types"]
    assert found["trigger_click_x2"]["payload"] == event["type_id"]
    assert "threshold_click" in found


def test_a_burst_arrives_whole_and_in_order(
    broker: Mosquitto, ear: Ear, library: SoundLibrary
) -> None:
    """A hundred events at once: each one time, in order; then the bridge ends by itself."""
    with Running(broker, library, [ArraySource(tape(100), name="tape")]) as running:
        running.wait()
    ear.wait(AVAILABILITY, lambda said: said[-1:] == ["offline"])
    events = ear.json(f"{BASE}/source/tape/event")
    assert len(events) == 100
    assert len({event["id"] for event in events}) == 100
    assert [event["start"] for event in events] == sorted(event["start"] for event in events)


@pytest.mark.usefixtures("device")
def test_level_and_score_are_told(ear: Ear, library: SoundLibrary, room: Room) -> None:
    """The level of the last second and the last score, and nothing while nothing changes."""
    room.play(LOW)
    ear.wait(STATE, lambda said: json.loads(said[-1])["score"] is not None)
    state = ear.json(STATE)[-1]
    assert -30 < state["level"] < -15
    assert state["score"] > 0.9

    def look(threshold: float) -> None:
        library.set_threshold(WHISTLE, threshold, 5.0)
        ear.wait(THRESHOLDS, lambda said: json.loads(said[-1])[KEY] == threshold)

    for threshold in (0.91, 0.92, 0.93):  # each is told after one more look at the least
        look(threshold)
    told = ear.on(STATE)
    assert all(one != next_ for one, next_ in pairwise(told)), told
