"""Floods of the HTTP service: clients that connect and say little, and many of them."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import resource
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
from websockets.sync.client import connect

from runtime.services.floods import BACKLOG, OWN_FILES, Repeats, connections_that_fit
from runtime.services.http.config import Limits
from runtime.services.http.problems import Refusal
from runtime.services.http.uploads import decode
from tests.integration.http_server import Served, serving
from tests.waiting import wait_until

pytest.importorskip("fastapi")

SMALL = Limits(
    head_seconds=1.0,
    keep_alive_seconds=0.5,
    idle_seconds=0.5,
    silent_seconds=0.3,
    connections=20,
    audio_streams=2,
)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "library", limits=SMALL, encoder="logmel") as served:
        yield served


def _connected(served: Served) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", served.port), 5)
    connection.settimeout(5)
    return connection


def _answers(served: Served) -> bool:
    with _connected(served) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return connection.recv(100).startswith(b"HTTP/1.1 200")


def _closed(connection: socket.socket) -> bool:
    try:
        return connection.recv(1000) == b""
    except ConnectionResetError:
        return True


def test_idle_connections_shut_nobody_out(served: Served) -> None:
    """Three times as many as fit: everybody who asks is answered, the silent ones make room."""
    with contextlib.ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(_connected(served))
            assert len(served.server.server_state.connections) <= SMALL.connections + BACKLOG
        assert all(_answers(served) for _ in range(5))
        assert len(served.server.server_state.connections) <= SMALL.connections


@pytest.mark.parametrize("said", [b"", b"GET /health HTTP/1.1\r\nHost: local"])
def test_a_head_has_its_time(served: Served, said: bytes) -> None:
    """A connection that says nothing, or begins and drips, is ended in time."""
    with _connected(served) as connection:
        connection.sendall(said)
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while said and time.monotonic() - began < 3:
                connection.sendall(b"h")
                time.sleep(0.1)
        assert _closed(connection)
        assert time.monotonic() - began < 2.5


def test_a_body_that_drips_is_refused(served: Served) -> None:
    """Each part comes in time, all of it does not: 408."""
    with _connected(served) as connection:
        head = "POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000\r\n"
        connection.sendall(f"{head}Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode())
        part = 'Content-Disposition: form-data; name="audio"; filename="a.wav"'
        connection.sendall(f"--b\r\n{part}\r\n\r\n".encode())
        began = time.monotonic()
        with contextlib.suppress(OSError):
            while time.monotonic() - began < 3:
                connection.sendall(b"x")
                time.sleep(0.1)
                connection.settimeout(0.01)
                with contextlib.suppress(TimeoutError):
                    assert b"408" in connection.recv(100)
                    break
        assert time.monotonic() - began < 2.5


def test_silent_streams_make_room(served: Served) -> None:
    """All places for audio are taken by silent clients: one that comes gets the oldest of them."""
    url = f"ws://127.0.0.1:{served.port}/ws"
    wait_until(lambda: served.service.ready)
    with connect(url) as first, connect(url) as second:
        assert [json.loads(one.recv(5))["event"] for one in (first, second)] == ["ready"] * 2
        with connect(url) as early:
            assert json.loads(early.recv(5))["error"] == "too_many_streams"
        time.sleep(SMALL.silent_seconds + 0.1)
        second.send(bytes(320))
        wait_until(lambda: _heard(served) >= 1)
        with connect(url) as late:
            assert json.loads(late.recv(5))["event"] == "ready"
            assert json.loads(first.recv(5))["error"] == "silent"
        wait_until(lambda: served.service.audio_streams == 1)


def _heard(served: Served) -> int:
    silent = time.monotonic() - SMALL.silent_seconds
    return sum(client.heard_at > silent for client in served.service.audio_clients)


def test_who_guesses_tokens_has_to_wait(tmp_path: Path) -> None:
    """A wrong token costs time, the right one and none at all do not."""
    limits = Limits(wrong_token_seconds=0.5)
    with (
        serving(tmp_path / "library", limits=limits, encoder="logmel", token="t" * 16) as served,
        served.client() as client,
    ):
        assert _seconds(client, "t" * 16, 200) < 0.5
        assert _seconds(client, "u" * 16, 401) >= 0.5


def _seconds(client: httpx.Client, token: str, status: int) -> float:
    began = time.monotonic()
    answer = client.get("/sounds", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == status
    return time.monotonic() - began


def test_a_recording_with_too_many_samples_is_told_its_seconds(tmp_path: Path) -> None:
    """Not those that another recording may have."""
    file = io.BytesIO()
    soundfile.write(file, np.zeros((48_000, 8), np.float32), 48_000, format="FLAC")
    with pytest.raises(Refusal) as refused:
        decode(io.BytesIO(file.getvalue()), "eight.flac", 600.0, 96_000)
    assert refused.value.status_code == 413
    assert "at most 0.25 s" in refused.value.detail
    with pytest.raises(Refusal) as refused:
        decode(io.BytesIO(file.getvalue()), "eight.flac", 0.5, 10_000_000)
    assert "at most 0.5 s" in refused.value.detail


def test_connections_leave_files_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a low limit of open files fewer connections are taken, streams among them."""
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (200, 200))
    assert connections_that_fit(1000) == 200 - OWN_FILES - BACKLOG
    limits = Limits().fitting(connections_that_fit(1000))
    assert (limits.connections, limits.event_streams, limits.audio_streams) == (120, 60, 30)
    assert limits.event_streams + limits.audio_streams < limits.connections


def test_repeated_lines_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    """A line that repeats is logged three times a minute, and then with how often it came."""
    now = 0.0
    repeats = Repeats(clock=lambda: now)
    logger = logging.getLogger("test.repeats")
    logger.addFilter(repeats)
    try:
        for number in range(1000):
            logger.warning("no room for %d", number)
        now = 61.0
        logger.warning("no room for %d", 1000)
        logger.error("something else")
    finally:
        logger.removeFilter(repeats)
    told: list[Any] = [record.getMessage() for record in caplog.records]
    assert told == [
        "no room for 0",
        "no room for 1",
        "no room for 2",
        "no room for 1000 (and 997 more like this)",
        "something else",
    ]
