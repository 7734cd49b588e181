"""What Home Assistant commands is done, and nothing else."""

from __future__ import annotations

import json
import threading

import pytest

from tests.integration.mosquitto import Ear, Mosquitto
from tests.integration.mqtt.topics import (
    AVAILABILITY,
    BELL,
    EVENTS,
    KEY,
    LISTENING,
    STATE,
    THRESHOLDS,
    wait_online,
)
from tests.integration.mqtt_device import HIGH, LOW, WHISTLE, Room, Running
from tests.waiting import TIMEOUT_SECONDS, wait_until
from wakeword.library.library import SoundLibrary


def last(ear: Ear, topic: str) -> object:
    """What was said there last, read as JSON."""
    return ear.json(topic)[-1]


@pytest.mark.usefixtures("device")
def test_listening_can_be_switched_off(ear: Ear, room: Room) -> None:
    """Off lets go of the microphone: no event and no level. On hears again."""
    assert ear.on(LISTENING) == ["ON"]
    ear.say(f"{LISTENING}/set", "OFF")
    ear.wait(LISTENING, lambda said: said[-1] == "OFF")
    assert not room.heard.is_set()
    room.play(LOW)
    ear.wait(STATE, lambda said: json.loads(said[-1])["level"] is None)
    ear.say(f"{LISTENING}/set", "ON")
    ear.wait(LISTENING, lambda said: said[-1] == "ON")
    assert room.heard.wait(TIMEOUT_SECONDS)
    room.play(HIGH)
    ear.wait(EVENTS)
    assert [event["event_type"] for event in ear.json(EVENTS)] == [WHISTLE]
    assert "offline" not in ear.on(AVAILABILITY)


def test_a_stop_is_never_lost(broker: Mosquitto, ear: Ear, library: SoundLibrary) -> None:
    """Also right after the start, while it connects and is being commanded."""
    ear.say(f"{LISTENING}/set", "OFF", retain=True)
    for number in range(40):
        with Running(broker, library, [Room()]):
            threading.Event().wait(number / 500)


def test_off_outlives_a_restart(
    broker: Mosquitto, ear: Ear, library: SoundLibrary, room: Room
) -> None:
    """Home Assistant's command is retained: who does not want to be heard stays unheard."""
    ear.say(f"{LISTENING}/set", "OFF", retain=True)
    with Running(broker, library, [room]):
        ear.wait(LISTENING, lambda said: said[-1] == "OFF")
        assert not room.heard.is_set()


def test_thresholds_can_be_set(
    ear: Ear, device: Running, library: SoundLibrary, room: Room
) -> None:
    """They are kept in the library and count at once."""
    assert last(ear, THRESHOLDS) == {BELL: 0.9, KEY: 0.9}
    ear.say(f"{THRESHOLDS}/{KEY}/set", "1.5")
    ear.wait(THRESHOLDS, lambda said: json.loads(said[-1])[KEY] == 1.5)
    assert library.get(WHISTLE).threshold == 1.5
    wait_until(lambda: device.listener.stats.reloads == 1, "it was not reloaded")
    room.play(HIGH)
    room.play(LOW)
    ear.wait(EVENTS)
    assert [event["event_type"] for event in ear.json(EVENTS)] == ["door bell"]


@pytest.mark.usefixtures("device")
@pytest.mark.parametrize("value", ["", "nan", "inf", "7", "loud", "1e999", "\x00"])
def test_nonsense_changes_nothing(
    ear: Ear, library: SoundLibrary, caplog: pytest.LogCaptureFixture, value: str
) -> None:
    """No number, no such sound, no switch: told, and nothing changes."""
    ear.say(f"{THRESHOLDS}/{KEY}/set", value)
    wait_until(lambda: "is no threshold" in caplog.text, "nobody said anything")
    ear.say(f"{THRESHOLDS}/nobody/set", "0.5")
    ear.say(f"{LISTENING}/set", value)
    ear.say(f"{THRESHOLDS}/{BELL}/set", "0.25")
    ear.wait(THRESHOLDS, lambda said: json.loads(said[-1])[BELL] == 0.25)
    assert library.get(WHISTLE).threshold == 0.9
    assert set(ear.on(LISTENING)) == {"ON"}


def test_old_thresholds_are_not_taken(broker: Mosquitto, ear: Ear, library: SoundLibrary) -> None:
    """A command that the broker kept does not undo what was set since then."""
    ear.say(f"{THRESHOLDS}/{KEY}/set", "0.1", retain=True)
    with Running(broker, library, [Room()]):
        wait_online(ear)
        ear.say(f"{THRESHOLDS}/{BELL}/set", "0.25")
        ear.wait(THRESHOLDS, lambda said: json.loads(said[-1])[BELL] == 0.25)
    assert library.get(WHISTLE).threshold == 0.9
