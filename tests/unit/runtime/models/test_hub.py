"""Pulling a model from a hub on the loopback, in a process of its own as the client reads its
settings when it is imported."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("torch", reason="needs the clap extra")
pytest.importorskip("transformers", reason="needs the clap extra")

from tests import clap_checkpoint

ROOT = Path(__file__).parents[4]
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = ("model.safetensors", "pytorch_model.bin")

PULL = """
import json, sys
from runtime.models.hub import pull
from wakeword.errors import EncoderError
told = []
try:
    folder = pull(sys.argv[1], lambda *progress: told.append(progress))
except EncoderError as error:
    sys.exit(str(error))
print(json.dumps([str(folder), sorted(p.name for p in folder.iterdir()), told]))
"""

USE = """
import json
from wakeword.embedding import weights as models
from wakeword.encoders import create_encoder
encoder = create_encoder("clap:somebody/tiny")
here = [(m.hub_id, str(m.folder)) for m in models.installed()]
print(json.dumps([encoder.spec, encoder.embed_text(["whistle"]).shape, here]))
"""


@dataclass
class Hub:
    """A model hub with one model."""

    url: str
    files: dict[str, bytes]
    drop_after: int | None = None
    """Break connections for large files after so many bytes and then refuse."""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Name and range of each file that was sent."""

    def entries(self) -> Iterator[tuple[str, bytes, str, str | None]]:
        """Name, content, git hash and, if large, the checksum of each file."""
        for name, content in self.files.items():
            git = hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
            large = hashlib.sha256(content).hexdigest() if name in LARGE else None
            yield name, content, git, large

    def listing(self) -> dict[str, Any]:
        siblings = [
            {"rfilename": name, "size": len(content), "blobId": git}
            | ({"lfs": {"sha256": sha, "size": len(content), "pointerSize": 130}} if sha else {})
            for name, content, git, sha in self.entries()
        ]
        return {"id": "somebody/tiny", "sha": COMMIT, "siblings": siblings, "tags": []}

    def tree(self) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": name, "size": len(content), "oid": git}
            | ({"lfs": {"oid": sha, "size": len(content), "pointerSize": 130}} if sha else {})
            for name, content, git, sha in self.entries()
        ]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = clap_checkpoint.build(tmp_path_factory.mktemp("hub"))
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    return found | {"pytorch_model.bin": b"the same in another format", "README.md": b"# Tiny"}


@pytest.fixture
def hub(files: dict[str, bytes]) -> Iterator[Hub]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path.startswith("/api/models/somebody/tiny/tree/"):
                self.answer(json.dumps(state.tree()).encode())
            elif path.startswith("/api/models/somebody/tiny"):
                self.answer(json.dumps(state.listing()).encode())
            elif path.startswith(f"/somebody/tiny/resolve/{COMMIT}/"):
                self.send_file(path.rpartition("/")[2])
            else:
                self.send_error(404)

        do_HEAD = do_GET

        def answer(self, body: bytes, status: int = 200, etag: str = "") -> None:
            self.send_response(status)
            if etag:
                self.send_header("ETag", f'"{etag}"')
                self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def send_file(self, wanted: str) -> None:
            content, etag = next(
                (content, sha or git)
                for name, content, git, sha in state.entries()
                if name == wanted
            )
            if self.command == "HEAD":
                self.answer(content, etag=etag)
                return
            start = int(self.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
            state.asked.append((wanted, str(start)))
            if wanted in LARGE and state.drop_after is not None:
                if start:
                    self.send_error(503)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: state.drop_after])
                return
            self.answer(content[start:], 206 if start else 200, etag=etag)

        def log_message(self, *args: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = Hub(f"http://127.0.0.1:{web.server_port}", dict(files))
    thread = threading.Thread(target=web.serve_forever, args=(0.01,))
    thread.start()
    yield state
    web.shutdown()
    thread.join()
    web.server_close()


def run(code: str, home: Path, url: str, *args: str) -> subprocess.CompletedProcess[str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING"))}
    env |= {"HF_HOME": str(home), "HF_ENDPOINT": url, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-c", code, *args], env=env, capture_output=True, text=True, timeout=60
    )


def test_a_model_is_pulled_and_used(hub: Hub, files: dict[str, bytes], tmp_path: Path) -> None:
    """After a pull the encoder loads by name without a network, and the model is listed."""
    done = run(PULL, tmp_path, hub.url, "somebody/tiny")
    assert (done.returncode, done.stderr) == (0, "")
    folder, names, told = json.loads(done.stdout)
    assert set(names) == set(files) - {"pytorch_model.bin", "README.md"}
    size = len(files["model.safetensors"])
    assert told[-1] == [size, size]

    used = run(USE, tmp_path, "http://127.0.0.1:9")
    assert (used.returncode, used.stderr) == (0, "")
    assert json.loads(used.stdout) == [
        "clap:somebody/tiny",
        [1, clap_checkpoint.DIM],
        [["somebody/tiny", folder]],
    ]

    hub.asked.clear()
    again = run(PULL, tmp_path, hub.url, "somebody/tiny")
    assert again.returncode == 0
    assert hub.asked == []


def test_an_interrupted_pull_goes_on(hub: Hub, tmp_path: Path) -> None:
    """What the first pull got of the weights is kept; the second fetches only the rest."""
    hub.drop_after = 100_000
    broken = run(PULL, tmp_path, hub.url, "clap:somebody/tiny")
    assert broken.returncode == 1
    assert "the next attempt goes on" in broken.stderr
    assert broken.stderr.count("\n") == 1
    assert "ModelNotFound" in run(USE, tmp_path, hub.url).stderr

    hub.drop_after = None
    hub.asked.clear()
    assert run(PULL, tmp_path, hub.url, "clap:somebody/tiny").returncode == 0
    assert [start for name, start in hub.asked if name in LARGE] == ["100000"]


def test_a_model_that_the_hub_does_not_have(hub: Hub, tmp_path: Path) -> None:
    """A wrong name is one line that repeats it."""
    done = run(PULL, tmp_path, hub.url, "somebody/else")
    assert done.returncode == 1
    assert "somebody/else" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_model_without_weights(hub: Hub, tmp_path: Path) -> None:
    """A model in a format that cannot be used is refused before anything is fetched."""
    for name in LARGE:
        del hub.files[name]
    done = run(PULL, tmp_path, hub.url, "somebody/tiny")
    assert "no weights" in done.stderr
    assert hub.asked == []


def test_no_connection(tmp_path: Path) -> None:
    """Without a hub the error is one line, at once, and says what else can be done."""
    done = run(PULL, tmp_path, "http://127.0.0.1:9", "clap")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("no connection to the model hub at http://127.0.0.1:9")
    assert "--encoder clap:FOLDER" in done.stderr
    assert done.stderr.count("\n") == 1
