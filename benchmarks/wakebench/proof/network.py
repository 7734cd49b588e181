"""Trouble from the network: answers without an end, hostile requests, floods."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import numpy as np

from runtime.services.http.config import Limits, ServerConfig
from runtime.services.http.server import Server
from runtime.services.http.service import Service
from runtime.sinks.http import HttpSink
from runtime.threads import Worker
from wakebench.proof.part import Figures, memory_mb
from wakeword.errors import ConfigError, SinkError
from wakeword.events import WakeEvent
from wakeword.library.library import SoundLibrary
from wakeword.testing import NamedTones

EVENT = WakeEvent("bell", 0.9, 0.5, 16_000, 24_000, 16_000, source="proof", id="0" * 16)
TIMEOUT_SECONDS = 0.5
GROWTH_MB = 60.0
"""More memory than that by one try is a leak or a flood that got in."""
LIMITS = Limits(
    head_seconds=1.0, keep_alive_seconds=1.0, idle_seconds=1.0, silent_seconds=0.5, connections=100
)
_WORDS = [b"", b"HTTP/1.1 ", b"200 OK\r\n", b"HTTP/1.1 200 OK\r\n", b"Content-Length: 99999\r\n"]
_WORDS += [b"Transfer-Encoding: chunked\r\n", b"\r\n", b"\r\n\r\n", b"ffffffff\r\n", b"0\r\n\r\n"]
_WORDS += [b"Content-Encoding: gzip\r\n", b"Location: /\r\n", b"X: " + b"y" * 5000 + b"\r\n"]


def answers(rng: np.random.Generator, folder: Path) -> Figures:
    """A webhook whose server says anything, drips, pours or falls silent: in time, in memory."""
    listener = socket.create_server(("127.0.0.1", 0))
    script = rng.choice(len(_WORDS), int(rng.integers(1, 8))).tolist()
    end = int(rng.integers(4))
    before = memory_mb()

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                for word in script:
                    connection.sendall(_WORDS[word])
                began = time.monotonic()
                while end < 2 and time.monotonic() - began < 3 * TIMEOUT_SECONDS:
                    connection.sendall(bytes(65536) if end else b"z")
                    time.sleep(0.0 if end else 0.02)
                if end == 2:
                    time.sleep(2 * TIMEOUT_SECONDS)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    sink = HttpSink(f"http://127.0.0.1:{listener.getsockname()[1]}/x", TIMEOUT_SECONDS, retries=0)
    began = time.monotonic()
    with contextlib.suppress(SinkError, TimeoutError):
        sink(EVENT)
    took = time.monotonic() - began
    sink.close()
    listener.close()
    assert took < TIMEOUT_SECONDS + 1.5, f"{took:.1f} s"
    grown = memory_mb() - before
    assert grown < GROWTH_MB, f"{grown:.0f} MB"
    return {"answers": 1, "most seconds": round(took, 2), "most MB": round(max(0.0, grown), 1)}


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Server]:
    """The real HTTP service with an encoder that needs no weights."""
    hooks = folder / "wakesound.toml"
    config = ServerConfig(port=0, limits=LIMITS)
    service = Service(
        SoundLibrary(folder / "library"), config, encoder=NamedTones(), hook_file=hooks
    )
    server = Server(service)
    thread = Worker("proof-server", server.serve_until_stopped, carry=True)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while not (service.ready and server.started):
            assert time.monotonic() < deadline, "the server does not start"
            assert thread.error is None, thread.error
            time.sleep(0.01)
        yield server
    finally:
        server.stop()
        thread.join(60)
        assert not thread.is_alive(), "the server does not end"


def _healthy(server: Server) -> float:
    """How long an honest request takes, in seconds."""
    began = time.monotonic()
    with urlopen(f"{server.url}/health", timeout=20) as answer:
        assert answer.status == 200
    return time.monotonic() - began


_REQUESTS = [
    b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"GET /sounds HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"POST /classify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    b"--b\r\nContent-Disposition: form-data\r\n",
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    b"\x82\xfe\x00\x04\x00\x00\x00\x00abcd\x81\x82\x00\x00\x00\x00{}\x88\x80\x00\x00\x00\x00",
    b"PATCH /listening HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 19\r\n\r\n{"listening": true}',
]


def requests(rng: np.random.Generator, folder: Path) -> Figures:
    """Hundreds of mutated requests and WebSocket frames: the server answers honest ones."""
    count, slowest = 300, 0.0
    with served(folder) as server:
        port = int(server.url.rpartition(":")[2])
        _healthy(server)
        before = memory_mb()
        for number in range(count):
            with socket.create_connection(("127.0.0.1", port), 10) as connection:
                connection.settimeout(0.05)
                with contextlib.suppress(OSError):
                    connection.sendall(_mutated(rng))
                    connection.recv(1000)
            if number % 50 == 0:
                slowest = max(slowest, _healthy(server))
        grown = memory_mb() - before
        slowest = max(slowest, _healthy(server))
    assert grown < GROWTH_MB, f"{grown:.0f} MB"
    return {"messages": count, "most seconds": round(slowest, 2), "most MB": round(grown, 1)}


def _mutated(rng: np.random.Generator) -> bytes:
    text = bytearray(_REQUESTS[int(rng.integers(len(_REQUESTS)))])
    for _ in range(int(rng.integers(1, 12))):
        at = int(rng.integers(len(text)))
        how = int(rng.integers(4))
        if how == 0:
            text[at] = int(rng.integers(256))
        elif how == 1:
            del text[at : at + int(rng.integers(1, 20))]
        elif how == 2:
            text[at:at] = rng.bytes(int(rng.integers(1, 20)))
        else:
            text[at:at] = text[at : at + 30] * int(rng.integers(1, 20))
        text = text or bytearray(b"\n")
    return bytes(text)


_PLACES = ["score", "sound", "name", "time", "take", "nothing", "score.real", "score[0]", ""]
_SPECS = ["", ":f", ":.2f", ":1000000000f", ":.999999999f", ":>999999999", ":{score}", "!r:9999999"]
_SPECS += [":%H:%M", ":%Y" * 200, ":,", ":b", ":=+#0999999999,.3f"]


def templates(rng: np.random.Generator, folder: Path) -> Figures:
    """Hooks with hostile texts and headers over HTTP: refused, or harmless and quick."""
    count, refused, slowest = 60, 0, 0.0
    names = ["X-A", "Transfer-Encoding", "Content-Length", "a b", "Ü", "", "Host", "Cookie"]
    values = ["1", "a\r\nB: c", "\x00", "ü", " ", "x" * 400]
    with served(folder) as server:
        host, port = server.url.removeprefix("http://").split(":")
        before = memory_mb()
        for _ in range(count):
            pieces = [
                f"{{{rng.choice(_PLACES)}{rng.choice(_SPECS)}}}" for _ in range(rng.integers(1, 5))
            ]
            hook = {
                "do": "https://127.0.0.1:9/x",
                "template": str(rng.choice(["wecom", "feishu", "ntfy"])),
                "message": " ".join(pieces)[:500],
                "headers": {str(rng.choice(names)): str(rng.choice(values))},
            }
            began = time.monotonic()
            status, told = _asked(host, int(port), "POST", "/hooks", hook)
            if status == 201:
                _asked(host, int(port), "DELETE", f"/hooks/{json.loads(told)['id']}", None)
            assert status in (201, 422), f"{status} for {hook}"
            took = time.monotonic() - began
            refused += status == 422
            slowest = max(slowest, took)
            assert took < 10, f"{took:.1f} s for {hook}"
        grown = memory_mb() - before
        _healthy(server)
    assert grown < GROWTH_MB, f"{grown:.0f} MB"
    return {"hooks": count, "refused": refused, "most seconds": round(slowest, 2)}


def _asked(host: str, port: int, method: str, path: str, body: object) -> tuple[int, bytes]:
    import http.client

    connection = http.client.HTTPConnection(host, port, timeout=30)
    headers = {"Content-Type": "application/json", "Connection": "close"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    told = answer.read()
    connection.close()
    return answer.status, told


def floods(rng: np.random.Generator, folder: Path) -> Figures:
    """Three times as many idle connections as fit: honest clients are answered all the while."""
    slowest, opened = 0.0, 0
    with served(folder) as server, contextlib.ExitStack() as stack:
        port = int(server.url.rpartition(":")[2])
        for number in range(3 * LIMITS.connections):
            with contextlib.suppress(OSError):
                connection = socket.create_connection(("127.0.0.1", port), 10)
                stack.enter_context(connection)
                opened += 1
                if rng.random() < 0.5:
                    connection.sendall(b"GET /health HTTP/1.1\r\nHo")
            if number % 60 == 59:
                slowest = max(slowest, _healthy(server))
    assert slowest < 10, f"{slowest:.1f} s"
    return {"connections": opened, "most seconds": round(slowest, 2)}


def headers(rng: np.random.Generator, folder: Path) -> Figures:
    """Headers of any kind at a sink: refused when it is made, or sent as they are."""
    refused, count = 0, 50
    for _ in range(count):
        name = rng.bytes(int(rng.integers(0, 12))).decode("latin-1")
        value = rng.bytes(int(rng.integers(0, 40))).decode("latin-1")
        try:
            HttpSink("http://127.0.0.1:9/x", 1.0, headers={name: value}).close()
        except ConfigError:
            refused += 1
    return {"headers": count, "refused": refused}
