"""A server with small limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from runtime.services.http.config import Limits
from tests.integration.http_server import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server without a token, with small limits."""
    limits = replace(
        Limits(),
        upload_bytes=300_000,
        classify_seconds=20.0,
        samples=400_000,
        idle_seconds=0.5,
        event_streams=2,
        audio_streams=2,
    )
    folder = tmp_path_factory.mktemp("open")
    with serving(folder, limits=limits, cors=("https://home.example.org",)) as served:
        yield served
