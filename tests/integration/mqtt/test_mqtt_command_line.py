"""``wakesound mqtt`` in a process of its own, at a real broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from tests.integration.mosquitto import Ear, Mosquitto
from tests.integration.mqtt.topics import AVAILABILITY, BASE, CONFIG, LISTENING, kept, wait_online
from tests.integration.mqtt_device import LOW, tape
from tests.waiting import TIMEOUT_SECONDS
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.testing import RATE, make_library

pytestmark = pytest.mark.slow


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
        _, err = process.communicate(timeout=TIMEOUT_SECONDS)
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
