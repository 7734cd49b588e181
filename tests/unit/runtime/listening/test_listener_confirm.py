"""A listener with a second encoder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from runtime import WakeListener
from runtime.listening import watch as watch_module
from tests.waiting import wait_until
from wakeword.audio.frames import FloatArray
from wakeword.errors import WakesoundError
from wakeword.library.library import SoundLibrary
from wakeword.testing import (
    ArraySource,
    FedSource,
    RecordingSink,
    ToneEncoder,
    burst,
    make_library,
    noise,
    placed,
    tone,
)

BELL, HISS = tone(880, 0.4), burst(0.4)


class Gullible(ToneEncoder):
    """To it everything sounds alike."""

    id = "gullible-1"

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """The same for every window."""
        return np.tile(np.eye(1, self.dim, dtype=np.float32), (len(windows), 1))


class Slow(ToneEncoder):
    """Thinks about a hiss until it may go on."""

    id = "slow-1"

    def __init__(self) -> None:
        super().__init__()
        self.thinks = threading.Event()
        self.may = threading.Event()

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embed; what is no bell takes its time."""
        vectors = super().embed(windows)
        bell = super().embed([BELL])[0]
        if float((vectors @ bell).min()) < 0.5:
            self.thinks.set()
            assert self.may.wait(20)
        return vectors


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A bell, for an encoder that takes everything for it."""
    return make_library(tmp_path / "library", {"bell": BELL}, Gullible())


def test_the_second_encoder_has_the_last_word(library: SoundLibrary) -> None:
    """Given by name or as one of your own: the hiss wakes no more."""
    for confirm, starts in ((None, [1, 4]), ("logmel", [4]), (ToneEncoder(), [4])):
        tape = ArraySource(placed(noise(6.0), (1.0, HISS), (4.0, BELL)))
        listener = WakeListener(library, tape, encoder=Gullible(), confirm=confirm)
        assert [round(event.start_seconds) for event in listener] == starts


def test_others_are_heard_while_it_thinks(library: SoundLibrary) -> None:
    """Each source has its own thread: a slow word on one holds up no other."""
    second = Slow()
    den, hall = FedSource(name="den"), FedSource(name="hall")
    heard = RecordingSink()
    listener = WakeListener(library, [den, hall], encoder=Gullible(), confirm=second)
    listener.on("*", heard).start()
    try:
        den.feed(placed(noise(4.0), (1.0, HISS)))
        assert second.thinks.wait(10)
        hall.feed(placed(noise(4.0), (1.0, BELL)))
        assert heard.wait_for(1)
        assert [event.source for event in heard.events] == ["hall"]
    finally:
        second.may.set()
        den.end()
        hall.end()
        assert listener.wait(10)
    assert [event.source for event in heard.events] == ["hall"]


def test_new_sounds_are_confirmed_too(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sound that is enrolled meanwhile is embedded by the second encoder as well."""
    monkeypatch.setattr(watch_module, "PERIOD_SECONDS", 0.05)
    source, heard = FedSource(name="den"), RecordingSink()
    listener = WakeListener(library, source, encoder=Gullible(), confirm="logmel")
    listener.on("*", heard).start()
    make_library(library.folder, {"bell": tone(300, 0.4)}, Gullible())
    wait_until(lambda: listener.stats.reloads)
    source.feed(placed(noise(7.0), (1.0, BELL), (4.0, tone(300, 0.4))))
    source.end()
    assert listener.wait(10)
    assert [round(event.start_seconds) for event in heard.events] == [4]


def test_an_unknown_second_encoder_is_told_at_the_start(library: SoundLibrary) -> None:
    """Before anything is heard."""
    listener = WakeListener(library, ArraySource(HISS), encoder=Gullible(), confirm="unheard")
    with pytest.raises(WakesoundError, match="unheard"):
        listener.start()
