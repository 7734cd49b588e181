"""Audio in over the WebSocket, events out."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.integration.http_server import KNOCKS, WHISTLES, Served, serving, upload
from tests.integration.http_streams import (
    RATE,
    all_messages,
    heard_in,
    library,
    open_stream,
    pcm16,
    served,
    whistle_and_knock,
)
from tests.waiting import TIMEOUT_SECONDS, wait_until
from wakeword.audio.resampling import resample

pytest.importorskip("fastapi")

pytestmark = pytest.mark.slow
__all__ = ["library", "served"]


def test_pcm_in_events_out(served: Served) -> None:
    """Raw 16-bit mono at 16 kHz needs no declaration; the end is told with its length."""
    with open_stream(served) as websocket:
        pcm = pcm16(whistle_and_knock())
        for offset in range(0, len(pcm), 3200):
            websocket.send(pcm[offset : offset + 3200])
        websocket.send('{"event": "end"}')
        first, *rest = all_messages(websocket)
    assert first["event"] == "ready"
    assert [sound["name"] for sound in first["sounds"]] == ["double knock", "whistle"]
    assert heard_in(rest) == ["whistle", "double knock"]
    assert rest[-1] == {"event": "end", "seconds": 6.0}
    wake = rest[0]
    assert 1.3 < wake["end"] < 3.0
    assert wake["source"] == "ws"
    assert len(wake["id"]) == 16


@pytest.mark.parametrize("how", ["query", "message"])
def test_any_format_can_be_declared(served: Served, how: str) -> None:
    """Another rate and more channels, in the address or the first message: the same events."""
    samples = resample(whistle_and_knock(), RATE, 44_100)
    declared = {"rate": 44_100, "channels": 2, "name": "kitchen"}
    query = "?" + "&".join(f"{k}={v}" for k, v in declared.items()) if how == "query" else ""
    with open_stream(served, query) as websocket:
        if how == "message":
            websocket.send(json.dumps(declared))
        pcm = pcm16(samples, 2)
        for offset in range(0, len(pcm), 100_000):  # whole frames of four bytes
            websocket.send(pcm[offset : offset + 100_000])
        websocket.send('{"event": "end"}')
        messages = all_messages(websocket)
    assert heard_in(messages) == ["whistle", "double knock"]
    assert messages[-2]["source"] == "ws:kitchen"


def test_a_draft_can_be_listened_for(tmp_path: Path) -> None:
    """With draft=ID that sound alone is heard, as it would be; nobody else is told of it."""
    with serving(tmp_path / "library") as served, served.client() as client:
        id = client.post("/drafts", json={"name": "rap"}).json()["id"]
        with open_stream(served, f"?draft={id}") as websocket:
            assert _error(websocket)["error"] == "take_rejected"  # no takes yet
        for knock in KNOCKS:
            client.post(f"/drafts/{id}/takes", files=upload(knock))
        reader = served.service.feed.subscribe()
        with open_stream(served, f"?draft={id}") as websocket:
            websocket.send(pcm16(whistle_and_knock()))
            websocket.send('{"event": "end"}')
            ready, *rest = all_messages(websocket)
        assert [sound["name"] for sound in ready["sounds"]] == ["rap"]
        assert heard_in(rest) == ["rap"]
        assert not reader._items
        client.delete(f"/drafts/{id}")
        with open_stream(served, f"?draft={id}") as websocket:
            assert _error(websocket)["error"] == "draft_not_found"


def test_a_reason_that_is_too_long_is_cut(tmp_path: Path) -> None:
    """A close has room for few bytes; the message before it says all of it."""
    with serving(tmp_path / "library") as served, served.client() as client:
        id = client.post("/drafts", json={"name": "敲" * 60}).json()["id"]
        with open_stream(served, f"?draft={id}") as websocket:
            assert "敲" * 60 in _error(websocket)["detail"]
        assert websocket.close_code == 1003
        assert len((websocket.close_reason or "").encode()) <= 123


def test_levels_and_scores_come_when_asked_for(served: Served) -> None:
    """With scores=1 each tenth of a second has a level, and a score for each sound while
    anything is there."""
    with open_stream(served, "?scores=1") as websocket:
        websocket.send(pcm16(whistle_and_knock()[: 3 * RATE]))
        websocket.send('{"event": "end"}')
        messages = all_messages(websocket)
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
    with open_stream(served, query) as websocket:
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
    with open_stream(served) as websocket:
        assert websocket.recv(timeout=TIMEOUT_SECONDS)
        websocket.send(bytes(1_100_000))
        with pytest.raises(ConnectionClosed) as closed:
            websocket.recv(timeout=TIMEOUT_SECONDS)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_a_client_that_vanishes_leaves_nothing_behind(served: Served) -> None:
    """A connection that is cut in mid-stream frees its place."""
    with open_stream(served) as websocket:
        websocket.send(pcm16(whistle_and_knock()))
        wait_until(lambda: served.service.audio_streams == 1)
        websocket.socket.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: served.service.audio_streams == 0)


def test_new_sounds_are_heard_by_open_streams(library: Path, tmp_path: Path) -> None:
    """A sound enrolled while a stream is open is heard in it: no client has to come back."""
    with serving(tmp_path / "empty") as served, open_stream(served) as websocket:
        assert json.loads(websocket.recv())["sounds"] == []
        with served.client() as client:
            draft = client.post("/drafts", json={"name": "whistle"}).json()["id"]
            for path in WHISTLES:
                client.post(f"/drafts/{draft}/takes", files=upload(path))
            assert client.post(f"/drafts/{draft}/finish").status_code == 201
        wait_until(lambda: served.service.loaded.sounds.sounds)
        websocket.send(pcm16(whistle_and_knock()))
        websocket.send('{"event": "end"}')
        assert "whistle" in heard_in(all_messages(websocket))
