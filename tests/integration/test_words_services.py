"""A sound in words in the services: announced as any other, and heard, on the demo's recordings."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from enroll import Enrollment, enroll_files
from enroll.words import read_text
from tests.integration.cli_process import running
from tests.integration.discovery_rules import check_discovery
from tests.integration.http_server import serving
from tests.integration.mosquitto import mosquitto
from tests.waiting import wait_until
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample
from wakeword.embedding.weights import asset
from wakeword.encoders import create_encoder
from wakeword.engine import EngineConfig
from wakeword.labels import Classifier
from wakeword.library.library import SoundLibrary
from wakeword.testing import RATE, noise, placed

pytestmark = pytest.mark.slow

WHISTLE = asset("demo", "whistle_1.flac")
SECONDS = 30.0


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One sound, ``call``, that is nothing but the word for whistling."""
    folder, encoder = tmp_path_factory.mktemp("words") / "library", create_encoder("mini")
    text = read_text("口哨", Classifier(encoder))
    Enrollment(
        SoundLibrary(folder), encoder, "mini", "call", text=text, budget_per_hour=5.0
    ).finish()
    return folder


@pytest.fixture(scope="module")
def stream() -> FloatArray:
    """Four seconds at 16 kHz: a quiet room, and a whistle after a second."""
    clip = read_audio(WHISTLE)
    return placed(noise(4.0), (1.0, resample(clip.samples, clip.rate, RATE)))


def test_http(library: Path, stream: FloatArray) -> None:
    """It is listed with its words and wakes a client's stream."""
    pytest.importorskip("fastapi")
    from websockets.sync.client import connect

    with serving(library, engine_config=EngineConfig()) as served, served.client() as client:
        (sound,) = client.get("/sounds").json()["sounds"]
        assert (sound["name"], sound["takes"], sound["listening"]) == ("call", 0, True)
        assert (sound["text"], sound["understood"]) == ("口哨", "whistling")
        with connect(f"ws://127.0.0.1:{served.port}/ws", open_timeout=SECONDS) as websocket:
            (ready,) = json.loads(websocket.recv(timeout=SECONDS))["sounds"]
            assert ready["name"] == "call"
            websocket.send((np.clip(stream, -1, 1) * 32767).astype("<i2").tobytes())
            websocket.send('{"event": "end"}')
            told = [json.loads(message) for message in websocket]
        assert [event["sound"] for event in told if event["event"] == "wake"] == ["call"]


def test_http_hears_its_own_source(library: Path) -> None:
    """``serve --listen`` wakes on it: the encoder that is timed there still knows its words."""
    pytest.importorskip("fastapi")

    listen = (f"file:{WHISTLE}",)
    with (
        serving(library, engine_config=EngineConfig(), listen=listen, realtime=False) as served,
        served.client() as client,
    ):
        assert client.get("/listening").json()["problem"] == ""
        wait_until(lambda: client.get("/listening").json()["sources"][0]["state"] == "ended")
        assert client.get("/listening").json()["sources"][0]["events"] == 1


def test_the_last_take_of_a_sound_with_words_can_be_deleted(tmp_path: Path) -> None:
    """Over HTTP as in Python: the words are left."""
    pytest.importorskip("fastapi")
    folder, encoder = tmp_path / "library", create_encoder("mini")
    text = read_text("whistling", Classifier(encoder))
    enroll_files(SoundLibrary(folder), encoder, "call", [WHISTLE], text=text, encoder_spec="mini")
    with serving(folder) as served, served.client() as client:
        (take,) = client.get("/sounds/call/takes").json()
        assert client.delete(f"/sounds/call/takes/{take['file']}").status_code == 204
        sound = client.get("/sounds/call").json()
    assert (sound["takes"], sound["text"]) == (0, "whistling")


def test_mqtt(library: Path) -> None:
    """Home Assistant finds its trigger and its threshold, and the wake is published."""
    pytest.importorskip("paho.mqtt")
    with mosquitto() as broker, broker.client("ear") as ear:
        ear.hear("#")
        with running(
            *("mqtt", "--broker", broker.uri, "--id", "hall", "--library", library),
            *("--listen", f"file:{WHISTLE}", "--no-history"),
        ) as process:
            (said,) = ear.wait("wakesound/hall/source/+/event")
            _, errors = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, errors
        topic = "homeassistant/device/hall/config"
        found = ear.json(topic)[0]
        check_discovery(topic, found)
        assert {"trigger_call", "threshold_call"} <= found["cmps"].keys()
        assert json.loads(said)["sound"] == "call"


def test_wyoming(library: Path, stream: FloatArray) -> None:
    """It is one of the wake words of the service, and is detected when asked for."""
    pytest.importorskip("wyoming", reason="the extra 'wyoming' is not installed")
    from tests.integration.wyoming_service import service, talking

    async def talk(uri: str) -> None:
        async with talking(uri) as talk:
            assert [model.name for model in (await talk.program()).models] == ["call"]
            await talk.detect("call")
            await talk.stream(stream)
            event = await talk.answer()
            assert (event.type, event.data["name"]) == ("detection", "call")

    with service(library) as served:
        assert served.says == "with call. Ctrl-C ends."
        asyncio.run(asyncio.wait_for(talk(served.uri), SECONDS))
        assert served.stop() == (0, "")
