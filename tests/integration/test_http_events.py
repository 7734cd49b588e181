"""Server-sent events, and what is remembered of them."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from runtime.history.store import History, HistoryConfig
from tests.integration.http_server import DEMO, Served, serving, sse
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
from tests.waiting import wait_until
from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample

pytest.importorskip("fastapi")

pytestmark = pytest.mark.slow
__all__ = ["library", "served"]


def _whistle(served: Served) -> None:
    with open_stream(served) as websocket:
        websocket.send(pcm16(whistle_and_knock()[: 3 * RATE]))
        websocket.send('{"event": "end"}')
        assert heard_in(all_messages(websocket)) == ["whistle"]


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
        with open_stream(served) as websocket:
            websocket.send(pcm16(whistle_and_knock()[: 3 * RATE]))
            websocket.send('{"event": "end"}')
            assert heard_in(all_messages(websocket)) == []

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
        with open_stream(served) as websocket:
            clip = read_audio(DEMO / "noisy_minute.flac")
            websocket.send(pcm16(resample(clip.samples, clip.rate, RATE)[: 30 * RATE]))
            websocket.send('{"event": "end"}')
            all_messages(websocket)
        assert "wakesound_near_misses_total" in client.get("/metrics").text
