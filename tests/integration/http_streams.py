"""A stream with a whistle and a double knock, and what a server with those sounds says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.integration.http_server import KNOCKS, WHISTLES, Served, enrolled, serving
from tests.waiting import TIMEOUT_SECONDS
from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample
from wakeword.testing import noise, placed

RATE = 16_000


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return enrolled(tmp_path_factory.mktemp("http") / "library")


@pytest.fixture(scope="module")
def served(library: Path) -> Iterator[Served]:
    with serving(library) as served:
        yield served


def whistle_and_knock() -> np.ndarray:
    """Six seconds: a whistle at 1.5 s and a double knock at 4 s."""
    sounds = [(1.5, WHISTLES[0]), (4.0, KNOCKS[0])]
    clips = [(at, read_audio(path)) for at, path in sounds]
    return placed(
        noise(6.0), *((at, resample(clip.samples, clip.rate, RATE)) for at, clip in clips)
    )


def pcm16(samples: np.ndarray, channels: int = 1) -> bytes:
    whole = np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2")
    return np.repeat(whole[:, None], channels, axis=1).tobytes()


def open_stream(served: Served, query: str = "") -> ClientConnection:
    return connect(f"ws://127.0.0.1:{served.port}/ws{query}", open_timeout=TIMEOUT_SECONDS)


def all_messages(websocket: ClientConnection) -> list[dict[str, Any]]:
    """All until it is closed."""
    return [json.loads(message) for message in websocket]


def heard_in(messages: list[dict[str, Any]]) -> list[str]:
    return [message["sound"] for message in messages if message["event"] == "wake"]
