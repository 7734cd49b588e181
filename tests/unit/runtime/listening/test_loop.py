"""One source and its engine."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from runtime.listening import loop as loop_module
from runtime.listening.loop import SourceLoop
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.engine import Engine
from wakeword.errors import AudioFormatError, SourceError
from wakeword.events import WakeEvent
from wakeword.library.enrolled import EnrolledSounds
from wakeword.library.library import SoundLibrary
from wakeword.protocols import Source
from wakeword.testing import (
    RATE,
    ArraySource,
    FedSource,
    ToneEncoder,
    frames,
    make_library,
    noise,
    placed,
    tone,
)

LOW, HIGH = tone(440, 0.4), tone(2000, 0.4)


class Waiting(ToneEncoder):
    """An encoder that says when it is asked and answers when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go = threading.Event(), threading.Event()

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        self.asked.set()
        self.go.wait(30)
        return super().embed(windows)


class Run:
    """A loop and what it said."""

    def __init__(
        self,
        source: Source,
        library: SoundLibrary,
        encoder: ToneEncoder,
        session: str = "today",
    ) -> None:
        self.events: list[WakeEvent] = []
        self.patient: set[bool] = set()
        self.ended = threading.Event()
        self.loop = SourceLoop(
            source, source.name, Engine(library, encoder), self.heard, self.ended.set, session
        )

    def heard(self, event: WakeEvent, patient: bool) -> None:
        self.events.append(event)
        self.patient.add(patient)

    def finish(self) -> list[str]:
        """Wait for the end; the sounds that were heard."""
        assert self.ended.wait(20)
        self.loop.join()
        return [event.sound for event in self.events]


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """Two sounds, low and high, whose vectors are computed already."""
    library = make_library(tmp_path / "library", {"low": LOW, "high": HIGH})
    library.enrolled(ToneEncoder())
    return library


def test_a_recording_is_heard_to_its_last_sample(library: SoundLibrary) -> None:
    """Start, middle and a sound that ends with the file; then it is over, without an error."""
    samples = placed(noise(4.17), (1.0, LOW), (2.5, HIGH), (3.87, LOW))
    run = Run(ArraySource(samples, name="tape"), library, ToneEncoder())
    run.loop.start()
    assert run.finish() == ["low", "high", "low"]
    assert {event.source for event in run.events} == {"tape"}
    assert run.patient == {True}
    stats = run.loop.stats()
    assert (stats.state, stats.seconds, stats.events) == ("ended", 4.17, 3)
    assert (stats.frames_dropped, stats.samples_lost, stats.restarts) == (0, 0, 0)


def test_a_recording_waits_for_a_slow_engine(library: SoundLibrary) -> None:
    """However slow, not one frame of a file is dropped."""
    encoder = Waiting()
    samples = placed(noise(30.0), (1.0, LOW), (29.0, HIGH))
    run = Run(ArraySource(samples), library, encoder)
    run.loop.start()
    assert encoder.asked.wait(10)
    encoder.go.set()
    assert run.finish() == ["low", "high"]
    assert run.loop.stats().frames_dropped == 0
    assert run.loop.stats().seconds == 30.0


def test_live_audio_is_dropped_in_one_piece(
    library: SoundLibrary, caplog: pytest.LogCaptureFixture
) -> None:
    """While the engine hangs for 10 s of live audio, 8 s are dropped in two pieces of 4 s, and
    counted; time stays right, so the sound after the gap is heard in its place."""
    encoder = Waiting()
    source = FedSource(name="room")
    run = Run(source, library, encoder)
    run.loop.start()
    samples = placed(noise(13.0), (1.0, LOW), (11.5, HIGH))
    stream = list(frames(samples, 1600))
    for frame in stream[:11]:
        source.feed(frame.samples)
    assert encoder.asked.wait(10)
    for frame in stream[11:]:
        source.feed(frame.samples)
    source.end()
    reader = run.loop._reader
    reader.join(10)
    encoder.go.set()
    assert run.finish() == ["low", "high"]
    stats = run.loop.stats()
    assert stats.frames_dropped == 80
    assert stats.seconds == 13.0
    assert run.patient == {False}
    assert 11.5 < run.events[1].end_seconds <= 12.2
    assert "room: this machine is too slow" in caplog.text


def test_a_sound_across_a_gap_is_not_made_up(library: SoundLibrary) -> None:
    """Half a sound before and half after lost audio count each for itself."""
    source = FedSource()
    run = Run(source, library, ToneEncoder())
    run.loop.start()
    source.feed(placed(noise(1.05), (1.0, LOW)))
    source.lose(5 * RATE)
    source.feed(noise(1.0))
    source.end()
    assert run.finish() in (["low"], [])
    assert run.loop.stats().seconds == pytest.approx(7.05)


