"""Servers that answer for ever, slowly or not at all: real ones on the loopback interface."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.models import hub
from runtime.sinks._messages import WecomMessage
from runtime.sinks.http import HttpSink
from wakeword.errors import EncoderError, SinkError
from wakeword.events import WakeEvent

EVENT = WakeEvent("bell", 0.9, 0.5, 16000, 24000, 16000, source="mic", id="abc")
OK = b"HTTP/1.1 200 OK\r\n"
SECONDS = 0.6
"""How long an attempt may take."""
LATE_SECONDS = SECONDS + 1.0
"""Long before a server that dribbles would be done."""


class Rude:
    """A server whose connections are handled by one function, until the block ends.

    Args:
        answer: gets each connection once the client has said something.
    """

    def __init__(self, answer: Callable[[socket.socket], None]) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.port = self._listener.getsockname()[1]
        self.sent = 0
        self.asked = 0

    def __enter__(self) -> Rude:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/x"

    def pour(self, connection: socket.socket, head: bytes) -> None:
        """Send without an end, as fast as it is taken."""
        connection.sendall(head)
        while True:
            connection.sendall(bytes(65536))
            self.sent += 65536

    def drip(self, connection: socket.socket, text: bytes) -> None:
        """Send a byte each 50 ms, for ever."""
        connection.sendall(text)
        while True:
            connection.sendall(b"x")
            self.sent += 1
            time.sleep(0.05)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.asked += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.recv(65536)
            self._answer(connection)


def _timed(sink: HttpSink) -> tuple[str, float]:
    """Why a call failed, and how long it took."""
    began = time.monotonic()
    try:
        sink(EVENT)
    except (SinkError, TimeoutError) as error:
        return str(error), time.monotonic() - began
    finally:
        sink.close()
    return "", time.monotonic() - began


def _sink(server: Rude, **options: object) -> HttpSink:
    return HttpSink(server.url, SECONDS, retries=0, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("head", [b"", OK + b"A: ", OK + b"Content-Length: 1000\r\n\r\n"])
def test_an_attempt_has_one_deadline(head: bytes) -> None:
    """A server that sends a byte now and then, in its head or its body, is late all the same."""
    with Rude(lambda connection: server.drip(connection, head)) as server:
        problem, took = _timed(_sink(server))
    assert "did not answer within 0.6 s" in problem
    assert took < LATE_SECONDS


def test_an_answer_without_an_end_is_cut_off() -> None:
    """64 KB of it are read and no more, whatever the server still has to say."""
    head = OK + b"Content-Type: text/plain\r\n\r\n"
    with Rude(lambda connection: server.pour(connection, head)) as server:
        problem, took = _timed(_sink(server))
        time.sleep(0.1)
        before = server.sent
        time.sleep(0.1)
        assert server.sent == before, "the connection is closed"
    assert problem == ""
    assert took < LATE_SECONDS
    assert server.sent < 20_000_000, "no more than buffers hold"


def test_a_robot_that_answers_for_ever_has_refused() -> None:
    """What is cut off is no answer of a robot."""
    head = OK + b"Content-Type: application/json\r\n\r\n{"
    with Rude(lambda connection: server.pour(connection, head)) as server:
        problem, _ = _timed(_sink(server, message=WecomMessage()))
    assert "is not that of such a robot" in problem


def test_a_head_without_an_end_is_cut_off() -> None:
    """Headers are bounded too."""
    with Rude(lambda connection: server.pour(connection, OK + b"A: ")) as server:
        problem, took = _timed(_sink(server))
    assert "cannot be reached" in problem
    assert took < LATE_SECONDS


def test_a_small_packed_answer_stays_small() -> None:
    """What is packed into little is not unpacked."""
    bomb = _bomb()
    with Rude(lambda connection: connection.sendall(bomb)) as server:
        problem, took = _timed(_sink(server, message=WecomMessage()))
    assert "is not that of such a robot" in problem
    assert took < LATE_SECONDS


def _bomb() -> bytes:
    body = gzip.compress(bytes(50_000_000))
    return OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def test_encryption_that_never_stands_is_late() -> None:
    """A server that takes the connection and does not speak TLS holds nobody up."""
    with Rude(lambda connection: time.sleep(5)) as server:
        sink = HttpSink(f"https://127.0.0.1:{server.port}/x", SECONDS, retries=0)
        problem, took = _timed(sink)
    assert "did not answer" in problem
    assert took < LATE_SECONDS


def test_what_a_server_wants_remembered_is_forgotten() -> None:
    """Cookies would add up over the months."""
    told: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        connection.sendall(OK + b"Set-Cookie: a=1\r\nContent-Length: 0\r\n\r\n")
        told.append(connection.recv(65536))
        connection.sendall(OK + b"Content-Length: 0\r\n\r\n")

    with Rude(answer) as server:
        sink = _sink(server)
        sink(EVENT)
        sink(EVENT)
        sink.close()
    assert told
    assert b"cookie" not in told[0].lower()


# -- downloads -----------------------------------------------------------------------------

PACE = hub.Pace(head_seconds=0.5, silent_seconds=0.5, stall_seconds=0.3, stall_bytes=10_000)


def _fetched(server: Rude, folder: Path, size: int = 1_000_000) -> tuple[str, float]:
    began = time.monotonic()
    with pytest.raises(EncoderError) as error:
        hub.fetch(server.url, folder / "weights", size, "0" * 64, lambda *_: None, PACE)
    return str(error.value), time.monotonic() - began


@pytest.mark.parametrize("head", [b"", OK + b"Content-Length: 1000000\r\n\r\n"])
def test_a_download_that_only_drips_is_given_up(tmp_path: Path, head: bytes) -> None:
    """In the head one deadline, in the body a least speed; and it does not begin for ever."""
    with Rude(lambda connection: server.drip(connection, head)) as server:
        problem, took = _fetched(server, tmp_path)
    assert "no connection to" in problem
    assert took < LATE_SECONDS
    assert server.asked == 1


def test_a_download_ends_with_its_size(tmp_path: Path) -> None:
    """A server that goes on behind the end of the file is left."""
    with Rude(lambda connection: server.pour(connection, OK + b"\r\n")) as server:
        problem, took = _fetched(server, tmp_path)
    assert "arrived damaged" in problem
    assert took < LATE_SECONDS


def test_a_download_that_leads_in_circles_is_given_up(tmp_path: Path) -> None:
    """Redirects are followed a few times, and nothing of their pages is read."""
    head = b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"
    with Rude(lambda connection: server.pour(connection, head)) as server:
        problem, took = _fetched(server, tmp_path)
    assert "circles" in problem
    assert took < LATE_SECONDS
    assert server.asked == 6


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of whoever runs the tests may name one."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


# -- MQTT ----------------------------------------------------------------------------------


def test_a_broker_that_does_not_speak_is_late() -> None:
    """Neither plain nor encrypted does it hold a hook longer than its timeout."""
    pytest.importorskip("aiomqtt")
    from runtime.sinks.mqtt import MqttSink

    with Rude(lambda connection: time.sleep(8)) as server:
        for scheme in ("mqtt", "mqtts"):
            sink = MqttSink(f"{scheme}://127.0.0.1:{server.port}/home/bell", SECONDS)
            began = time.monotonic()
            with pytest.raises((TimeoutError, SinkError)):
                sink(EVENT)
            assert time.monotonic() - began < LATE_SECONDS, scheme
