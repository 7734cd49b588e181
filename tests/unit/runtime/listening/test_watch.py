"""Noticing changed sounds."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.listening import watch as watch_module
from runtime.listening.watch import LibraryWatch
from wakeword.library.enrolled import EnrolledSounds
from wakeword.library.library import SoundLibrary
from wakeword.testing import ToneEncoder, make_library, tone


class Watched:
    """A watched library and what the watch said."""

    def __init__(self, library: SoundLibrary) -> None:
        self.library = library
        self.heard: list[EnrolledSounds] = []
        self.changed = threading.Event()
        self.watch = LibraryWatch(library, ToneEncoder(), self.note)
        self.watch.read()

    def note(self, sounds: EnrolledSounds) -> None:
        self.heard.append(sounds)
        self.changed.set()

    def wait(self) -> list[str]:
        """The sounds after the next change."""
        assert self.changed.wait(10)
        self.changed.clear()
        return self.heard[-1].sounds


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """A library with one sound, looked at often."""
    monkeypatch.setattr(watch_module, "PERIOD_SECONDS", 0.02)
    watched = Watched(make_library(tmp_path / "library", {"low": tone(440, 0.4)}))
    watched.watch.start()
    yield watched
    watched.watch.stop()


def test_new_renamed_and_removed_sounds_are_noticed(watched: Watched) -> None:
    """Each change comes with the sounds as they are then."""
    make_library(watched.library.folder, {"high": tone(2000, 0.4)})
    assert watched.wait() == ["high", "low"]
    watched.library.rename("high", "top")
    assert watched.wait() == ["low", "top"]
    watched.library.remove("low")
    assert watched.wait() == ["top"]
    watched.library.set_threshold("top", 0.5, 0.5)
    watched.wait()
    assert watched.watch.reloads >= 4


def test_what_could_not_be_read_at_first_is_told_once_it_can(watched: Watched) -> None:
    """A watch that was never told what there is begins with that."""
    heard: list[EnrolledSounds] = []
    told = threading.Event()

    def changed(sounds: EnrolledSounds) -> None:
        heard.append(sounds)
        told.set()

    other = LibraryWatch(watched.library, ToneEncoder(), changed)
    other.start()
    assert told.wait(10)
    other.stop()
    assert [scorer.sounds for scorer in heard] == [["low"]]


def test_nothing_happens_while_nothing_changes(watched: Watched) -> None:
    """Embedding takes or reading the sounds is no change."""
    watched.library.enrolled(ToneEncoder())
    assert not watched.changed.wait(0.2)
    assert watched.watch.reloads == 0


def test_a_library_that_broke_changes_nothing(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged once, the sounds stay as they were, and mending it is noticed."""
    path = watched.library.folder / "library.json"
    good = path.read_text()
    other = path.with_name("other.json")  # as the library writes: never half a file
    other.write_text(json.dumps({**json.loads(good), "encoder_id": "other-1"}))
    other.replace(path)
    assert not watched.changed.wait(0.3)
    assert sum("those before stay" in message for message in caplog.messages) == 1
    other.write_text(good)
    other.replace(path)
    assert watched.wait() == ["low"]


def test_after_stop_nobody_looks(watched: Watched) -> None:
    """No change is noticed any more."""
    watched.watch.stop()
    watched.watch._thread.join(5)
    make_library(watched.library.folder, {"high": tone(2000, 0.4)})
    assert not watched.changed.wait(0.1)


def test_a_passing_error_does_not_lose_the_change(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What could not be read is read again, until it can be; the same trouble is told once."""
    tries = 0
    real = SoundLibrary.enrolled

    def busy(library: SoundLibrary, encoder: ToneEncoder) -> EnrolledSounds:
        nonlocal tries
        tries += 1
        if tries <= 3:
            raise OSError("the disk is busy")
        return real(library, encoder)

    monkeypatch.setattr(SoundLibrary, "enrolled", busy)
    watched.library.rename("low", "deep")
    assert watched.wait() == ["deep"]
    assert tries == 4
    assert sum("the disk is busy" in message for message in caplog.messages) == 1


def test_what_a_match_needs_is_read_ahead(watched: Watched) -> None:
    """The recordings that the order needs are decoded in this thread, not in an engine's."""
    make_library(watched.library.folder, {"high": tone(2000, 0.4)})
    watched.wait()
    assert {name: order.prepared for name, order in watched.heard[-1].orders.items()} == {
        "high": True,
        "low": True,
    }


def test_so_is_what_was_read_at_first(tmp_path: Path) -> None:
    """At once, without waiting for the next look."""
    library = make_library(tmp_path / "library", {"low": tone(440, 0.4)})
    watch = LibraryWatch(library, ToneEncoder(), lambda sounds: None)
    sounds = watch.read()
    assert not sounds.orders["low"].prepared
    watch.start()
    end = time.monotonic() + 10
    while not sounds.orders["low"].prepared and time.monotonic() < end:
        time.sleep(0.005)
    assert sounds.orders["low"].prepared
    watch.stop()
