from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.mosquitto import Ear, Mosquitto, mosquitto
from tests.integration.mqtt.topics import wait_online
from tests.integration.mqtt_device import Room, Running, two_sounds
from wakeword.library.library import SoundLibrary


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes of the library are seen soon."""
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
