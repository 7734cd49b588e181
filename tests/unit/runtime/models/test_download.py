from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from runtime.models import hub as download
from wakeword.errors import EncoderError

CONTENT = np.random.default_rng(0).bytes(3_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@dataclass
class Server:
    """A file on a loopback web server, and how well it is served."""

    url: str
    content: bytes = CONTENT
    drop_after: int | None = None
    """Break each connection after so many bytes."""
    ranges: bool = True
    """Honour the Range header."""
    status: int | None = None
    """Answer with this error."""
    asked: list[int] = field(default_factory=list)
    """From which byte on each request wanted the file."""


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            header = self.headers.get("Range", "bytes=0-")
            start = int(header.removeprefix("bytes=").rstrip("-"))
            state.asked.append(start)
            if state.status is not None:
                self.send_error(state.status)
                return
            start = start if state.ranges else 0
            body = state.content[start:]
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.drop_after])

        def log_message(self, *args: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Server(f"http://127.0.0.1:{web.server_port}/weights")
    thread = threading.Thread(target=web.serve_forever, args=(0.01,))
    thread.start()
    yield state
    web.shutdown()
    thread.join()
    web.server_close()


def fetch(server: Server, target: Path) -> list[tuple[int, int]]:
    told: list[tuple[int, int]] = []
    download.fetch(
        server.url, target, len(CONTENT), SHA256, lambda *progress: told.append(progress)
    )
    return told


def test_a_file_arrives_whole(server: Server, tmp_path: Path) -> None:
    """The file is there under its name, nothing else is left, and the progress is told."""
    target = tmp_path / "new" / "weights"
    told = fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert not list(target.parent.glob("*.part"))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert told == sorted(told)


def test_a_lost_connection_is_taken_up_again(server: Server, tmp_path: Path) -> None:
    """Every break is followed by a request for the rest, not for the whole."""
    server.drop_after = 1_200_000
    fetch(server, tmp_path / "weights")
    assert (tmp_path / "weights").read_bytes() == CONTENT
    assert server.asked == [0, 1_200_000, 2_400_000]


def test_a_later_call_goes_on(server: Server, tmp_path: Path) -> None:
    """What a failed call has brought is not fetched again by the next one."""
    target = tmp_path / "weights"
    target.with_name("weights.part").write_bytes(CONTENT[:2_000_000])
    server.status = 503
    with pytest.raises(EncoderError, match=r"2 of 3 MB are here, the next attempt goes on"):
        fetch(server, target)
    assert not target.exists()
    server.status = None
    fetch(server, target)
    assert target.read_bytes() == CONTENT
    assert server.asked == [2_000_000, 2_000_000]


def test_a_server_that_cannot_continue(server: Server, tmp_path: Path) -> None:
    """When the server sends everything again, everything is taken from the start."""
    (tmp_path / "weights.part").write_bytes(b"x" * 1000)
    server.ranges = False
    fetch(server, tmp_path / "weights")
    assert (tmp_path / "weights").read_bytes() == CONTENT


def test_a_damaged_file_never_counts(server: Server, tmp_path: Path) -> None:
    """A wrong byte is found, the file is thrown away, and the next call gets a good one."""
    server.content = CONTENT[:-1] + bytes([CONTENT[-1] ^ 1])
    with pytest.raises(EncoderError, match="arrived damaged"):
        fetch(server, tmp_path / "weights")
    assert not (tmp_path / "weights").exists()
    server.content = CONTENT
    fetch(server, tmp_path / "weights")
    assert (tmp_path / "weights").read_bytes() == CONTENT


@pytest.mark.parametrize("status", [404, 403, 500])
def test_a_refusal_is_one_line(server: Server, tmp_path: Path, status: int) -> None:
    """An error of the server is told at once, in one line."""
    server.status = status
    with pytest.raises(EncoderError, match=str(status)) as error:
        fetch(server, tmp_path / "weights")
    assert "\n" not in str(error.value)
    assert len(server.asked) == 1


def test_nobody_there(tmp_path: Path) -> None:
    """Without a connection the error comes at once, in one line."""
    with pytest.raises(EncoderError, match="no connection") as error:
        fetch(Server("http://127.0.0.1:9/weights"), tmp_path / "weights")
    assert "\n" not in str(error.value)


def test_a_place_that_cannot_be_written(server: Server, tmp_path: Path) -> None:
    """A disk problem is told as one, not as a network problem."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EncoderError, match="cannot be stored"):
        fetch(server, tmp_path / "file" / "weights")
    assert not server.asked


def test_two_at_once(server: Server, tmp_path: Path) -> None:
    """A second process that fetches the same file is told to wait."""
    with (
        FileLock(str(tmp_path / "weights.part.lock")),
        pytest.raises(EncoderError, match="another process"),
    ):
        fetch(server, tmp_path / "weights")
