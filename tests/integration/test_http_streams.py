"""Live streams of the HTTP service: events out, audio in, sources of its own."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from runtime.history.store import History, HistoryConfig
from tests.integration.http_server import (
    DEMO,
    KNOCKS,
    WHISTLES,
    Served,
    enrolled,
    serving,
    sse,
    upload,
)
from tests.waiting import TIMEOUT_SECONDS, wait_until
from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample
from wakeword.testing import noise, placed

pytest.importorskip("fastapi")

RATE = 16_000


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return enrolled(tmp_path_factory.mktemp("http") / "library")


@pytest.fixture(scope="module")
def served(library: Path) -> Iterator[Served]:
    with serving(library) as served:
        yield served


def _stream() -> np.ndarray:
    """Six seconds: a whistle at 1.5 s and a double knock at 4 s."""
    sounds = [(1.5, WHISTLES[0]), (4.0, KNOCKS[0])]
    clips = [(at, read_audio(path)) for at, path in sounds]
    return placed(
        noise(6.0), *((at, resample(clip.samples, clip.rate, RATE)) for at, clip in clips)
    )


def _pcm(samples: np.ndarray, channels: int = 1) -> bytes:
    whole = np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2")
    return np.repeat(whole[:, None], channels, axis=1).tobytes()


def _open(served: Served, query: str = "") -> ClientConnection:
    return connect(f"ws://127.0.0.1:{served.port}/ws{query}", open_timeout=TIMEOUT_SECONDS)


def _messages(websocket: ClientConnection) -> list[dict[str, Any]]:
    """All until it is closed."""
    return [json.loads(message) for message in websocket]


def _heard(messages: list[dict[str, Any]]) -> list[str]:
    return [message["sound"] for message in messages if message["event"] == "wake"]


# -- WebSocket -----------------------------------------------------------------------------


def test_pcm_in_events_out(served: Served) -> None:
    """Raw 16-bit mono at 16 kHz needs no declaration; the end is told with its length."""
    with _open(served) as websocket:
        pcm = _pcm(_stream())
        for offset in range(0, len(pcm), 3200):
            websocket.send(pcm[offset : offset + 3200])
        websocket.send('{"event": "end"}')
        first, *rest = _messages(websocket)
    assert first["event"] == "ready"
    assert [sound["name"] for sound in first["sounds"]] == ["double knock", "whistle"]
    assert _heard(rest) == ["whistle", "double knock"]
    assert rest[-1] == {"event": "end", "seconds": 6.0}
    wake = rest[0]
    assert 1.3 < wake["end"] < 3.0
    assert wake["source"] == "ws"
    assert len(wake["id"]) == 16


@pytest.mark.parametrize("how", ["query", "message"])
def test_any_format_can_be_declared(served: Served, how: str) -> None:
    """Another rate and more channels, in the address or the first message: the same events."""
    samples = resample(_stream(), RATE, 44_100)
    declared = {"rate": 44_100, "channels": 2, "name": "kitchen"}
    query = "?" + "&".join(f"{k}={v}" for k, v in declared.items()) if how == "query" else ""
    with _open(served, query) as websocket:
        if how == "message":
            websocket.send(json.dumps(declared))
        pcm = _pcm(samples, 2)
        for offset in range(0, len(pcm), 100_000):  # whole frames of four bytes
            websocket.send(pcm[offset : offset + 100_000])
        websocket.send('{"event": "end"}')
        messages = _messages(websocket)
    assert _heard(messages) == ["whistle", "double knock"]
    assert messages[-2]["source"] == "ws:kitchen"


def test_a_draft_can_be_listened_for(tmp_path: Path) -> None:
    """With draft=ID that sound alone is heard, as it would be; nobody else is told of it."""
    with serving(tmp_path / "library") as served, served.client() as client:
        id = client.post("/drafts", json={"name": "rap"}).json()["id"]
        with _open(served, f"?draft={id}") as websocket:
            assert _error(websocket)["error"] == "take_rejected"  # no takes yet
        for knock in KNOCKS:
            client.post(f"/drafts/{id}/takes", files=upload(knock))
        reader = served.service.feed.subscribe()
        with _open(served, f"?draft={id}") as websocket:
            websocket.send(_pcm(_stream()))
            websocket.send('{"event": "end"}')
            ready, *rest = _messages(websocket)
        assert [sound["name"] for sound in ready["sounds"]] == ["rap"]
        assert _heard(rest) == ["rap"]
        assert not reader._items
        client.delete(f"/drafts/{id}")
        with _open(served, f"?draft={id}") as websocket:
            assert _error(websocket)["error"] == "draft_not_found"


def test_a_reason_that_is_too_long_is_cut(tmp_path: Path) -> None:
    """A close has room for few bytes; the message before it says all of it."""
    with serving(tmp_path / "library") as served, served.client() as client:
        id = client.post("/drafts", json={"name": "敲" * 60}).json()["id"]
        with _open(served, f"?draft={id}") as websocket:
            assert "敲" * 60 in _error(websocket)["detail"]
        assert websocket.close_code == 1003
        assert len((websocket.close_reason or "").encode()) <= 123


def test_levels_and_scores_come_when_asked_for(served: Served) -> None:
    """With scores=1 each tenth of a second has a level, and a score for each sound while
    anything is there."""
    with _open(served, "?scores=1") as websocket:
        websocket.send(_pcm(_stream()[: 3 * RATE]))
        websocket.send('{"event": "end"}')
        messages = _messages(websocket)
    levels = [m for m in messages if m["event"] == "level"]
    scores = [m for m in messages if m["event"] == "scores"]
    assert len(levels) == 30
    assert max(level["level_db"] for level in levels) > -40 > levels[0]["level_db"]
    assert len({len(level["bands"]) for level in levels}) == 1
    assert 0 < len(scores) < 30
    assert all(set(score["scores"]) == {"whistle", "double knock"} for score in scores)
    best = max(scores, key=lambda score: score["scores"]["whistle"])
    assert best["best"] == "whistle"
    assert best["hit"]


@pytest.mark.parametrize(
    ("query", "send", "told"),
    [
        ("?rate=1", [], "rate"),
        ("?rate=abc", [], "rate"),
        ("?channels=0", [], "channels"),
        ("?width=9", [], "width"),
        ("", [b"\0\0\0"], "whole number of samples"),
        ("", ["no json"], "JSON"),
        ("", ["[1]"], "JSON"),
        ("", ['{"rate": 1e99}'], "rate"),
        ("", [b"\0\0", '{"rate": 8000}'], "at first"),
    ],
)
def test_a_mistake_is_told_and_ends_the_stream(
    served: Served, query: str, send: list[bytes | str], told: str
) -> None:
    """What cannot be understood is an error message and a close, never a guess."""
    with _open(served, query) as websocket:
        for message in send:
            websocket.send(message)
        error = _error(websocket)
    assert told in error["detail"]


def _error(websocket: ClientConnection) -> dict[str, Any]:
    """The last message before a close that is no normal one."""
    last: dict[str, Any] = {}
    try:
        while True:
            last = json.loads(websocket.recv(timeout=TIMEOUT_SECONDS))
    except ConnectionClosed:
        assert last["event"] == "error"
    return last


def test_a_message_that_is_too_long_ends_the_stream(served: Served) -> None:
    """Messages are bounded; audio comes in pieces."""
    with _open(served) as websocket:
        assert websocket.recv(timeout=TIMEOUT_SECONDS)
        websocket.send(bytes(1_100_000))
        with pytest.raises(ConnectionClosed) as closed:
            websocket.recv(timeout=TIMEOUT_SECONDS)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_a_client_that_vanishes_leaves_nothing_behind(served: Served) -> None:
    """A connection that is cut in mid-stream frees its place."""
    with _open(served) as websocket:
        websocket.send(_pcm(_stream()))
        wait_until(lambda: served.service.audio_streams == 1)
        websocket.socket.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: served.service.audio_streams == 0)


def test_new_sounds_are_heard_by_open_streams(library: Path, tmp_path: Path) -> None:
    """A sound enrolled while a stream is open is heard in it: no client has to come back."""
    with serving(tmp_path / "empty") as served, _open(served) as websocket:
        assert json.loads(websocket.recv())["sounds"] == []
        with served.client() as client:
            draft = client.post("/drafts", json={"name": "whistle"}).json()["id"]
            for path in WHISTLES:
                client.post(f"/drafts/{draft}/takes", files=upload(path))
            assert client.post(f"/drafts/{draft}/finish").status_code == 201
        wait_until(lambda: served.service.loaded.sounds.sounds)
        websocket.send(_pcm(_stream()))
        websocket.send('{"event": "end"}')
        assert "whistle" in _heard(_messages(websocket))


# -- server-sent events --------------------------------------------------------------------


def _whistle(served: Served) -> None:
    with _open(served) as websocket:
        websocket.send(_pcm(_stream()[: 3 * RATE]))
        websocket.send('{"event": "end"}')
        assert _heard(_messages(websocket)) == ["whistle"]


def test_events_are_told_live_and_again_to_who_comes_back(served: Served) -> None:
    """A reader gets events as they happen; with Last-Event-ID it gets those it missed."""
    with served.client() as client:
        with client.stream("GET", "/events") as live:
            assert live.headers["content-type"].startswith("text/event-stream")
            wait_until(lambda: served.service.feed.readers == 1)
            _whistle(served)
            first = next(sse(live.iter_lines()))
        assert (first["event"], first["data"]["sound"]) == ("wake", "whistle")
        assert first["data"]["time"].endswith("Z")
        wait_until(lambda: served.service.feed.readers == 0)

        _whistle(served)  # while nobody reads
        headers = {"last-event-id": first["id"]}
        with client.stream("GET", "/events", headers=headers) as again:
            missed = next(sse(again.iter_lines()))
        assert missed["id"] != first["id"]
        assert missed["data"]["sound"] == "whistle"

        headers = {"last-event-id": "from-before-a-restart"}
        with client.stream("GET", "/events", headers=headers) as again:
            assert next(sse(again.iter_lines()))["id"].endswith("-1")  # the first of all


def test_a_reader_who_does_not_read_is_dropped(library: Path) -> None:
    """What waits for one reader is bounded; the others go on."""
    with serving(library) as served, served.client() as client:
        stalled = socket.create_connection(("127.0.0.1", served.port))
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: served.service.feed.readers == 1)
        with client.stream("GET", "/events") as live:
            wait_until(lambda: served.service.feed.readers == 2)
            events = sse(live.iter_lines())
            for number in range(30_000):
                served.service.feed.publish({"event": "test", "number": number, "x": "y" * 200})
                if number % 100 == 99:
                    while next(events)["data"]["number"] < number:
                        pass
                if served.service.feed.readers == 1 or _dropped(served):
                    break
            assert _dropped(served)
            served.service.feed.publish({"event": "last"})
            assert any(event["event"] == "last" for event in events)
        stalled.close()
        wait_until(lambda: served.service.feed.readers == 0)


def _dropped(served: Served) -> bool:
    return any(reader.dropped for reader in served.service.feed._readers)


# -- the server's own sources --------------------------------------------------------------


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "kitchen.wav"
    soundfile.write(path, _stream(), RATE)
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
        time.sleep(0.1)
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


# -- history and feedback ------------------------------------------------------------------


def test_not_that_has_an_effect(library: Path, tmp_path: Path) -> None:
    """A wake is in the history with its audio; 'not that' keeps it from firing again,
    and can be taken back."""
    shutil.copytree(library, tmp_path / "library")
    history = History(tmp_path / "history", HistoryConfig(keep_audio=True, keep_speech=True))
    with serving(tmp_path / "library", history=history) as served, served.client() as client:
        reader = served.service.feed.subscribe(moments=True)
        _whistle(served)
        wait_until(lambda: client.get("/history?kind=wake").json())
        wait_until(lambda: any(item.data["event"] == "history" for item in reader._items))
        served.service.feed.leave(reader)
        event = client.get("/history?sound=whistle").json()[0]
        assert (event["kind"], event["said"]) == ("wake", None)
        assert client.get(f"/history/{event['id']}/audio").content[:4] == b"RIFF"
        assert client.get(f"/history/{event['id']}/spectrogram").json()["columns"]

        feedback = f"/history/{event['id']}/feedback"
        before = served.service.loaded.sounds
        said = client.post(feedback, json={"verdict": "false"})
        assert said.status_code == 200, said.text
        assert said.json()["rejected"] == 1
        assert client.post(feedback, json={"verdict": "false"}).status_code == 409
        assert client.get("/sounds/whistle").json()["rejected"] == 1
        assert client.get("/history?kind=wake").json()[0]["said"] == "false"
        wait_until(lambda: served.service.loaded.sounds is not before)
        with _open(served) as websocket:
            websocket.send(_pcm(_stream()[: 3 * RATE]))
            websocket.send('{"event": "end"}')
            assert _heard(_messages(websocket)) == []

        undone = client.delete(feedback)
        assert undone.json()["rejected"] == 0
        assert client.get("/history?kind=wake").json()[0]["said"] is None
        assert client.delete(feedback).status_code == 409
        assert client.post(feedback, json={"verdict": "maybe"}).status_code == 422
        unknown = client.post(f"/history/{'0' * 16}/feedback", json={"verdict": "false"})
        assert unknown.status_code == 404
        assert client.get("/history/..%2f..%2fsecrets/audio").status_code == 404


def test_a_server_may_remember_nothing(served: Served) -> None:
    """Without a history the answer says so; near misses are counted all the same."""
    with served.client() as client:
        assert client.get("/history").json()["error"] == "no_history"
        with _open(served) as websocket:
            clip = read_audio(DEMO / "noisy_minute.flac")
            websocket.send(_pcm(resample(clip.samples, clip.rate, RATE)[: 30 * RATE]))
            websocket.send('{"event": "end"}')
            _messages(websocket)
        assert "wakesound_near_misses_total" in client.get("/metrics").text
