from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import WakeListener
from tests.unit.runtime.listening.tapes import HIGH, LOW, stream, write
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.testing import FedSource, make_library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A library made with the default encoder: low and high."""
    sounds = {"low": LOW, "high": HIGH}
    encoder = LogMelEncoder()
    library = make_library(
        tmp_path / "library", sounds, encoder, encoder_spec="logmel", threshold=0.8
    )
    return library.folder


@pytest.fixture
def tape(tmp_path: Path) -> str:
    """The stream as a file."""
    return write(tmp_path / "tape.wav", stream())


@pytest.fixture
def room(folder: Path) -> Iterator[tuple[WakeListener, FedSource]]:
    """A listener to a live source that plays what a test feeds it."""
    source = FedSource(name="room")
    listener = WakeListener(folder, source)
    yield listener, source
    listener.stop()
