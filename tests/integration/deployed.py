"""What the tests of ``deploy/`` share."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
ADDON = DEPLOY / "homeassistant" / "wakesound"
DEMO = ROOT / "assets" / "demo"


def load(path: Path) -> Any:
    """Read YAML."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


class Supervisor(ThreadingHTTPServer):
    """Home Assistant's supervisor, as far as the add-on talks to it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.got: list[tuple[str, str, Any]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    server: Supervisor

    def _answer(self, data: dict[str, Any]) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "null")
        self.server.got.append((self.path, self.headers["Authorization"], body))
        answer = json.dumps({"result": "ok", "data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self._answer(
            {"host": "core-mosquitto", "port": 1883, "username": "add/ons", "password": "p@:/"}
        )

    def do_POST(self) -> None:
        self._answer({"uuid": "x"})

    def log_message(self, *args: object) -> None: ...


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    """A running one."""
    with Supervisor() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def healthy(*addresses: str) -> int:
    """The status of the container's health check."""
    check = DEPLOY / "docker" / "healthcheck.py"
    return subprocess.run([sys.executable, check, *addresses], capture_output=True).returncode
