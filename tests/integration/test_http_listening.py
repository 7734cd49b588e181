"""The server's own sources: ``serve --listen``."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import soundfile

from tests.integration.http_server import Served, serving, sse
from tests.integration.http_streams import RATE, library, served, whistle_and_knock
from tests.waiting import wait_until

pytest.importorskip("fastapi")

pytestmark = pytest.mark.slow
__all__ = ["library", "served"]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "kitchen.wav"
    soundfile.write(path, whistle_and_knock(), RATE)
    return path


def _listening(served: Served) -> Callable[[], dict[str, Any]]:
    return lambda: httpx.get(f"{served.url}/listening").json()


def test_own_sources_are_heard_and_controlled(library: Path, recording: Path) -> None:
    """serve --listen: events and moments to readers, start and stop, figures for Prometheus."""
    with (
        serving(library, listen=(f"file:{recording}",), realtime=False) as served,
        served.client() as client,
    ):
        state = _listening(served)
        wait_until(lambda: state()["sources"] and state()["sources"][0]["state"] == "ended")
        wait_until(lambda: not state()["listening"])
        kinds, sounds = set(), []
        with client.stream("GET", "/events?moments=true") as live:
            started = client.post("/listening", json={"listening": True})
            assert started.status_code == 200, started.text
            for event in sse(live.iter_lines()):
                kinds.add(event["event"])
                if event["event"] == "wake":
                    sounds.append(event["data"]["sound"])
                if len(sounds) == 2:
                    break
        assert sounds == ["whistle", "double knock"]
        assert {"level", "scores", "wake"} <= kinds
        assert client.post("/listening", json={"listening": False}).json()["wanted"] is False
        text = client.get("/metrics").text
        name = f"file:{recording}"
        assert (
            f'wakesound_events_total{{name="whistle",sound="whistle",stream="{name}"}} 2.0' in text
        )
        assert f'wakesound_gate_open_ratio{{stream="{name}"}}' in text
        for bad in ({}, {"mute_seconds": -1}, {"mute_seconds": 1e9}, {"listen": True}):
            assert client.post("/listening", json=bad).status_code == 422


def test_a_muted_source_is_not_heard(library: Path, recording: Path) -> None:
    """While it is muted nothing wakes."""
    with (
        serving(library, listen=(f"file:{recording}",), realtime=False) as served,
        served.client() as client,
    ):
        state = _listening(served)
        wait_until(lambda: state()["sources"] and state()["sources"][0]["state"] == "ended")
        wait_until(lambda: not served.service.hearing.listening)
        before = served.service.feed._count
        muted = client.post("/listening", json={"mute_seconds": 60, "listening": True}).json()
        assert 50 < muted["muted_seconds"] <= 60
        wait_until(lambda: not served.service.hearing.listening)
        assert client.get("/listening").json()["muted_seconds"] > 0  # the feed has its turn before
        assert served.service.feed._count == before


def test_it_waits_for_the_first_sound(library: Path, recording: Path, tmp_path: Path) -> None:
    """With an empty library it says that it waits, and begins with the first sound."""
    folder = tmp_path / "later"
    with serving(folder, listen=(f"file:{recording}",), realtime=False) as served:
        state = _listening(served)
        assert state()["problem"] == "there are no sounds yet"
        shutil.copytree(library, folder, dirs_exist_ok=True)
        wait_until(lambda: state()["sources"])
        assert state()["problem"] == ""


def test_a_source_that_cannot_be_opened_is_told(library: Path, tmp_path: Path) -> None:
    """The rest is served all the same, and a new start says what is wrong."""
    with (
        serving(library, listen=(f"file:{tmp_path / 'gone.wav'}",)) as served,
        served.client() as client,
    ):
        assert client.get("/health").json()["ready"]
        assert "gone.wav" in client.get("/listening").json()["problem"]
        answer = client.post("/listening", json={"listening": True})
        assert answer.status_code >= 400
        assert "gone.wav" in answer.json()["detail"]


def test_without_a_source_listening_is_refused(served: Served) -> None:
    """Starting nothing says how to have something."""
    with served.client() as client:
        answer = client.post("/listening", json={"listening": True})
        assert (answer.status_code, answer.json()["error"]) == (409, "no_sources")
