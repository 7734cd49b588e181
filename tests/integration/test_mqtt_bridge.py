"""The MQTT bridge with a real broker, and a listener that hears what is played to it."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from runtime.services.mqtt import bridge as bridge_module
from runtime.services.mqtt import link as link_module
from runtime.services.mqtt.device import identifier
from tests.integration.discovery_rules import check_discovery
from tests.integration.mosquitto import Ear, Mosquitto, mosquitto, wait_until
from tests.integration.mqtt_device import HIGH, LOW, WHISTLE, Room, Running, tape, two_sounds
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.library.library import SoundLibrary
from wakeword.library.records import PatternRecord
from wakeword.testing import RATE, ArraySource, make_library, silence, tone

BASE = "wakesound/kitchen"
CONFIG = "homeassistant/device/kitchen/config"
EVENTS = f"{BASE}/source/mic/event"
STATE = f"{BASE}/source/mic/state"
AVAILABILITY = f"{BASE}/availability"
LISTENING = f"{BASE}/listening"
THRESHOLDS = f"{BASE}/thresholds"
BELL, KEY = "door_bell", identifier(WHISTLE)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often, and answer Home Assistant soon."""
    monkeypatch.setattr(bridge_module, "PERIOD_SECONDS", 0.1)
    monkeypatch.setattr(bridge_module, "LATEST_ANSWER_SECONDS", 0.01)
    monkeypatch.setattr("runtime.listening.watch.PERIOD_SECONDS", 0.05)


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """The log, with what is said at level INFO."""
    caplog.set_level(logging.INFO)
    return caplog


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    """A broker that lets everybody in."""
    with mosquitto() as running:
        yield running


@pytest.fixture
def ear(broker: Mosquitto) -> Iterator[Ear]:
    """Somebody who hears everything."""
    with broker.client("ear", clean=False) as client:
        yield client.hear("#")


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """Two sounds."""
    return two_sounds(tmp_path / "library")


@pytest.fixture
def room() -> Room:
    """The microphone."""
    return Room()


@pytest.fixture
def device(broker: Mosquitto, ear: Ear, library: SoundLibrary, room: Room) -> Iterator[Running]:
    """A bridge that is online."""
    with Running(broker, library, [room]) as running:
        wait_online(ear)
        yield running


def wait_online(ear: Ear) -> None:
    """Wait until the bridge says that it is there."""
    ear.wait(AVAILABILITY, lambda said: said[-1:] == ["online"])


def last(ear: Ear, topic: str) -> object:
    """What was said there last, read as JSON."""
    return ear.json(topic)[-1]


def kept(broker: Mosquitto, *topics: str) -> dict[str, str]:
    """What the broker keeps under these topics."""
    with broker.client() as late:
        late.hear(*topics)
        late.say("the/end", "")
        late.hear("the/end")
        return {m.topic: m.payload.decode() for m in late.messages if m.retain}


# -- discovery -----------------------------------------------------------------------------


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


# -- events --------------------------------------------------------------------------------


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


def test_level_and_score_are_told(ear: Ear, device: Running, room: Room) -> None:
    """The level of the last second and the last score, and nothing while nothing changes."""
    room.play(LOW)
    ear.wait(STATE, lambda said: json.loads(said[-1])["score"] is not None)
    state = ear.json(STATE)[-1]
    assert -30 < state["level"] < -15
    assert state["score"] > 0.9
    said = len(ear.on(STATE))
    threading.Event().wait(0.5)
    assert len(ear.on(STATE)) == said


# -- the way there -------------------------------------------------------------------------


def test_a_clean_end_says_so(broker: Mosquitto, ear: Ear, library: SoundLibrary) -> None:
    """Offline at once; what describes the device stays, so that its settings do too."""
    with Running(broker, library, [Room()]):
        wait_online(ear)
    ear.wait(AVAILABILITY, lambda said: said[-1] == "offline")
    assert CONFIG in kept(broker, "homeassistant/#")