def test_a_source_that_fails_is_heard_so_far(library: SoundLibrary) -> None:
    """What came before the failure counts, to the last sample; the error is kept."""
    source = FedSource()
    source.feed(placed(noise(1.35), (1.0, LOW)))
    source.fail(SourceError("unplugged"))
    run = Run(source, library, ToneEncoder())
    run.loop.start()
    assert run.finish() == ["low"]
    assert isinstance(run.loop.error, SourceError)
    assert run.loop.stats().state == "failed"
    assert run.loop.stats().error == "unplugged"


def test_an_engine_that_fails_ends_the_source(library: SoundLibrary) -> None:
    """The reader does not wait for ever for an engine that is gone, and the source is closed."""

    class Backwards(ArraySource):
        def __iter__(self) -> Iterator[AudioFrame]:
            yield AudioFrame(np.zeros(1600, np.float32), 1600, RATE)
            for _ in range(1000):
                yield AudioFrame(np.zeros(1600, np.float32), 0, RATE)

    source = Backwards(noise(0.1))
    run = Run(source, library, ToneEncoder())
    run.loop.start()
    assert run.finish() == []
    assert isinstance(run.loop.error, AudioFormatError)
    assert source.closed.is_set()


def test_stop_ends_a_live_source(library: SoundLibrary) -> None:
    """While it waits for audio; it is closed, and nothing is heard any more."""
    source = FedSource()
    run = Run(source, library, ToneEncoder())
    run.loop.start()
    source.feed(noise(0.1))
    run.loop.stop()
    run.loop.stop()
    assert run.finish() == []
    assert source.closed.is_set()
    assert run.loop.error is None
    assert run.loop.stats().state == "ended"


def test_stop_does_not_hear_what_waits(library: SoundLibrary) -> None:
    """A stopped file does not fire the rest of its events."""
    encoder = Waiting()
    samples = placed(noise(30.0), *((second, LOW) for second in range(1, 30, 2)))
    run = Run(ArraySource(samples), library, encoder)
    run.loop.start()
    assert encoder.asked.wait(10)
    run.loop.stop()
    encoder.go.set()
    assert run.finish() == []


def test_a_source_that_never_returns_is_left_behind(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver that hangs does not hang the end."""
    monkeypatch.setattr(loop_module, "READER_SECONDS", 0.05)
    free = threading.Event()

    class Stuck(ArraySource):
        def __iter__(self) -> Iterator[AudioFrame]:
            free.wait(30)
            yield from ()

    run = Run(Stuck(noise(0.1), live=True), library, ToneEncoder())
    run.loop.start()
    run.loop.stop()
    assert run.finish() == []
    free.set()


def test_live_events_have_a_name_of_their_own(library: SoundLibrary) -> None:
    """The same place in two live streams is two events; in two runs of a file it is one."""
    ids: dict[bool, list[list[str]]] = {False: [], True: []}
    for live in ids:
        for session in ("monday", "tuesday"):
            source = ArraySource(placed(noise(2.0), (1.0, LOW)), live=live, size=16000)
            run = Run(source, library, ToneEncoder(), session)
            run.loop.start()
            assert run.finish() == ["low"]
            ids[live].append([event.id for event in run.events])
    assert ids[False][0] == ids[False][1]
    assert ids[True][0] != ids[True][1]


def test_a_source_that_never_closes_is_left_behind(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A driver that hangs while it is closed does not hang the end either."""
    monkeypatch.setattr(loop_module, "READER_SECONDS", 0.05)
    free = threading.Event()

    class Stuck(FedSource):
        def close(self) -> None:
            free.wait(30)
            super().close()

    source = Stuck()
    run = Run(source, library, ToneEncoder())
    run.loop.start()
    run.loop.stop()
    assert run.finish() == []
    assert not source.closed.is_set()
    free.set()


def test_sounds_that_come_while_others_are_taken_over_are_not_lost(
    library: SoundLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest sounds count, even those that come in the midst of an older change."""
    source = FedSource()
    run = Run(source, library, ToneEncoder())
    first, second = library.enrolled(ToneEncoder()), library.enrolled(ToneEncoder())
    engine = run.loop.stream.hears
    assert isinstance(engine, Engine)
    load = engine.load

    def slow_load(sounds: EnrolledSounds) -> None:
        load(sounds)
        if sounds is first:
            run.loop.load(second)

    monkeypatch.setattr(engine, "load", slow_load)
    run.loop.load(first)
    run.loop.start()
    source.feed(noise(0.1))
    source.feed(noise(0.1))
    source.end()
    run.finish()
    assert engine.sounds is second
