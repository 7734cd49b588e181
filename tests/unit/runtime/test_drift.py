"""What a listener keeps of the room."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from enroll.negatives import hear_ambient
from runtime import assembly, watch
from runtime.drift import Collector, Drift
from runtime.listener import WakeListener
from wakeword.audio import FloatArray
from wakeword.audiofile import AudioClip
from wakeword.engine import Engine
from wakeword.events import Match, Window
from wakeword.library import SoundLibrary
from wakeword.testing import (
    RATE,
    FedSource,
    ToneEncoder,
    frames,
    make_library,
    noise,
    placed,
    tone,
)

ENCODER = ToneEncoder()
BEEP, OTHER = tone(1000.0, 0.4), tone(300.0, 0.4)


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A beep; nothing is known of the room."""
    return make_library(tmp_path, {"beep": BEEP}, threshold=0.8)


def quiet(*sounds: FloatArray) -> FloatArray:
    """These sounds, three seconds apart."""
    background = noise(3.0 * len(sounds) + 2.0, level_db=-70.0)
    return placed(background, *((3.0 * i + 1.0, sound) for i, sound in enumerate(sounds)))


def collected(library: SoundLibrary, samples: FloatArray) -> list[FloatArray]:
    """The runs that are offered of a stream."""
    offered: list[FloatArray] = []
    engine = Engine(library, ENCODER)
    engine.observer = Collector(engine, offered.append)
    for frame in frames(np.concatenate([samples, quiet(OTHER)]), 1600):
        engine.push(frame)
    return offered


def test_what_comes_near_a_sound_is_left_out(library):
    """The sound and what is nearly it are not the room; what is unlike it is."""
    nearly = BEEP + tone(2500.0, 0.4, level_db=-22.0)
    assert len(collected(library, quiet(OTHER, OTHER))) == 2
    assert collected(library, quiet(BEEP, nearly, BEEP)) == []


def test_beside_a_sound_nothing_is_kept_either(library):
    """A long stretch with the sound in it: what is next to that goes too, what is far stays."""
    offered: list[FloatArray] = []
    collector = Collector(Engine(library, ENCODER), offered.append)
    for number in range(5 * 20):  # five runs of two seconds; in the third something is near
        row = np.full(4, number, np.float32)
        score = 0.75 if number == 50 else 0.2
        window = Window(row, number, segment_start=0, rate=RATE, embedding=row)
        collector(window, Match("beep", score, 0.8, "a take"))
    collector(Window(row, 300, segment_start=300, rate=RATE, embedding=row), None)
    assert [int(run[0, 0]) // 20 for run in offered] == [0, 4]


def test_no_more_is_kept_than_a_few_runs(library):
    """However busy the room is."""
    drift = Drift(library, runs=3)
    engine = Engine(library, ENCODER)
    drift.watch(engine)
    for frame in frames(quiet(*[OTHER] * 10), 1600):
        engine.push(frame)
    assert len(drift._kept) == 3
    assert drift._met >= 8


def test_others_who_observe_see_all(library):
    """The history and the meters come first."""
    seen: list[object] = []
    engine = Engine(library, ENCODER, observer=lambda window, match: seen.append(window))
    Drift(library).watch(engine)
    for frame in frames(quiet(OTHER), 1600):
        engine.push(frame)
    assert len(seen) > 5


def know_the_room(library: SoundLibrary) -> None:
    """Let the room be heard, as ``wakesound calibrate`` does."""
    heard = hear_ambient(AudioClip(quiet(*[tone(500.0, 0.4)] * 4), RATE), ENCODER)
    library.ambient(ENCODER).add(heard)


def listened(library: SoundLibrary, monkeypatch: pytest.MonkeyPatch, *, live: bool) -> FedSource:
    """A listener with drift hears the room until a fit was due a few times."""
    monkeypatch.setattr(assembly, "Drift", partial(Drift, period_seconds=0.05))
    monkeypatch.setattr(watch, "PERIOD_SECONDS", 0.02)
    source = FedSource(live=live)
    with WakeListener(library, source, encoder=ENCODER, drift=True):
        end = time.monotonic() + (20.0 if live else 0.5)
        while time.monotonic() < end and not library.ambient_since(ENCODER).path.exists():
            source.feed(quiet(OTHER, OTHER))
            time.sleep(0.1)
        source.end()
    return source


def test_a_listener_follows_a_room_that_was_heard(library, monkeypatch):
    """What it hears of a live source is in the library soon, without any audio."""
    know_the_room(library)
    listened(library, monkeypatch, live=True)
    assert library.ambient_since(ENCODER).read().runs


def test_recordings_are_no_room(library, monkeypatch):
    """Two runs over one file must give the same."""
    know_the_room(library)
    listened(library, monkeypatch, live=False)
    assert not library.ambient_since(ENCODER).path.exists()


def test_processes_share_the_bound(library):
    """What another one has just done is not done again."""
    know_the_room(library)
    for _ in range(2):
        drift = Drift(library, period_seconds=100.0)
        engine = Engine(library, ENCODER)
        drift.watch(engine)
        for frame in frames(quiet(OTHER, OTHER), 1600):
            engine.push(frame)
        drift._due = 0.0
        drift.tick(lambda: ENCODER)
        kept = library.ambient_since(ENCODER).read().runs
        assert len(kept) == 1
