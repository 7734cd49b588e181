"""What Home Assistant is told of the device, at a real broker."""

from __future__ import annotations

import json
import threading

import pytest

from runtime.services.mqtt.device import identifier
from tests.integration.discovery_rules import check_discovery
from tests.integration.mosquitto import Ear, Mosquitto
from tests.integration.mqtt.topics import (
    AVAILABILITY,
    BASE,
    BELL,
    CONFIG,
    EVENTS,
    KEY,
    THRESHOLDS,
    kept,
    wait_online,
)
from tests.integration.mqtt_device import LOW, WHISTLE, Room, Running
from tests.waiting import wait_until
from wakeword.library.library import SoundLibrary
from wakeword.testing import make_library, tone


@pytest.mark.usefixtures("device")
def test_home_assistant_finds_the_device(broker: Mosquitto) -> None:
    """One retained message describes all of it, by the documented rules."""
    found = kept(broker, "homeassistant/#")
    assert list(found) == [CONFIG]
    message = json.loads(found[CONFIG])
    check_discovery(CONFIG, message)
    assert {key: component["p"] for key, component in message["cmps"].items()} == {
        "listening": "switch",
        "event_mic": "event",
        "score_mic": "sensor",
        "level_mic": "sensor",
        f"trigger_{BELL}": "device_automation",
        f"threshold_{BELL}": "number",
        f"trigger_{KEY}": "device_automation",
        f"threshold_{KEY}": "number",
    }
    assert message["cmps"]["event_mic"]["event_types"] == ["door bell", WHISTLE]
    assert message["cmps"][f"trigger_{KEY}"]["subtype"] == WHISTLE


def test_each_source_has_its_entities(broker: Mosquitto, ear: Ear, library: SoundLibrary) -> None:
    """Two microphones are told apart, also in the events."""
    rooms = [Room("mic:Küche"), Room("mic:hall")]
    with Running(broker, library, rooms):
        wait_online(ear)
        message = ear.json(CONFIG)[-1]
        check_discovery(CONFIG, message)
        rooms[1].play(LOW)
        ear.wait(f"{BASE}/source/+/event")
    topics = {
        component["state_topic"]
        for component in message["cmps"].values()
        if component["p"] == "event"
    }
    assert len(topics) == 2
    heard = f"{BASE}/source/{identifier('mic:hall')}/event"
    assert heard in topics
    assert [event["source"] for event in ear.json(heard)] == ["mic:hall"]


@pytest.mark.usefixtures("device")
def test_birth_of_home_assistant_is_answered(ear: Ear) -> None:
    """Whoever starts later is told everything again."""
    before = len(ear.on(CONFIG)), len(ear.on(THRESHOLDS))
    ear.say("homeassistant/status", "offline")
    ear.say("homeassistant/status", "online")
    ear.wait(CONFIG, lambda said: len(said) == before[0] + 1)
    ear.wait(THRESHOLDS, lambda said: len(said) == before[1] + 1)


@pytest.mark.usefixtures("device")
def test_new_sounds_are_announced(ear: Ear, library: SoundLibrary, room: Room) -> None:
    """Enrolled while it runs: in the description, in the thresholds and heard."""
    make_library(library.folder, {"horn": tone(5000, 0.4)})
    ear.wait(CONFIG, lambda said: "horn" in said[-1])
    message = ear.json(CONFIG)[-1]
    check_discovery(CONFIG, message)
    assert message["cmps"]["event_mic"]["event_types"] == ["door bell", "horn", WHISTLE]
    ear.wait(THRESHOLDS, lambda said: "horn" in said[-1])

    def heard() -> bool:
        room.play(tone(5000, 0.4))
        threading.Event().wait(0.1)
        return bool(ear.on(EVENTS))

    wait_until(heard, "the new sound is not heard")
    assert ear.json(EVENTS)[0]["event_type"] == "horn"


def _removal(ear: Ear, key: str) -> list[object]:
    """What the descriptions said of a component, one after the other; None for nothing."""
    said = [message["cmps"].get(key) for message in ear.json(CONFIG)]
    return [one for number, one in enumerate(said) if number == 0 or one != said[number - 1]]


@pytest.mark.usefixtures("device")
def test_removed_sounds_leave_home_assistant(
    broker: Mosquitto, ear: Ear, library: SoundLibrary
) -> None:
    """Their entities are removed by a description without settings, then not mentioned."""
    library.remove(WHISTLE)
    ear.wait(CONFIG, lambda said: f"threshold_{KEY}" not in said[-1])
    for key, platform in ((f"threshold_{KEY}", "number"), (f"trigger_{KEY}", "device_automation")):
        assert _removal(ear, key)[1:] == [{"p": platform}, None]
    for message in ear.json(CONFIG):
        check_discovery(CONFIG, message)
    assert KEY not in kept(broker, CONFIG)[CONFIG]


def test_sounds_removed_meanwhile_leave_too(
    broker: Mosquitto, ear: Ear, library: SoundLibrary
) -> None:
    """What was removed while the bridge did not run, it removes when it starts again."""
    with Running(broker, library, [Room()]):
        wait_online(ear)
    library.remove(WHISTLE)
    before = len(ear.on(CONFIG))
    with Running(broker, library, [Room()]):
        ear.wait(CONFIG, lambda said: any('{"p": "number"}' in one for one in said[before:]))
        ear.wait(CONFIG, lambda said: KEY not in said[-1])
    assert _removal(ear, f"threshold_{KEY}")[-2:] == [{"p": "number"}, None]


def test_a_source_that_is_no_more_leaves_nothing(
    broker: Mosquitto, ear: Ear, library: SoundLibrary
) -> None:
    """A microphone that is not listened to any more: no entities, nothing kept."""
    with Running(broker, library, [Room(), Room("hall")]):
        wait_online(ear)
    ear.wait(AVAILABILITY, lambda said: said[-1] == "offline")
    hall = f"{BASE}/source/hall/state"
    assert hall in kept(broker, "#")
    with Running(broker, library, [Room()]):
        ear.wait(hall, lambda said: said[-1] == "")
        ear.wait(CONFIG, lambda said: "hall" not in said[-1])
    assert _removal(ear, "event_hall")[-2:] == [{"p": "event"}, None]
    assert hall not in kept(broker, "#")
