"""Labels as binary sensors, at a real broker."""

from __future__ import annotations

import json
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

from runtime.services.mqtt.alerts import AlertPublisher
from runtime.services.mqtt.device import Device, identifier
from runtime.sinks._broker import parse
from tests.integration.discovery_rules import check_discovery
from tests.integration.mosquitto import Mosquitto, mosquitto
from tests.waiting import wait_until
from wakeword.labels.watch import Alert

DEMO = Path(__file__).parents[2] / "assets" / "demo"
DEVICE = Device("hall", "Hall")
CONFIG, AVAILABILITY = "homeassistant/device/hall/config", "wakesound/hall/availability"
DOG, GLASS = "dog barking", "玻璃破碎"
ON = "wakesound/hall/label/dog_barking/state"


@pytest.fixture
def broker() -> Iterator[Mosquitto]:
    with mosquitto() as started:
        yield started


def publisher(broker: Mosquitto, *labels: str) -> AlertPublisher:
    made = AlertPublisher(parse(broker.uri)[0], DEVICE, labels, latest_answer_seconds=0.01)
    made.start()
    return made


def alert(ended: bool, source: str = "mic") -> Alert:
    return Alert(DOG, 0.9, 0.65, 16000, 48000, 16000, ended=ended, source=source, clip="a.wav")


def test_a_label_is_on_while_its_alert_lasts(broker: Mosquitto) -> None:
    """Home Assistant can read the device; states and attributes follow the alert."""
    with broker.client() as ear:
        ear.hear("#")
        hall = publisher(broker, DOG, GLASS)
        try:
            ear.wait(AVAILABILITY, lambda seen: seen[-1:] == ["online"])
            described = json.loads(ear.wait(CONFIG)[-1])
            check_discovery(CONFIG, described)
            assert {c["name"]: c["p"] for c in described["cmps"].values()} == {
                DOG: "binary_sensor",
                GLASS: "binary_sensor",
            }
            ear.wait(ON, lambda seen: seen[-1:] == ["OFF"])
            hall.publish(alert(False))
            ear.wait(ON, lambda seen: seen[-1:] == ["ON"])
            hall.publish(alert(True))
            ear.wait(ON, lambda seen: seen[-1:] == ["OFF"])
            attributes = ear.json("wakesound/hall/label/dog_barking/attributes")
            assert attributes[-1]["score"] == 0.9
            assert (attributes[-1]["end"], attributes[-1]["clip"]) == (3.0, "a.wav")
            assert ear.on(f"wakesound/hall/label/{identifier(GLASS)}/state")[-1] == "OFF"
        finally:
            hall.close()
        ear.wait(AVAILABILITY, lambda seen: seen[-1:] == ["offline"])


def test_on_until_no_source_hears_it(broker: Mosquitto) -> None:
    """Two microphones hear the dog: it is on until both have ended; at the end all is off."""
    with broker.client() as ear:
        ear.hear("#")
        hall = publisher(broker, DOG)
        try:
            for told in (alert(False, "a"), alert(False, "b"), alert(True, "a")):
                hall.publish(told)
            ear.wait(ON, lambda seen: seen[-1:] == ["ON"])
            hall.publish(alert(True, "b"))
            ear.wait(ON, lambda seen: seen[-1:] == ["OFF"])
            hall.publish(alert(False, "a"))
            ear.wait(ON, lambda seen: seen[-1:] == ["ON"])
        finally:
            hall.close()
        ear.wait(ON, lambda seen: seen[-1:] == ["OFF"])


def test_labels_of_an_earlier_run_are_removed(broker: Mosquitto) -> None:
    """What is not watched for any more is taken back, its states too."""
    publisher_before = publisher(broker, DOG, GLASS)
    with broker.client() as ear:
        ear.hear("#")
        ear.wait(ON)
        publisher_before.close()
        hall = publisher(broker, GLASS)
        try:
            ear.wait(ON, lambda seen: seen[-1:] == [""])
            ear.wait(CONFIG, lambda seen: len(json.loads(seen[-1])["cmps"]) == 1)
            assert {"p": "binary_sensor"} in [
                component for message in ear.json(CONFIG) for component in message["cmps"].values()
            ]
        finally:
            hall.close()


def test_states_come_again_when_home_assistant_starts(broker: Mosquitto) -> None:
    """After its birth message everything is published anew."""
    with broker.client() as ear:
        ear.hear("#")
        hall = publisher(broker, DOG)
        try:
            ear.wait(ON)
            before = len(ear.on(CONFIG))
            ear.say("homeassistant/status", "online")
            wait_until(lambda: len(ear.on(CONFIG)) > before, "nothing came again")
        finally:
            hall.close()


def test_broker_that_is_away_holds_nothing_up(broker: Mosquitto) -> None:
    """Publishing and closing return soon though nobody answers."""
    broker.stop()
    hall = publisher(broker, DOG)
    hall.publish(alert(False))
    hall.close()


@pytest.mark.slow
def test_command_line(broker: Mosquitto, tmp_path: Path) -> None:
    """``wakesound monitor --broker``: on when it is heard; a signal ends it in order."""
    take, rate = soundfile.read(DEMO / "whistle_1.flac", dtype="int16")
    assert rate == 16000
    quiet = np.zeros(2 * rate, np.int16)
    with broker.client() as ear:
        ear.hear("#")
        call = [sys.executable, "-m", "runtime", "monitor", "--source", "-", "--json"]
        process = subprocess.Popen(
            [*call, "--labels", "whistling:0.3", "--broker", broker.uri, "--id", "hall"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "WAKESOUND_LIBRARY": str(tmp_path), "WAKESOUND_CONFIG": ""},
        )
        killer = threading.Timer(60, process.kill)
        killer.start()
        try:
            assert process.stdin is not None
            ear.wait(AVAILABILITY, lambda seen: seen[-1:] == ["online"])
            process.stdin.write(np.concatenate([quiet, take[:rate], take[:rate]]).tobytes())
            process.stdin.flush()
            ear.wait("wakesound/hall/label/whistling/state", lambda seen: seen[-1:] == ["ON"])
            process.send_signal(signal.SIGTERM)
            told = process.stdout.read().decode() if process.stdout else ""
            assert process.wait() == 0
        finally:
            process.kill()
            killer.cancel()
            process.communicate()
        ear.wait("wakesound/hall/label/whistling/state", lambda seen: seen[-1:] == ["OFF"])
        ear.wait(AVAILABILITY, lambda seen: seen[-1:] == ["offline"])
    events = [json.loads(line) for line in told.splitlines()]
    assert [event["event"] for event in events] == ["begin", "alert", "end"]
