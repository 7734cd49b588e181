"""What the page's tests share: a browser with a microphone, and servers of their own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runtime.history.store import History, HistoryConfig
from tests.integration.browser import FakeMicrophone, chromium, require
from tests.integration.http_server import Served, enrolled, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@dataclass(frozen=True)
class Room:
    """A browser, and what its microphone hears."""

    browser: Browser
    microphone: FakeMicrophone


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A browser with a microphone."""
    require()
    microphone = FakeMicrophone(tmp_path_factory.mktemp("microphone") / "room.wav")
    with chromium(microphone.path) as browser:
        yield Room(browser, microphone)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's sounds; no test changes it."""
    return enrolled(tmp_path_factory.mktemp("page") / "library")


@pytest.fixture
def served(library: Path, tmp_path: Path) -> Iterator[Served]:
    """A server with the demo's sounds that keeps audio."""
    shutil.copytree(library, tmp_path / "library")
    history = History(tmp_path / "history", HistoryConfig(keep_audio=True, keep_speech=True))
    hooks = tmp_path / "wakesound.toml"
    with serving(tmp_path / "library", history=history, hook_file=hooks) as served:
        yield served


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Served]:
    """A server without sounds."""
    with serving(tmp_path / "library", hook_file=tmp_path / "wakesound.toml") as served:
        yield served
