"""Brokers that are away, come back, refuse, or take somebody else of the same name."""

from __future__ import annotations

import logging

import pytest

from runtime.services.mqtt.link import MAX_AGE_SECONDS, QUICK_LOSSES
from tests.integration.mosquitto import Ear, Mosquitto, mosquitto
from tests.integration.mqtt.topics import AVAILABILITY, BASE, CONFIG, EVENTS, kept, wait_online
from tests.integration.mqtt_device import HIGH, LOW, WHISTLE, Room, Running, tape
from tests.waiting import wait_until
from wakeword.library.library import SoundLibrary
from wakeword.testing import ArraySource


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
    now = [1000.0]
    with Running(broker, library, [room], clock=lambda: now[0]) as running:
        wait_online(ear)
        broker.stop()
        room.play(LOW)
        wait_until(lambda: running.bridge._outbox.events_waiting == 1, "nothing was heard")
        now[0] += MAX_AGE_SECONDS + 1
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
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Clients with the same id end each other's connection; the way out is in the log."""

    def told(times: int) -> None:
        wait_until(lambda: caplog.text.count("was lost") >= times, "nobody noticed")

    with Running(broker, library, [Room()], first_pause_seconds=0.01) as running:
        for number in range(QUICK_LOSSES):
            wait_online(ear)
            with broker.client(running.device.client):
                told(number + 1)
        wait_until(lambda: "choose another --id" in caplog.text, "nobody said anything")


def test_an_unknown_host_is_told(library: SoundLibrary, caplog: pytest.LogCaptureFixture) -> None:
    """By its name, in one line."""
    with Running(None, library, [Room()], uri="mqtt://u:hush@no.such.host.invalid"):  # type: ignore[arg-type]
        wait_until(lambda: "trying again" in caplog.text, "nobody said anything")
    assert "mqtt://no.such.host.invalid:1883 cannot be reached" in caplog.text
    assert "hush" not in caplog.text
