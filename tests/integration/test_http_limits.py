"""How much the HTTP service takes at a time, and what it says beyond that."""

from __future__ import annotations

import io
import socket
import threading
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from runtime.services.http import access, recordings, uploads
from runtime.services.http import uploads as bounds
from runtime.services.http.config import Limits, ServerConfig
from runtime.services.http.recordings import Spectrogram
from runtime.services.http.routes import drawing
from runtime.services.http.server import Server
from runtime.services.http.service import Service
from tests.integration.http_limited import served
from tests.integration.http_server import WHISTLES, Served, serving, upload
from tests.waiting import TIMEOUT_SECONDS, wait_until
from wakeword.audio.reading import AudioClip
from wakeword.library.library import SoundLibrary

pytest.importorskip("fastapi")

pytestmark = pytest.mark.slow
__all__ = ["served"]

FORM = {"labels": "whistling, dog barking"}


def _silent_wav(seconds: float, rate: int = 8000, channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(round(seconds * rate) * 2 * channels))
    return buffer.getvalue()


def _post(client: httpx.Client, content: bytes) -> httpx.Response:
    return client.post("/classify", files={"audio": ("x.wav", content)}, data=FORM)


def test_a_body_is_limited_in_bytes(served: Served) -> None:
    """Too large by what it says, or by what comes: 413, and the connection goes on or ends."""
    with served.client() as client:
        answer = _post(client, _silent_wav(30))
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")

        def chunks() -> Iterator[bytes]:
            yield from (b"x" * 10_000 for _ in range(50))

        headers = {"content-type": "multipart/form-data; boundary=b"}
        answer = client.post("/classify", content=chunks(), headers=headers)
        assert answer.status_code in (400, 413)
        answer = client.post("/drafts", content=chunks(), headers={"content-type": "text/json"})
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_uploads_are_limited_in_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many at once hold no more than all may together; what is answered makes room again."""
    held = 0

    class Counted(bounds._Held):
        def take(self, count: int) -> bool:
            nonlocal held
            fits = super().take(count)
            held += count if fits else 0
            return fits

        def release(self, count: int) -> None:
            nonlocal held
            super().release(count)
            held -= count

    monkeypatch.setattr(bounds, "_Held", Counted)
    wav = _silent_wav(5)
    limits = Limits(uploads_bytes=3 * len(wav) // 2)
    with serving(tmp_path / "library", limits=limits) as served, served.client() as client:
        for _ in range(4):  # one after the other there is room
            assert _post(client, wav).status_code == 200
            wait_until(lambda: held == 0)
        with socket.create_connection(("127.0.0.1", served.port)) as waiting:
            head = f"POST /drafts HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(wav)}\r\n"
            waiting.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n" + wav[:-1000])
            wait_until(lambda: held == len(wav) - 1000)  # before, another could take its room
            answer = _post(client, wav)
            assert (answer.status_code, answer.json()["error"]) == (503, "busy")
            assert "retry-after" in answer.headers
        wait_until(lambda: held == 0)
        assert _post(client, wav).status_code == 200


def test_a_recording_is_limited_in_seconds_and_samples(served: Served) -> None:
    """However small the file is, what it becomes is bounded."""
    from wakeword.audio.flac import encode_flac
    from wakeword.testing import silence

    with served.client() as client:
        long = encode_flac(silence(60.0, 8000), 8000)
        dense = encode_flac(silence(10.0, 96_000), 96_000)
        assert len(long) < 100_000
        assert len(dense) < 100_000
        for content in (long, dense, _silent_wav(0.01, 8000, 1000)):
            answer = _post(client, content)
            assert answer.status_code in (413, 415), answer.text
        answer = _post(client, long)
        assert (answer.status_code, answer.json()["error"]) == (413, "too_long")
        assert "20 s" in answer.json()["detail"]


def test_few_recordings_are_unpacked_at_once(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Silence packs well: many small uploads at once must not fill the memory."""
    unpacked, most = 0, 0
    lock = threading.Lock()

    def counted(*args: Any) -> AudioClip:
        nonlocal unpacked, most
        clip = uploads.decode(*args)
        with lock:
            unpacked += 1
            most = max(most, unpacked)
        return clip

    def done(*args: Any) -> Spectrogram:
        nonlocal unpacked
        drawn = recordings.spectrogram(*args)
        with lock:
            unpacked -= 1
        return drawn

    monkeypatch.setattr(access, "decode", counted)
    monkeypatch.setattr(drawing, "spectrogram", done)

    def ask() -> None:
        with served.client() as client:
            assert client.post("/spectrogram", files=upload(WHISTLES[0])).status_code == 200

    threads = [threading.Thread(target=ask) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert unpacked == 0
    assert 1 <= most <= 4


def test_a_slow_body_is_given_up(served: Served) -> None:
    """A client that begins a request and stops sending gets a 408, and frees its place."""
    head = (
        "POST /drafts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port), timeout=TIMEOUT_SECONDS) as slow:
        slow.sendall(head.encode())
        assert b" 408 " in slow.recv(1000)


def test_a_client_that_vanishes_in_an_upload_harms_nobody(served: Served) -> None:
    """Half a body and a closed connection; the server goes on."""
    head = b"POST /drafts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nabc"
    for _ in range(20):
        with socket.create_connection(("127.0.0.1", served.port)) as gone:
            gone.sendall(head)
    with served.client() as client:
        assert client.get("/health").status_code == 200


def test_streams_are_limited_in_number(served: Served) -> None:
    """One reader or sender too many is told so; a place that becomes free can be taken."""
    url = f"ws://127.0.0.1:{served.port}/ws"
    with connect(url) as first, connect(url) as second:
        for websocket in (first, second):
            websocket.recv(timeout=TIMEOUT_SECONDS)
        with connect(url) as third:
            assert "too_many_streams" in str(third.recv(timeout=TIMEOUT_SECONDS))
            with pytest.raises(ConnectionClosed) as closed:
                third.recv(timeout=TIMEOUT_SECONDS)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
    with served.client() as client, client.stream("GET", "/events"):
        with client.stream("GET", "/events"):
            wait_until(lambda: served.service.feed.readers == 2)
            assert client.get("/events").status_code == 429
        wait_until(lambda: served.service.feed.readers == 1)
        with client.stream("GET", "/events") as again:
            assert again.status_code == 200


def test_requests_beyond_the_limit_are_told_to_come_back(tmp_path: Path) -> None:
    """Work is bounded: what is too much is refused at once with 503 and a time."""
    limits = replace(Limits(), requests=2)
    with serving(tmp_path / "busy", limits=limits) as served:
        statuses: list[int] = []

        def ask() -> None:
            with served.client() as client:
                answer = client.post("/classify", files=upload(WHISTLES[0]), data=FORM)
                statuses.append(answer.status_code)
                if answer.status_code == 503:
                    assert answer.json()["error"] == "busy"
                    assert answer.headers["retry-after"] == "1"

        threads = [threading.Thread(target=ask) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(statuses) == {200, 503}


def test_it_says_so_while_it_loads(tmp_path: Path) -> None:
    """The state is told at once; what needs the encoder is 503 until then."""
    with serving(tmp_path / "loading") as served, served.client() as client:
        loaded, served.service._loaded = served.service._loaded, None
        assert client.get("/health").json()["status"] == "loading"
        assert client.get("/health/ready").status_code == 503
        answer = client.post("/drafts", json={"name": "x"})
        assert (answer.status_code, answer.json()["error"]) == (503, "loading")
        served.service._loaded = loaded
        assert client.get("/health/ready").status_code == 200


def test_a_fault_while_loading_ends_the_server(tmp_path: Path) -> None:
    """Whatever goes wrong while it loads is raised by the server, never lost in a thread."""

    from wakeword.testing import ToneEncoder

    class Broken(ToneEncoder):
        @property
        def id(self) -> str:  # type: ignore[override]
            raise RuntimeError("this encoder is broken")

    service = Service(SoundLibrary(tmp_path), ServerConfig(port=0), encoder=Broken())
    with pytest.raises(RuntimeError, match="broken"):
        Server(service).serve_until_stopped()
