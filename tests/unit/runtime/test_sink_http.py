"""Webhooks: a real server on the loopback interface."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from runtime.sinks import open_sink
from runtime.sinks.http import HttpSink
from wakeword.errors import SinkError
from wakeword.events import WakeEvent

EVENT = WakeEvent("bell", 0.9, 0.5, 16000, 24000, 16000, source="mic", id="abc")


class Hook(ThreadingHTTPServer):
    """Answers with the status that the path names; ``/slow`` not before it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[str, str, Any]] = []
        self.go = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, self.headers["Content-Type"], json.loads(body)))
        if self.path == "/slow":
            self.server.go.wait(10)
            return
        self.send_response(int(self.path.strip("/")))
        self.send_header("Location", "/200")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A running server."""
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.go.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def free_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_the_event_is_posted_as_json(hook: Hook) -> None:
    """The body is the event's JSON object, once for each event."""
    sink = HttpSink(f"{hook.url}/200", 10)
    sink(EVENT)
    sink(EVENT)
    sink.close()
    assert hook.got == [("/200", "application/json", EVENT.to_dict())] * 2


@pytest.mark.parametrize("status", [204, 201])
def test_any_success_will_do(hook: Hook, status: int) -> None:
    """Every status 2xx is success."""
    sink = open_sink(f"{hook.url}/{status}")
    sink(EVENT)
    sink.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [302, 404, 500])
def test_other_answers_are_failures(hook: Hook, status: int) -> None:
    """Told with the status; redirects are not followed, since the event would get lost."""
    sink = HttpSink(f"{hook.url}/{status}", 10)
    with pytest.raises(SinkError, match=f"answered {status} "):
        sink(EVENT)
    sink.close()
    assert len(hook.got) == 1


def test_no_server_is_a_failure(free_port: int) -> None:
    """A refused connection is told in a line."""
    sink = HttpSink(f"http://127.0.0.1:{free_port}/x", 10)
    with pytest.raises(SinkError, match="cannot be reached"):
        sink(EVENT)
    sink.close()


def test_no_answer_is_a_timeout(hook: Hook) -> None:
    """A server that takes too long is given up on."""
    sink = HttpSink(f"{hook.url}/slow", 0.3)
    with pytest.raises(TimeoutError, match=r"within 0\.3 s"):
        sink(EVENT)
    sink.close()


def test_secrets_are_not_told(free_port: int) -> None:
    """Neither the path, nor the query, nor a password is in messages and names."""
    sink = HttpSink(f"http://user:hush@127.0.0.1:{free_port}/secret?token=quiet", 10)
    with pytest.raises(SinkError) as error:
        sink(EVENT)
    sink.close()
    for text in (str(sink), str(error.value)):
        assert f"http://127.0.0.1:{free_port}" in text
        assert not {"hush", "secret", "quiet"} & set(text.replace("/", " ").split())
        assert "hush" not in text
        assert "secret" not in text
