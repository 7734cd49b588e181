"""The real HTTP service on a port of its own, in a thread of this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from enroll import enroll_files
from runtime.services.http.config import Limits, ServerConfig
from runtime.services.http.server import Server
from runtime.services.http.service import Service
from runtime.threads import Worker
from tests.waiting import TIMEOUT_SECONDS, wait_until
from wakeword.embedding.weights import asset
from wakeword.encoders import create_encoder
from wakeword.engine import EngineConfig
from wakeword.library.library import SoundLibrary

DEMO = asset("demo")
WHISTLES = sorted(DEMO.glob("whistle_*.flac"))
KNOCKS = sorted(DEMO.glob("double_knock_*.flac"))
OFFSET = -0.05
"""Added to the thresholds of servers whose engine is not said."""
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Served:
    """A running service."""

    url: str
    service: Service
    server: Server

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.url.rpartition(":")[2])

    def client(self, **options: Any) -> httpx.Client:
        """A client for it."""
        return httpx.Client(base_url=self.url, timeout=TIMEOUT_SECONDS, **options)


@contextmanager
def serving(folder: Path, *, limits: Limits | None = None, **options: Any) -> Iterator[Served]:
    """Serve the library in a folder until the end of the block.

    Args:
        folder: of the library.
        limits: of the server.
        options: of ``ServerConfig``, or of ``Service``.
    """
    of_service = {
        name: options.pop(name)
        for name in ("encoder", "label_encoder", "history", "actions", "engine_config", "hook_file")
        if name in options
    }
    options.setdefault("port", 0)
    config = ServerConfig(limits=limits or Limits(), **options)
    of_service.setdefault("engine_config", EngineConfig(threshold_offset=OFFSET))
    service = Service(SoundLibrary(folder), config, **of_service)
    server = Server(service)
    thread = Worker("http-server", server.serve_until_stopped, carry=True)
    thread.start()
    try:
        wait_until(lambda: (service.ready and server.started) or not thread.is_alive())
        assert thread.error is None, thread.error
        yield Served(server.url, service, server)
    finally:
        server.stop()
        thread.join(TIMEOUT_SECONDS)
        assert not thread.is_alive(), "the server does not end"


def enrolled(folder: Path) -> Path:
    """A library with the demo's whistle and double knock."""
    encoder = create_encoder("mini")
    enroll_files(folder, encoder, "whistle", WHISTLES)
    enroll_files(folder, encoder, "double knock", KNOCKS, budget_per_hour=5.0)  # like much else
    return folder


def upload(path: Path, name: str = "") -> dict[str, tuple[str, bytes, str]]:
    """A file as httpx and requests take it."""
    return {"audio": (name or path.name, path.read_bytes(), "audio/flac")}


def sse(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The events of a stream: ``id``, ``event`` and the data."""
    found: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if not line and "data" in found:
            yield found
        if not line:
            found = {}
        elif name == "data":
            found["data"] = json.loads(value)
        elif name:
            found[name] = value
