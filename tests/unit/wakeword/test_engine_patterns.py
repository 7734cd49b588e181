"""Patterns in the engine: exactly two, exactly three, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.engine import Engine
from wakeword.errors import SoundExists
from wakeword.events import WakeEvent
from wakeword.library.library import SoundLibrary
from wakeword.library.records import PatternRecord
from wakeword.testing import RATE, ToneEncoder, frames, make_library, noise, placed, tone

BEAT, OTHER = tone(440, 0.06), tone(2000, 0.06)
TWO = PatternRecord(beats=2, wait_seconds=0.6)
THREE = PatternRecord(name="off", beats=3, wait_seconds=0.6)


class Counting(ToneEncoder):
    """Knows how often it was asked."""

    asked = 0

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Count, then embed."""
        self.asked += len(windows)
        return super().embed(windows)


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A sound with two patterns, and another without any."""
    library = make_library(tmp_path / "library", {"pip": BEAT, "high": OTHER})
    library.set_patterns("pip", [TWO, THREE])
    return library


def hear(engine: Engine, samples: FloatArray, size: int = 1600) -> list[WakeEvent]:
    """A whole stream, to its end."""
    events = [event for frame in frames(samples, size) for event in engine.push(frame)]
    return events + engine.flush()


def beats(count: int, at: float = 1.0, gap: float = 0.2) -> list[tuple[float, FloatArray]]:
    """So many pips, ``gap`` seconds apart."""
    return [(at + i * gap, BEAT) for i in range(count)]


@pytest.mark.parametrize(
    ("count", "heard"), [(1, []), (2, ["pip x2"]), (3, ["off"]), (4, []), (7, [])]
)
@pytest.mark.parametrize("gap", [0.15, 0.3, 0.5])
def test_only_the_exact_number_wakes(
    library: SoundLibrary, count: int, heard: list[str], gap: float
) -> None:
    """Two patterns over a sound: each number of beats makes its own event or none."""
    events = hear(Engine(library, ToneEncoder()), placed(noise(6.0), *beats(count, gap=gap)))
    assert [event.pattern for event in events] == heard
    assert all(event.sound == "pip" and event.name == event.pattern for event in events)


def test_it_is_told_within_the_wait(library: SoundLibrary) -> None:
    """The event comes the wait and two hops after the last beat at the latest, not before."""
    (event,) = hear(Engine(library, ToneEncoder()), placed(noise(4.0), *beats(2)))
    assert event.start_seconds == pytest.approx(1.0, abs=0.03)
    assert 1.2 + 0.6 < event.end_seconds <= 1.2 + 0.6 + 0.2
    assert event.score >= event.threshold
    assert event.to_dict()["pattern"] == "pip x2"


def test_rows_apart_are_separate(library: SoundLibrary) -> None:
    """Two beats, a pause longer than the wait, three beats: one event each."""
    stream = placed(noise(6.0), *beats(2), *beats(3, at=2.2))
    assert [e.name for e in hear(Engine(library, ToneEncoder()), stream)] == ["pip x2", "off"]


def test_other_sounds_between_do_not_count(library: SoundLibrary) -> None:
    """A tone of another sound among the beats is no beat."""
    stream = placed(noise(4.0), (1.0, BEAT), (1.25, OTHER), (1.5, BEAT))
    assert [e.name for e in hear(Engine(library, ToneEncoder()), stream)] == ["pip x2"]


def test_the_end_of_the_stream_ends_the_row(library: SoundLibrary) -> None:
    """A stream that stops at once behind two beats has two beats; the event is within it."""
    stream = placed(noise(1.33), *beats(2))
    (event,) = hear(Engine(library, ToneEncoder()), stream)
    assert event.pattern == "pip x2"
    assert event.end == len(stream)


def test_the_size_of_the_frames_changes_nothing(library: SoundLibrary) -> None:
    """Chunks of any size give the same events."""
    stream = placed(noise(7.0), *beats(2), *beats(3, at=2.5), *beats(2, at=4.5, gap=0.4))
    expected = hear(Engine(library, ToneEncoder()), stream)
    assert len(expected) == 3
    for size in (160, 777, len(stream)):
        assert hear(Engine(library, ToneEncoder()), stream, size) == expected


def test_a_rhythm_is_told_from_even_beats(tmp_path: Path) -> None:
    """Long-short wakes, short-long and even beats do not."""
    library = make_library(tmp_path / "library", {"pip": BEAT})
    rhythm = PatternRecord(beats=3, gaps_seconds=(0.4, 0.2), wait_seconds=0.8)
    library.set_patterns("pip", [rhythm])
    rows = [(1.0, 1.4, 1.6), (3.5, 3.7, 4.1), (6.0, 6.3, 6.6)]
    stream = placed(noise(9.0), *((at, BEAT) for row in rows for at in row))
    events = hear(Engine(library, ToneEncoder()), stream)
    assert [round(event.start_seconds) for event in events] == [1]


def test_a_gap_in_the_audio_ends_the_row(library: SoundLibrary) -> None:
    """Beats before and after lost audio do not make a pattern together."""
    engine = Engine(library, ToneEncoder())
    events = engine.push(AudioFrame(placed(noise(1.3), (1.0, BEAT)), 0, RATE))
    later = placed(noise(2.0), (0.3, BEAT))
    events += engine.push(AudioFrame(later, round(1.4 * RATE), RATE))
    assert events + engine.flush() == []


def test_patterns_change_while_it_listens(library: SoundLibrary) -> None:
    """A sound whose patterns are removed wakes on each occurrence from then on."""
    engine = Engine(library, ToneEncoder())
    stream = placed(noise(3.0), (1.0, tone(440, 0.4)))
    assert hear(engine, stream) == []
    library.set_patterns("pip", [])
    engine.reset()
    engine.load(library)
    assert [event.name for event in hear(engine, stream)] == ["pip"]


def test_names_belong_to_one(library: SoundLibrary) -> None:
    """A pattern cannot have the name of a sound or of another pattern; both are found by name."""
    for taken in ("high", "pip", "PIP x2"):
        with pytest.raises(SoundExists, match="already"):
            library.set_patterns("pip", [TWO, PatternRecord(name=taken, beats=4, wait_seconds=0.6)])
    assert library.event_name("OFF") == "off"
    assert library.event_name("High") == "high"
    assert library.enrolled(ToneEncoder()).events == ["high", "off", "pip x2"]


def test_beats_in_noise_are_recognised_together(library: SoundLibrary) -> None:
    """Pips that other tones hide, each another: two of them are two, one alone is nothing."""
    hidden = [np.asarray(BEAT + 0.55 * tone(hz, 0.06), np.float32) for hz in (900, 5000)]
    stream = placed(noise(6.0), (1.0, hidden[0]), (3.0, hidden[0]), (3.3, hidden[1]))
    (event,) = hear(Engine(library, ToneEncoder()), stream)
    assert (event.name, round(event.start_seconds)) == ("pip x2", 3)
    assert 0.8 < event.threshold < 0.9
    assert event.score >= event.threshold
    assert event.take


def test_silence_costs_no_embedding(library: SoundLibrary) -> None:
    """While the gate is shut, no onset is judged."""
    encoder = Counting()
    engine = Engine(library, encoder)
    encoder.asked = 0
    assert hear(engine, noise(5.0)) == []
    assert encoder.asked == 0
