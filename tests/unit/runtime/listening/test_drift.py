"""What a listener keeps of the room."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from enroll.negatives import hear_ambient
from runtime.listening import assembly, watch
from runtime.listening.drift import Collector, Drift
from runtime.listening.listener import WakeListener
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import AudioClip
from wakeword.engine import Engine
from wakeword.events import Match, WakeEvent, Window
from wakeword.library.library import SoundLibrary
from wakeword.library.records import PatternRecord
from wakeword.stream import Stream
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


def watched(drift: Drift, engine: Engine) -> Stream[Engine]:
    """What an engine hears, seen by drift."""
    return Stream(engine, [drift.collector(engine)])


def collected(library: SoundLibrary, samples: FloatArray) -> list[FloatArray]:
    """The runs that are offered of a stream."""
    offered: list[FloatArray] = []
    engine = Engine(library, ENCODER)
    stream = Stream(engine, [Collector(engine, offered.append)])
    for frame in frames(np.concatenate([samples, quiet(OTHER)]), 1600):
        stream.push(frame)
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
        collector.window(window, Match("beep", score, 0.8, "a take"))
    collector.window(Window(row, 300, segment_start=300, rate=RATE, embedding=row), None)
    assert [int(run[0, 0]) // 20 for run in offered] == [0, 4]


def test_a_row_told_by_its_mean_is_not_the_room(tmp_path):
    """Its beats are far below the threshold; still none is kept."""
    pip = tone(440, 0.06)
    pips = make_library(tmp_path / "pips", {"pip": pip, "high": tone(2000, 0.06)})
    pips.set_patterns("pip", [PatternRecord(beats=2, wait_seconds=0.6)])
    hidden = [np.asarray(pip + 0.95 * tone(hz, 0.06), np.float32) for hz in (900, 5000)]
    stream = placed(noise(7.0), (3.0, hidden[0]), (3.3, hidden[1]))
    assert collected(pips, stream) == []
    assert len(collected(pips, np.concatenate([quiet(OTHER), quiet(OTHER)]))) == 2


def test_nothing_is_kept_since_the_first_beat_of_a_wake(library):
    """However unlike the sound it is: what was heard before the row stays, what is in it goes."""
    library.set_patterns("beep", [PatternRecord(beats=2, wait_seconds=0.6)])
    offered: list[FloatArray] = []
    collector = Collector(Engine(library, ENCODER), offered.append)

    def hear(second: float) -> None:
        row = np.full(4, second, np.float32)
        start = round(second * RATE)
        collector.window(Window(row, start, start, RATE, row), Match("beep", 0.1, 0.8, "a take"))

    for second in (1.0, 3.0, 3.5, 3.9):
        hear(second)
    assert offered == []
    collector.woke(WakeEvent("beep", 0.8, 0.75, 3 * RATE, 4 * RATE, RATE, pattern="beep x2"))
    for second in (9.0, 15.0):
        hear(second)
    assert [float(run[0, 0]) for run in offered] == [1.0, 9.0]


def test_drift_hears_of_wakes(library):
    """Also of those that are dropped: what we play ourselves is not the room."""
    woken: list[WakeEvent] = []

    class Watching(Collector):
        def woke(self, event: WakeEvent) -> None:
            """Note it too."""
            woken.append(event)
            super().woke(event)

    offered: list[FloatArray] = []
    engine = Engine(library, ENCODER)
    stream = Stream(engine, [Watching(engine, offered.append)], lambda event: None)
    assert [e for frame in frames(quiet(BEEP), 1600) for e in stream.push(frame)] == []
    assert [event.sound for event in woken] == ["beep"]
    assert offered == []


def test_no_more_is_kept_than_a_few_runs(library):
    """However busy the room is."""
    drift = Drift(library, runs=3)
    stream = watched(drift, Engine(library, ENCODER))
    for frame in frames(quiet(*[OTHER] * 10), 1600):
        stream.push(frame)
    assert len(drift._kept) == 3
    assert drift._met >= 8


def test_others_who_observe_see_all(library):
    """The history and the meters come first."""
    seen: list[object] = []
    engine = Engine(library, ENCODER, observer=lambda window, match: seen.append(window))
    stream = watched(Drift(library), engine)
    for frame in frames(quiet(OTHER), 1600):
        stream.push(frame)
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
        stream = watched(drift, Engine(library, ENCODER))
        for frame in frames(quiet(OTHER, OTHER), 1600):
            stream.push(frame)
        drift._due = 0.0
        drift.tick(lambda: ENCODER)
        kept = library.ambient_since(ENCODER).read().runs
        assert len(kept) == 1
