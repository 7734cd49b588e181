"""The HTTP service's watch for labels: audio in, looks and alerts out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.integration.http_server import WHISTLES, Served, enrolled, serving
from tests.waiting import TIMEOUT_SECONDS, wait_until
from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample
from wakeword.testing import noise, placed

pytest.importorskip("fastapi")

pytestmark = pytest.mark.slow

RATE = 16_000
LABELS = "whistling, dog barking, glass breaking"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("monitor") / "library") as served:
        yield served


def _stream(seconds: float = 12.0, at: float = 2.5) -> np.ndarray:
    """A quiet room in which somebody whistles once."""
    clip = read_audio(WHISTLES[0])
    return placed(noise(seconds), (at, resample(clip.samples, clip.rate, RATE)))


def _pcm(samples: np.ndarray) -> bytes:
    whole = np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2")
    return bytes(whole.tobytes())


def _open(served: Served, query: str = "") -> ClientConnection:
    return connect(f"ws://127.0.0.1:{served.port}/monitor{query}", open_timeout=TIMEOUT_SECONDS)


def _watched(served: Served, wanted: dict[str, Any], samples: np.ndarray) -> list[dict[str, Any]]:
    """Everything that is told of some audio."""
    with _open(served) as websocket:
        websocket.send(json.dumps(wanted))
        pcm = _pcm(samples)
        for offset in range(0, len(pcm), 32_000):
            websocket.send(pcm[offset : offset + 32_000])
        websocket.send('{"event": "end"}')
        return [json.loads(message) for message in websocket]


def _of(messages: list[dict[str, Any]], event: str) -> list[dict[str, Any]]:
    return [message for message in messages if message["event"] == event]


def test_an_alert_begins_and_ends_as_on_the_command_line(served: Served) -> None:
    """Looks once a second, one alert for one whistle, with its beginning and its end."""
    messages = _watched(served, {"labels": LABELS, "threshold": 0.5}, _stream())
    ready, looks, alerts = messages[0], _of(messages, "look"), _of(messages, "alert")
    assert [label["label"] for label in ready["labels"]] == LABELS.split(", ")
    assert {label["threshold"] for label in ready["labels"]} == {0.5}
    assert (ready["every_seconds"], ready["min_seconds"], ready["hold_seconds"]) == (1, 1, 3)
    assert [look["end"] for look in looks] == [float(second) for second in range(1, 13)]
    assert set(looks[0]["scores"]) == set(LABELS.split(", "))
    assert [(alert["label"], alert["state"]) for alert in alerts] == [
        ("whistling", "start"),
        ("whistling", "end"),
    ]
    begin, end = alerts
    assert begin["id"] == end["id"]
    assert 1.0 <= begin["start"] <= 4.0
    assert begin["threshold"] == 0.5
    assert messages[-1] == {"event": "end", "seconds": 12.0}


def test_each_label_has_a_threshold_of_its_own(served: Served) -> None:
    """In Chinese too; one that is out of reach never alerts, and others may compete."""
    wanted = {
        "labels": "口哨、狗叫",
        "thresholds": {"口哨": 1.0},
        "threshold": 0.4,
        "against": "music",
        "name": "hall",
    }
    messages = _watched(served, wanted, _stream())
    ready = messages[0]
    assert [(label["label"], label["threshold"]) for label in ready["labels"]] == [
        ("口哨", 1.0),
        ("狗叫", 0.4),
    ]
    assert ready["labels"][0]["text"] == "whistling"
    assert _of(messages, "alert") == []
    looks = _of(messages, "look")
    assert {look["source"] for look in looks} == {"ws:hall"}
    assert set(looks[0]["scores"]) == {"口哨", "狗叫", "music"}


def test_thresholds_are_fitted_to_a_budget(served: Served) -> None:
    """Without one of its own a label gets what its false alerts ask for: more of them, lower."""
    found = {}
    for budget in (0.5, 20.0):
        ready = _watched(served, {"labels": LABELS, "budget": budget}, _stream(1.0))[0]
        found[budget] = {label["label"]: label for label in ready["labels"]}
        for label in ready["labels"]:
            assert label["false_alerts_per_hour"] <= 1.2 * budget
    strict, loose = found[0.5], found[20.0]
    assert all(strict[name]["threshold"] >= loose[name]["threshold"] for name in strict)
    assert any(strict[name]["threshold"] > loose[name]["threshold"] for name in strict)


def test_a_threshold_changes_while_it_watches(served: Served) -> None:
    """The same sound is an alert after it, and none before."""
    with _open(served) as websocket:
        websocket.send(json.dumps({"labels": LABELS, "threshold": 1.0, "levels": True}))
        assert json.loads(websocket.recv())["event"] == "ready"
        websocket.send(_pcm(_stream(6.0)))
        before = [json.loads(websocket.recv()) for _ in range(66)]
        assert len(_of(before, "look")) == 6
        assert len(_of(before, "level")) == 60
        assert _of(before, "alert") == []
        websocket.send(json.dumps({"thresholds": {"whistling": 0.5}}))
        assert json.loads(websocket.recv()) == {
            "event": "changed",
            "thresholds": {"whistling": 0.5},
        }
        websocket.send(_pcm(_stream(6.0)))
        websocket.send('{"event": "end"}')
        after = [json.loads(message) for message in websocket]
    assert [alert["state"] for alert in _of(after, "alert")] == ["start", "end"]
    assert after[-1]["seconds"] == 12.0


@pytest.mark.parametrize(
    ("wanted", "code", "told"),
    [
        ({}, "bad_request", "label"),
        ({"labels": "whistling, whistling"}, "bad_request", "twice"),
        ({"labels": "whistling", "threshold": 2}, "bad_request", "threshold"),
        ({"labels": "whistling", "min_seconds": -1}, "bad_request", "minimum"),
        ({"labels": "whistling", "every_seconds": 9}, "bad_request", "window"),
        ({"labels": "zzgrmpf"}, "unknown_label", "zzgrmpf"),
        ({"labels": "whistling", "source": "server"}, "no_sources", "--source"),
    ],
)
def test_what_makes_no_sense_is_told(
    served: Served, wanted: dict[str, Any], code: str, told: str
) -> None:
    """The reason comes as a message, then the stream is closed."""
    with _open(served) as websocket:
        websocket.send(json.dumps(wanted))
        (message,) = [json.loads(text) for text in _until_closed(websocket)]
    assert message["error"] == code
    assert told in message["detail"]


def test_audio_before_the_labels_is_a_mistake(served: Served) -> None:
    """It says what is missing; so does a change of a label that is not there."""
    with _open(served) as websocket:
        websocket.send(bytes(3200))
        (message,) = [json.loads(text) for text in _until_closed(websocket)]
    assert "say first" in message["detail"]
    with _open(served, "?labels=whistling") as websocket:
        websocket.send(json.dumps({"thresholds": {"cow": 0.5}}))
        ready, message = (json.loads(text) for text in _until_closed(websocket))
    assert ready["labels"][0]["label"] == "whistling"
    assert "watched are: whistling" in message["detail"]


def test_the_servers_own_source_is_watched(tmp_path: Path) -> None:
    """What --listen hears leads to alerts too; who leaves is forgotten."""
    kitchen = tmp_path / "kitchen.wav"
    soundfile.write(kitchen, _stream(40.0, 3.0), RATE)
    library = enrolled(tmp_path / "library")
    with serving(library, listen=(f"file:{kitchen}",)) as served:
        wait_until(lambda: served.service.hearing.listening)
        with _open(served) as websocket:
            websocket.send(json.dumps({"labels": LABELS, "source": "server", "threshold": 0.5}))
            assert json.loads(websocket.recv())["source"] == "server"
            messages: list[dict[str, Any]] = []
            while not _of(messages, "alert"):
                messages.append(json.loads(websocket.recv(TIMEOUT_SECONDS)))
            assert messages[-1]["label"] == "whistling"
            assert messages[-1]["source"] == f"file:{kitchen}"
        wait_until(lambda: not served.service.hearing._followers)
        wait_until(lambda: served.service.audio_streams == 0)


def _until_closed(websocket: ClientConnection) -> list[str | bytes]:
    messages = []
    try:
        while True:
            messages.append(websocket.recv(TIMEOUT_SECONDS))
    except ConnectionClosed:
        return messages
