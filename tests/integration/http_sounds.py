"""Servers with the demo's sounds, and what they say of a mistake."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from tests.integration.http_server import Served, enrolled, serving
from wakeword.testing import RATE


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return enrolled(tmp_path_factory.mktemp("http") / "library")


@pytest.fixture(scope="module")
def served(library: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server whose library no test changes."""
    folder = tmp_path_factory.mktemp("read") / "library"
    shutil.copytree(library, folder)
    with serving(folder) as served:
        yield served


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with served.client() as client:
        yield client


def wav_of(samples: np.ndarray, rate: int = RATE) -> dict[str, tuple[str, bytes, str]]:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format="WAV")
    return {"audio": ("sample.wav", buffer.getvalue(), "audio/wav")}


def problem_of(answer: httpx.Response, status: int, error: str) -> str:
    """The detail of an answer that must be this error."""
    body = answer.json()
    assert (answer.status_code, body["error"]) == (status, error), body
    assert body["detail"]
    return str(body["detail"])