def test_events_wait_for_a_broker_that_restarts(
    broker: Mosquitto, ear: Ear, device: Running, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """What is heard in the meantime arrives afterwards, once and in order, told in two lines."""
    room.play(LOW)
    ear.wait(EVENTS)
    broker.stop()
    wait_until(lambda: "was lost" in caplog.text, "nobody noticed")
    room.play(HIGH)
    room.play(LOW)
    wait_until(lambda: device.bridge._outbox.events_waiting == 2, "nothing was heard")
    broker.start()
    ear.wait(EVENTS, lambda said: len(said) >= 3)
    room.play(HIGH)
    ear.wait(EVENTS, lambda said: len(said) >= 4)
    heard = [event["event_type"] for event in ear.json(EVENTS)]
    assert heard == ["door bell", WHISTLE, "door bell", WHISTLE]
    wait_online(ear)
    warnings = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len([line for line in warnings if "was lost" in line]) == 1
    assert len([line for line in warnings if "connected to" in line]) == 1


def test_a_burst_survives_a_restart(broker: Mosquitto, ear: Ear, library: SoundLibrary) -> None:
    """A broker that restarts in mid-stream loses none of a hundred events and mixes none up.

    The one on its way to the broker, and the one on its way from there, may come twice with the
    same id: nobody knows whether it had arrived.
    """
    topic = f"{BASE}/source/tape/event"
    with Running(broker, library, [ArraySource(tape(100), name="tape")]) as running:
        ear.wait(topic, lambda said: len(said) > 10)
        broker.stop()
        broker.start()
        running.wait()
    ear.wait(topic, lambda said: len(set(said)) >= 100)
    starts = {event["id"]: event["start"] for event in ear.json(topic)}
    assert len(starts) == 100
    assert list(starts.values()) == sorted(starts.values())
    assert len(ear.json(topic)) <= 102


def test_old_events_are_dropped(
    broker: Mosquitto,
    ear: Ear,
    library: SoundLibrary,
    room: Room,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """No light goes on long after the whistle: too old is never sent, and said so."""
    with Running(broker, library, [room], max_age_seconds=0.2) as running:
        wait_online(ear)
        broker.stop()
        room.play(LOW)
        wait_until(lambda: "heard door bell" in caplog.text, "nothing was heard")
        threading.Event().wait(0.3)
        broker.start()
        wait_until(lambda: "connected to" in caplog.text, "no connection")
        wait_until(lambda: running.bridge._outbox.dropped == 1, "nothing was dropped")
        room.play(HIGH)
        ear.wait(EVENTS)
    assert [event["event_type"] for event in ear.json(EVENTS)] == [WHISTLE]
    assert "wakes that were not published" in caplog.text


def test_a_broker_that_comes_later_is_waited_for(
    broker: Mosquitto, library: SoundLibrary, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """It listens meanwhile, says so once, and what was heard arrives."""
    broker.stop()
    with Running(broker, library, [room]):
        wait_until(lambda: "cannot be reached" in caplog.text, "nobody said anything")
        room.play(LOW)
        wait_until(lambda: "heard door bell" in caplog.text, "nothing was heard")
        broker.start()
        with broker.client() as ear:
            ear.hear("#").wait(f"{BASE}/#", lambda said: "online" in said)
            assert ear.json(CONFIG)
    assert caplog.text.count("cannot be reached: Connection refused; trying again") == 1


def test_encrypted_and_with_a_password(
    library: SoundLibrary, room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    """With the certificate and a password of special characters; and no log holds it."""
    caplog.set_level(logging.DEBUG)
    with mosquitto("p@ss:w/ord#", tls=True) as broker, broker.client() as ear:
        ear.hear("#")
        uri = f"mqtts://wake:p%40ss%3Aw%2Ford%23@{broker.address}"
        with Running(broker, library, [room], uri=uri, ca=broker.ca):
            wait_online(ear)
            room.play(LOW)
            ear.wait(EVENTS)
    assert "p@ss" not in caplog.text
    assert "p%40" not in caplog.text


@pytest.mark.parametrize(
    ("login", "scheme", "says"),
    [
        ("wake:wrong@", "mqtts", "refuses the user 'wake' or the password"),
        ("", "mqtts", "wants a user and a password"),
        ("wake:right@", "mqtt", "was lost|does not answer|cannot be reached"),
    ],
)
def test_what_is_refused_is_told(
    library: SoundLibrary, caplog: pytest.LogCaptureFixture, login: str, scheme: str, says: str
) -> None:
    """A wrong password, none, or no encryption: a clear line, and it is tried again."""
    with mosquitto("right", tls=True) as broker:
        uri = f"{scheme}://{login}{broker.address}"
        ca = broker.ca if scheme == "mqtts" else None
        with Running(broker, library, [Room()], uri=uri, ca=ca):
            wait_until(lambda: "trying again" in caplog.text, "nobody said anything")
    (record,) = [r for r in caplog.records if "trying again" in r.getMessage()][:1]
    assert any(part in record.getMessage() for part in says.split("|"))
    assert "wrong" not in caplog.text
    assert "right" not in caplog.text


# The MQTT library leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_certificate_nobody_trusts_is_refused(
    library: SoundLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    """Without --ca, a broker that signed for itself is not spoken to."""
    with (
        mosquitto(tls=True) as broker,
        Running(broker, library, [Room()], uri=f"mqtts://{broker.address}"),
    ):
        wait_until(lambda: "certificate that is not trusted" in caplog.text, "it was trusted")


def test_two_of_one_name_are_told(
    broker: Mosquitto,
    ear: Ear,
    library: SoundLibrary,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Clients with the same id end each other's connection; the way out is in the log."""
    monkeypatch.setattr(link_module, "FIRST_PAUSE_SECONDS", 0.01)

    def told(times: int) -> None:
        wait_until(lambda: caplog.text.count("was lost") >= times, "nobody noticed")

    with Running(broker, library, [Room()]) as running:
        for number in range(link_module.QUICK_LOSSES):
            wait_online(ear)
            with broker.client(running.device.client):
                told(number + 1)
        wait_until(lambda: "Choose another --id" in caplog.text, "nobody said anything")


def test_an_unknown_host_is_told(library: SoundLibrary, caplog: pytest.LogCaptureFixture) -> None:
    """By its name, in one line."""
    with Running(None, library, [Room()], uri="mqtt://u:hush@no.such.host.invalid"):  # type: ignore[arg-type]
        wait_until(lambda: "trying again" in caplog.text, "nobody said anything")
    assert "mqtt://no.such.host.invalid:1883 cannot be reached" in caplog.text
    assert "hush" not in caplog.text


# -- commands ------------------------------------------------------------------------------


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
    assert room.heard.wait(5)
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


# -- the command line ----------------------------------------------------------------------


@pytest.fixture
def cli(tmp_path: Path) -> list[str]:
    """The words that run the bridge in a process, over a recording of one event by the clock."""
    samples = tape(4)
    make_library(tmp_path / "sounds", {"bell": LOW}, LogMelEncoder(), encoder_spec="logmel")
    soundfile.write(tmp_path / "tape.wav", samples, RATE)
    return [
        *(sys.executable, "-m", "runtime", "mqtt", "--library", str(tmp_path / "sounds")),
        *("--listen", str(tmp_path / "tape.wav"), "--realtime", "--id", "kitchen", "--no-history"),
    ]


def test_a_killed_process_leaves_its_will(broker: Mosquitto, ear: Ear, cli: list[str]) -> None:
    """The broker says offline for it."""
    env = {**os.environ, "WAKESOUND_BROKER": broker.uri}
    process = subprocess.Popen(cli, env=env, stderr=subprocess.PIPE)
    with process:
        ear.wait(f"{BASE}/source/+/event")
        assert ear.on(AVAILABILITY) == ["online"]
        process.kill()
    ear.wait(AVAILABILITY, lambda said: said[-1] == "offline")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(
    broker: Mosquitto, ear: Ear, cli: list[str], number: signal.Signals
) -> None:
    """Exit status 0, nothing but the first line on stderr, offline said by itself."""
    process = subprocess.Popen([*cli, "--broker", broker.uri], stderr=subprocess.PIPE, text=True)
    with process:
        wait_online(ear)
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert err.startswith("Listening to ")
    assert len(err.splitlines()) == 1
    ear.wait(AVAILABILITY, lambda said: said == ["online", "offline"])


def test_forget_leaves_nothing_behind(broker: Mosquitto, ear: Ear, cli: list[str]) -> None:
    """Not while it runs; afterwards the broker keeps nothing, and the device is removed."""
    call = [*cli, "--broker", broker.uri]
    process = subprocess.Popen(call, stderr=subprocess.PIPE)
    with process:
        wait_online(ear)
        refused = subprocess.run([*call, "--forget"], capture_output=True, text=True, check=False)
        assert refused.returncode == 2
        assert "end 'wakesound mqtt' first" in refused.stderr
        process.terminate()
    ear.say(f"{LISTENING}/set", "ON", retain=True)
    done = subprocess.run([*call, "--forget"], capture_output=True, text=True, check=True)
    assert "has forgotten the device kitchen" in done.stdout
    assert kept(broker, "#") == {}
    assert ear.on(CONFIG)[-1] == ""
    again = subprocess.run([*call, "--forget"], capture_output=True, text=True, check=True)
    assert "knows no device kitchen" in again.stdout
