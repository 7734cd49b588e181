"""Sounds that belong together."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from runtime.listening.listener import WakeListener
from runtime.listening.together import Gathering, Part, Together
from wakeword.errors import ConfigError, SoundNotFound
from wakeword.events import WakeEvent
from wakeword.testing import RATE, FedSource, ToneEncoder, make_library, noise, placed, tone

LOW, HIGH = tone(440, 0.4), tone(2000, 0.4)


def event(sound: str, source: str = "mic", score: float = 0.9, pattern: str = "") -> WakeEvent:
    """An event of that sound."""
    return WakeEvent(sound, score, 0.5, 0, RATE, RATE, source=source, pattern=pattern)


def test_the_text_is_understood() -> None:
    """Sounds, sources, the time in s or ms, and a name of its own."""
    assert Together.parse("bark@mic + tap@desk within 1s") == Together(
        "bark + tap", (Part("bark", "mic"), Part("tap", "desk")), 1.0
    )
    named = Together.parse("pat the dog = bark + clap x2 + bell@file:a b.wav within 750 ms")
    assert named.name == "pat the dog"
    assert named.parts == (Part("bark"), Part("clap x2"), Part("bell", "file:a b.wav"))
    assert named.within_seconds == 0.75
    assert Together.parse("a + b within 2").within_seconds == 2.0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("bark + tap", "does not end with a time"),
        ("bark within 1s", "names one sound only"),
        ("bark + within 1s", "lacks a sound"),
        ("bark@ + tap within 1s", "lacks a sound or a source"),
        ("bark + tap within 0s", "must be above 0"),
        ("bark + tap within 1h", "does not end with a time"),
        ("bark + tap within 100s", "at most 60 s"),
    ],
)
def test_what_is_wrong_is_told_with_an_example(text: str, problem: str) -> None:
    """Each mistake names itself."""
    with pytest.raises(ConfigError, match=problem):
        Together.parse(text)


def test_both_in_time_in_any_order_make_one_event() -> None:
    """The parts are used up, and too far apart they do not count."""
    gathering = Gathering(Together.parse("game = bark@mic + tap@desk within 1s"))
    assert gathering.push(event("bark"), 10.0) is None
    assert gathering.push(event("tap", "mic"), 10.5) is None
    assert gathering.push(event("tap", "desk"), 12.0) is None
    both = gathering.push(event("bark", score=0.8), 12.4)
    assert both is not None
    assert (both.sound, both.source, both.score) == ("game", "desk + mic", 0.8)
    assert gathering.push(event("bark"), 12.6) is None
    assert gathering.push(event("Tap", "desk"), 11.0) is not None


def test_patterns_and_equal_sounds_can_be_parts() -> None:
    """A pattern counts by its name; twice the same sound needs it twice."""
    gathering = Gathering(Together.parse("clap x2@left + clap x2@right within 1s"))
    assert gathering.push(event("clap", "left", pattern="clap x2"), 1.0) is None
    assert gathering.push(event("clap", "right", pattern="clap x3"), 1.1) is None
    assert gathering.push(event("clap", "right", pattern="clap x2"), 1.2) is not None
    twice = Gathering(Together.parse("tap + tap within 1s"))
    assert twice.push(event("tap"), 1.0) is None
    assert twice.push(event("tap"), 1.5) is not None


@pytest.fixture
def rooms(tmp_path: Path) -> Path:
    """A library with two sounds, and two rooms' recordings."""
    make_library(tmp_path / "library", {"low": LOW, "high": HIGH})
    soundfile.write(tmp_path / "one.wav", placed(noise(8.0), (1.0, LOW), (5.0, LOW)), RATE)
    soundfile.write(tmp_path / "two.wav", placed(noise(8.0), (1.5, HIGH), (7.0, HIGH)), RATE)
    return tmp_path


def listener(rooms: Path) -> WakeListener:
    """Hears both rooms, each under a name."""
    sources = [f"kitchen={rooms / 'one.wav'}", f"hall={rooms / 'two.wav'}"]
    return WakeListener(rooms / "library", sources, encoder=ToneEncoder())


def test_two_sources_make_one_event(rooms: Path) -> None:
    """Low in the kitchen and high in the hall within a second: once, besides the sounds' own."""
    done: list[str] = []
    hearing = listener(rooms).when("both = Low@kitchen + high@hall within 1s")
    hearing.on("BOTH", lambda event: done.append(event.source))
    events = [(event.sound, event.source) for event in hearing]
    assert sorted(name for name, _ in events) == ["both", "high", "high", "low", "low"]
    assert dict(events)["low"] == "kitchen"
    assert len(done) == 1
    assert set(done[0].split(" + ")) == {"kitchen", "hall"}


def test_unknown_names_are_told_at_the_start(rooms: Path) -> None:
    """A sound or source that is not there stops the start, with those there are."""
    with pytest.raises(SoundNotFound, match="bark"):
        listener(rooms).when("bark + high within 1s").start()
    with pytest.raises(ConfigError, match="there is no source 'attic'; there are: kitchen, hall"):
        listener(rooms).when("low@attic + high within 1s").start()


def test_a_microphone_and_a_pipe_share_a_clock(rooms: Path) -> None:
    """Standard input cannot lose anything, so it counts its own time; still both are now."""
    mic, pipe = FedSource(name="mic"), FedSource(name="stdin", live=False)
    hearing = WakeListener(rooms / "library", [mic, pipe], encoder=ToneEncoder())
    hearing.when("low@mic + high@stdin within 5s").start()
    mic.feed(placed(noise(2.0), (0.8, LOW)))
    pipe.feed(placed(noise(2.0), (0.9, HIGH)))
    mic.end()
    pipe.end()
    assert sorted(event.sound for event in hearing) == ["high", "low", "low + high"]
