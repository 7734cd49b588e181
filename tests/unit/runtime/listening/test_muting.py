"""Being deaf on purpose: muting, and what we play ourselves."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from runtime.listening.listener import WakeListener
from runtime.listening.muting import Muting, Played
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.errors import AudioFormatError, ConfigError
from wakeword.events import WakeEvent
from wakeword.protocols import Source
from wakeword.testing import RATE, ToneEncoder, burst, frames, make_library, noise, placed, tone

BLIP = tone(440, 0.4)
CHIME = np.concatenate([tone(660, 0.3), tone(880, 0.3), tone(1300, 0.4)])


def heard(muting: Muting, start: int, end: int) -> list[tuple[int, int]]:
    """Which parts of a frame come through."""
    frame = AudioFrame(np.arange(start, end, dtype=np.float32), start, RATE)
    parts = list(muting(frame))
    for part in parts:
        assert part.samples[0] == part.start
    return [(part.start, part.end) for part in parts]


def test_muting_cuts_out_exactly_what_is_muted() -> None:
    """To the sample, at either end and in the middle of a frame."""
    muting = Muting()
    assert heard(muting, 0, 100) == [(0, 100)]
    muting.mute(150, 200)
    assert heard(muting, 100, 200) == [(100, 150)]
    assert heard(muting, 200, 300) == []
    assert heard(muting, 300, 400) == [(350, 400)]
    muting.mute(420, 30)
    assert heard(muting, 400, 500) == [(400, 420), (450, 500)]


def test_what_is_muted_twice_before_it_is_heard_is_muted_twice() -> None:
    """The engine lags behind the microphone: both stretches are still to come."""
    muting = Muting()
    muting.mute(100, 50)
    muting.mute(300, 50)
    assert heard(muting, 0, 320) == [(0, 100), (150, 300)]
    muting.lift(330)
    assert heard(muting, 320, 500) == [(330, 500)]


def test_muting_is_prolonged_and_lifted() -> None:
    """A second time while muted goes on; lifting ends it; infinite stays."""
    muting = Muting()
    muting.mute(100, 100)
    muting.mute(150, 20)
    assert muting.until == 200
    muting.mute(150, math.inf)
    assert heard(muting, 100, 1000) == []
    muting.lift(1200)
    assert heard(muting, 1000, 1500) == [(1200, 1500)]


class Tape(Source):
    """A microphone that is never ahead of the engine, and things done at tenths of seconds."""

    live = True
    name = "tape"
    rate = RATE

    def __init__(self, samples: FloatArray) -> None:
        self._samples = samples
        self.doings: dict[int, Callable[[], object]] = {}
        self.taken: Callable[[], float] = lambda: 0.0

    def __iter__(self) -> Iterator[AudioFrame]:
        for number, frame in enumerate(frames(self._samples, RATE // 10)):
            self.doings.get(number, lambda: None)()
            yield frame
            while self.taken() * RATE < frame.end - 1:
                time.sleep(0.001)

    def close(self) -> None:
        """Nothing to do."""


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library with a blip, and one with the notes of our chime."""
    make_library(tmp_path, {"blip": BLIP, "ding": tone(660, 0.3)})
    return tmp_path


def wakes(library: Path, samples: FloatArray, **doings: Callable[[WakeListener], object]):
    """What is heard of a tape while things are done at tenths of seconds: ``at_12=...``."""
    tape = Tape(samples)
    listener = WakeListener(library, tape, encoder=ToneEncoder())
    tape.taken = lambda: listener.stats.seconds
    for when, do in doings.items():
        tape.doings[int(when.removeprefix("at_"))] = partial(do, listener)
    events = [(event.sound, round(event.start_seconds)) for event in listener]
    return events, listener.stats


def test_nothing_wakes_while_muted(library: Path) -> None:
    """Of three blips the one in the middle is muted; the stream's length stays."""
    stream = placed(noise(6.0), (1.0, BLIP), (3.0, BLIP), (5.0, BLIP))
    events, stats = wakes(library, stream, at_26=lambda listener: listener.mute(1.2))
    assert events == [("blip", 1), ("blip", 5)]
    assert stats.seconds == pytest.approx(6.0)


def test_muting_until_it_is_lifted(library: Path) -> None:
    """Without a time it lasts until unmute, for the source by its name."""
    stream = placed(noise(6.0), (1.0, BLIP), (3.0, BLIP), (5.0, BLIP))
    events, _ = wakes(
        library,
        stream,
        at_5=lambda listener: listener.mute(source="tape"),
        at_45=lambda listener: listener.unmute(),
    )
    assert events == [("blip", 5)]


def test_what_we_play_does_not_wake(library: Path) -> None:
    """A chime that holds an enrolled sound is ours when announced, and wakes otherwise."""
    room = 0.5 * np.convolve(CHIME, [1.0, 0.0, 0.3])[: len(CHIME)].astype(np.float32)
    stream = placed(noise(6.0), (2.25, room), (4.5, BLIP))
    assert wakes(library, stream)[0] == [("ding", 2), ("blip", 4)]
    events, stats = wakes(library, stream, at_20=lambda listener: listener.reference(CHIME, RATE))
    assert events == [("blip", 4)]
    assert stats.sources[0].suppressed == 1


def test_others_are_heard_while_we_play(library: Path) -> None:
    """A blip over our quiet music wakes."""
    music = burst(3.0, level_db=-45.0)
    stream = placed(noise(6.0), (1.1, music), (2.5, BLIP))
    events, _ = wakes(library, stream, at_10=lambda listener: listener.reference(music, RATE))
    assert ("blip", 2) in events


def test_mistakes_are_told(library: Path) -> None:
    """No time, no such source, no audio; while not listening nothing happens."""
    listener = WakeListener(library, "mic")
    listener.mute(1.0, source="attic")
    listener.reference(CHIME, RATE)
    with pytest.raises(ConfigError, match="above 0 seconds"):
        listener.mute(-1.0)
    problems: list[Exception] = []

    def wrong(listener: WakeListener) -> None:
        for call in (
            lambda: listener.mute(1.0, source="attic"),
            lambda: listener.reference(np.full(10, np.nan, np.float32), RATE),
        ):
            try:
                call()
            except (ConfigError, AudioFormatError) as error:
                problems.append(error)

    wakes(library, noise(1.0), at_5=wrong)
    assert "there is no source 'attic'; there are: tape" in str(problems[0])
    assert "NaN" in str(problems[1])


def test_played_knows_only_its_time() -> None:
    """The same sound long after we played it is somebody else's."""
    played = Played(RATE)
    played.play(CHIME, RATE, now=RATE)
    stream = placed(noise(8.0), (1.3, CHIME), (6.0, CHIME))
    for frame in frames(stream, 1600):
        played.hear(frame)
    ours = WakeEvent("ding", 0.9, 0.5, round(1.2 * RATE), round(2.3 * RATE), RATE)
    theirs = WakeEvent("ding", 0.9, 0.5, round(5.9 * RATE), round(7.0 * RATE), RATE)
    assert played.owns(ours)
    assert not played.owns(theirs)


def test_what_is_played_from_several_threads_is_not_lost() -> None:
    """While the source is heard; each announcement counts."""
    played = Played(RATE)
    quiet = AudioFrame(noise(0.01), 0, RATE)
    chime = tone(660, 0.01)

    def play() -> None:
        for _ in range(100):
            played.play(chime, RATE, 0)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=play) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            played.hear(quiet)
    finally:
        sys.setswitchinterval(before)
    assert len(played._playing) == 400
