"""The programs that the service is for, where they are installed; they take half a minute.

    pip install wyoming-satellite         in an environment of its own
    pip install homeassistant wyoming     in another one, of the Python that it needs
    WAKESOUND_SATELLITE=.../bin/python WAKESOUND_HOME_ASSISTANT=.../bin/python \
        pytest tests/integration/test_wyoming_peers.py
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("wyoming", reason="the extra 'wyoming' is not installed")

from wyoming.satellite import RunSatellite

from tests.integration.wyoming_service import (
    RATE,
    Service,
    enroll_demo,
    noisy_minute,
    pcm,
    service,
    talking,
)
from tests.ports import free_port
from tests.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.slow

SATELLITE = os.environ.get("WAKESOUND_SATELLITE", "")
HOME_ASSISTANT = os.environ.get("WAKESOUND_HOME_ASSISTANT", "")
HEARD = noisy_minute(12.0, 17.0)
"""A whistle at 13.9 s."""
_PLAY = f"""
import sys, time
data = open(sys.argv[1], "rb").read()
while True:
    for offset in range(0, len(data), 2048):
        sys.stdout.buffer.write(data[offset:offset + 2048])
        sys.stdout.buffer.flush()
        time.sleep(1024 / {RATE})
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Service]:
    """A service with the shipped sounds."""
    enroll_demo(tmp_path / "library", "whistle", "double knock")
    with service(tmp_path / "library") as served:
        yield served


@pytest.mark.skipif(
    not SATELLITE, reason="WAKESOUND_SATELLITE names no Python with wyoming-satellite"
)
def test_satellite_wakes(served: Service, tmp_path: Path) -> None:
    """A satellite hears the whistle in its microphone and tells its server and its command."""
    recording, player, told = (tmp_path / name for name in ("heard.raw", "play.py", "told"))
    recording.write_bytes(pcm(HEARD))
    player.write_text(_PLAY)
    uri = f"tcp://127.0.0.1:{free_port()}"
    satellite = subprocess.Popen(
        [
            *(SATELLITE, "-m", "wyoming_satellite", "--uri", uri, "--no-zeroconf"),
            *("--mic-command", f"{sys.executable} {player} {recording}"),
            *("--wake-uri", served.uri, "--wake-word-name", "whistle"),
            *("--detection-command", f"tee {told}"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    with satellite:
        try:
            asyncio.run(asyncio.wait_for(_woken(uri), 2 * TIMEOUT_SECONDS))
        finally:
            satellite.terminate()
    assert told.read_text() == "whistle"


async def _woken(uri: str) -> None:
    """Be the satellite's server until it wakes and streams what comes after."""
    while True:
        try:
            async with talking(uri) as talk:
                await talk.client.write_event(RunSatellite().event())
                events = await talk.answers("audio-chunk")
                assert [event.type for event in events] == ["run-pipeline", "audio-chunk"]
                return
        except OSError:  # it has not started yet
            await asyncio.sleep(0.1)


@pytest.mark.skipif(
    not HOME_ASSISTANT, reason="WAKESOUND_HOME_ASSISTANT names no Python with Home Assistant"
)
def test_home_assistant_wakes(served: Service) -> None:
    """Home Assistant finds the sounds and wakes on the one that was chosen, on no other."""
    whistle = _home_assistant(served, "whistle")
    assert whistle["name"] == "wakesound"
    assert whistle["offered"] == [[name] * 3 for name in ("double knock", "whistle")]
    sound, phrase, timestamp = whistle["detected"]
    assert (sound, phrase) == ("whistle", "whistle")
    assert 1899 < timestamp < 3000
    for other in ("double knock", "no such sound"):
        assert _home_assistant(served, other)["detected"] is None


def _home_assistant(served: Service, sound: str) -> dict[str, Any]:
    script = Path(__file__).with_name("home_assistant.py")
    peer = served.uri.removeprefix("tcp://").split(":")
    done = subprocess.run(
        [HOME_ASSISTANT, script, *peer, sound],
        input=pcm(HEARD),
        capture_output=True,
        timeout=2 * TIMEOUT_SECONDS,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
