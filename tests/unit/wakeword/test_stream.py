"""The one driver of a stream."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.engine import Engine, EngineConfig
from wakeword.events import Match, WakeEvent, Window
from wakeword.library.library import SoundLibrary
from wakeword.stream import Observer, Stream
from wakeword.testing import RATE, ToneEncoder, frames, make_library, noise, placed, tone

BEEP = tone(2000, 0.4)


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A beep."""
    return make_library(tmp_path, {"beep": BEEP})


def beeps(rate: int = RATE) -> FloatArray:
    """Eight seconds with a beep at 2 s and one at 5 s, at any rate."""
    beep = tone(2000, 0.4, rate)
    return placed(noise(8.0, rate), (2.0, beep), (5.0, beep), rate=rate)


class Diary(Observer):
    """Notes all that it sees, in order."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def block(self, block: AudioFrame) -> None:
        self.seen.append(("block", block.start))

    def window(self, window: Window, match: Match | None) -> None:
        self.seen.append(("window", window.end))

    def woke(self, event: WakeEvent) -> None:
        self.seen.append(("woke", event.end))

    def event(self, event: WakeEvent) -> None:
        self.seen.append(("event", event.end))

    def advance(self, position: int) -> None:
        self.seen.append(("advance", position))

    def finish(self) -> None:
        self.seen.append(("finish", 0))


@pytest.mark.parametrize("size", [1000, 1600, 10**6])
def test_the_same_events_as_the_engine_alone(library: SoundLibrary, size: int) -> None:
    """At the encoder's rate nothing is changed."""
    engine, stream = Engine(library, ToneEncoder()), Stream(Engine(library, ToneEncoder()))
    audio = beeps()
    expected = [e for frame in frames(audio, 777) for e in engine.push(frame)] + engine.flush()
    heard = [e for frame in frames(audio, size) for e in stream.push(frame)] + stream.flush()
    assert heard == expected
    assert len(heard) == 2
    assert stream.seconds == 8.0


@pytest.mark.parametrize("rate", [11025, 44100, 48000])
def test_any_rate_is_resampled_as_one_stream(library: SoundLibrary, rate: int) -> None:
    """Frames of any size, or samples without an index, give equal events, told at one rate."""
    found = []
    for size in (997, 10**6):
        stream = Stream(Engine(library, ToneEncoder()))
        pushed = [e for f in frames(beeps(rate), size, rate) for e in stream.push(f)]
        found.append(pushed + stream.flush())
    stream = Stream(Engine(library, ToneEncoder()))
    found.append(stream.feed(beeps(rate), rate) + stream.flush())
    assert found[0] == found[1] == found[2]
    assert [round(event.start_seconds) for event in found[0]] == [2, 5]
    assert {event.rate for event in found[0]} == {RATE}


@pytest.mark.parametrize("rate", [11025, 22050, 24000, 44100])
def test_an_encoder_may_have_any_rate(tmp_path: Path, rate: int) -> None:
    """Also one that the voice detector does not know."""
    encoder = ToneEncoder(rate)
    library = make_library(tmp_path / str(rate), {"beep": BEEP}, encoder)
    for gate in ("band", "vad", "union"):
        stream = Stream(Engine(library, encoder, EngineConfig(gate=gate)))
        events = stream.feed(beeps(), RATE) + stream.flush()
        if gate != "vad":  # a beep is no voice
            assert [round(event.start_seconds) for event in events] == [2, 5]
        assert all(0.0 <= event.speech <= 1.0 for event in events)


def test_a_gap_keeps_its_length(library: SoundLibrary) -> None:
    """What is lost between two frames, at another rate: what follows is as much later."""
    stream = Stream(Engine(library, ToneEncoder()))
    audio = beeps(48000)
    first, second = audio[: 3 * 48000], audio[4 * 48000 :]
    events = stream.push(AudioFrame(first, 0, 48000))
    events += stream.push(AudioFrame(second, 4 * 48000, 48000)) + stream.flush()
    assert [round(event.start_seconds, 1) for event in events] == [1.8, 4.8]
    assert stream.position == 8 * RATE


def test_nothing_reaches_across_a_gap(library: SoundLibrary) -> None:
    """A tone that goes on at both ends of lost audio is heard in windows of one side each."""
    audio = placed(noise(4.0), (1.5, tone(2000, 1.0)))
    windows: list[Window] = []
    stream = Stream(Engine(library, ToneEncoder(), observer=lambda w, _: windows.append(w)))
    stream.feed(audio[: 2 * RATE], RATE)
    stream.gap(1.5)
    assert stream.position == round(3.5 * RATE)
    stream.feed(audio[2 * RATE :], RATE)
    stream.flush()
    hangover = round(0.3 * RATE)
    before = [window for window in windows if window.end <= 2 * RATE + hangover]
    behind = [window for window in windows if window.start >= 3.5 * RATE]
    assert before
    assert behind
    assert len(before) + len(behind) == len(windows)


def test_observers_are_told_in_order(library: SoundLibrary) -> None:
    """Each block, its window, the events of it, and how far it is; in the end that it is over."""
    first, second = Diary(), Diary()
    stream = Stream(Engine(library, ToneEncoder()), [first])
    stream.watch(second)
    for frame in frames(beeps(), 5000):
        stream.push(frame)
    stream.flush()
    stream.finish()
    assert first.seen == second.seen
    at = first.seen.index(next(seen for seen in first.seen if seen[0] == "woke"))
    kinds = [what for what, _ in first.seen[at - 2 : at + 3]]
    assert kinds == ["block", "window", "woke", "event", "advance"]
    assert len({when for _, when in first.seen[at - 1 : at + 3]}) == 1
    assert first.seen[-1] == ("finish", 0)


def test_events_are_named_or_dropped(library: SoundLibrary) -> None:
    """What drops one still lets the observers know that there was one."""
    named = Stream(Engine(library, ToneEncoder()), named=lambda event: replace(event, source="den"))
    events = named.push(AudioFrame(beeps(), 0, RATE)) + named.flush()
    assert [event.source for event in events] == ["den", "den"]
    diary = Diary()
    dropping = Stream(Engine(library, ToneEncoder()), [diary], lambda event: None)
    assert dropping.push(AudioFrame(beeps(), 0, RATE)) + dropping.flush() == []
    told = [what for what, _ in diary.seen if what in ("woke", "event")]
    assert told == ["woke", "woke"]


def test_sounds_are_exchanged_between_blocks(library: SoundLibrary, tmp_path: Path) -> None:
    """The first beep wakes; then another sound is listened for."""
    stream = Stream(Engine(library, ToneEncoder()))
    audio = beeps()
    (event,) = stream.feed(audio[: 4 * RATE], RATE)
    assert event.sound == "beep"
    other = make_library(tmp_path / "other", {"low": tone(300, 0.4)}).enrolled(ToneEncoder())
    stream.reload(other)
    assert stream.feed(audio[4 * RATE :], RATE) + stream.flush() == []
    assert stream.hears.sounds is other


def test_a_frame_from_the_past_is_refused(library: SoundLibrary) -> None:
    """As the engine refuses it."""
    stream = Stream(Engine(library, ToneEncoder()))
    stream.push(AudioFrame(noise(1.0), 0, RATE))
    with pytest.raises(Exception, match="in order"):
        stream.push(AudioFrame(np.zeros(10, np.float32), 100, RATE))
