"""The whole way, on tones: what fires, when, and that nothing but the audio decides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.engine import Engine, EngineConfig
from wakeword.errors import AudioFormatError, ConfigError, EncoderMismatch
from wakeword.events import Match, WakeEvent, Window
from wakeword.library.library import SoundLibrary
from wakeword.scoring.decision import TriggerConfig
from wakeword.testing import RATE, ToneEncoder, frames, make_library, noise, placed, silence, tone

LOW, HIGH = tone(440, 0.4), tone(2000, 0.4)


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """Two sounds: low and high."""
    return make_library(tmp_path / "library", {"low": LOW, "high": HIGH})


def hear(engine: Engine, samples: FloatArray, size: int = 1600) -> list[WakeEvent]:
    """A whole stream, to its end."""
    events = [event for frame in frames(samples, size) for event in engine.push(frame)]
    return events + engine.flush()


def stream() -> FloatArray:
    """Six seconds: low at 1, high at 2.5, low at 4."""
    return placed(noise(6.0), (1.0, LOW), (2.5, HIGH), (4.0, LOW))


def test_each_sound_is_one_event_in_its_place(library: SoundLibrary) -> None:
    """Names, order, times and evidence of the events are right."""
    events = hear(Engine(library, ToneEncoder()), stream())
    assert [event.sound for event in events] == ["low", "high", "low"]
    for event, at in zip(events, (1.0, 2.5, 4.0), strict=True):
        assert at < event.end_seconds <= at + 0.7
        assert at - 0.3 <= event.start_seconds < event.end_seconds
        assert event.score >= event.threshold == 0.9
        assert event.take == library.get(event.sound).takes[0].file
        assert 0.0 <= event.speech <= 1.0
        assert (event.rate, event.source, event.id) == (RATE, "", "")


def test_a_strange_sound_is_not_heard(library: SoundLibrary) -> None:
    """A tone that nobody enrolled fires nothing."""
    assert hear(Engine(library, ToneEncoder()), placed(noise(3.0), (1.0, tone(900, 0.4)))) == []


def test_silence_costs_no_embedding(library: SoundLibrary) -> None:
    """While the gate is shut the encoder is never asked."""

    class Counting(ToneEncoder):
        asked = 0

        def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
            self.asked += 1
            return super().embed(windows)

    encoder = Counting()
    engine = Engine(library, encoder)
    encoder.asked = 0
    assert hear(engine, noise(5.0)) == []
    assert encoder.asked == 0


def test_the_tail_counts(library: SoundLibrary) -> None:
    """A sound that ends with the stream is heard at flush, and ends within the stream."""
    samples = placed(noise(1.43), (1.23, LOW))
    engine = Engine(library, ToneEncoder(), EngineConfig(trigger=TriggerConfig(patience=4)))
    pushed = [event for frame in frames(samples, 1600) for event in engine.push(frame)]
    flushed = engine.flush()
    assert [event.sound for event in pushed + flushed] == ["low"]
    assert flushed
    assert flushed[0].end == len(samples)
    assert engine.flush() == []


def test_reset_makes_it_new(library: SoundLibrary) -> None:
    """After flush or reset the same stream gives the same events."""
    engine = Engine(library, ToneEncoder())
    first = hear(engine, stream())
    engine.reset()
    assert hear(engine, stream()) == first
    engine.reset()
    engine.push(AudioFrame(stream()[:30000], 0, RATE))
    engine.reset()
    assert hear(engine, stream()) == first


def test_a_stream_may_begin_late(library: SoundLibrary) -> None:
    """Times count from sample 0 of the stream, wherever the first frame is."""
    offset = 1_000_000
    first = hear(Engine(library, ToneEncoder()), stream())
    engine = Engine(library, ToneEncoder())
    engine.reset(offset)
    later = [e for f in frames(stream(), 1600, start=offset) for e in engine.push(f)]
    assert [(e.sound, e.start - offset, e.end - offset) for e in later] == [
        (e.sound, e.start, e.end) for e in first
    ]


def test_a_gap_is_no_sound(library: SoundLibrary) -> None:
    """Audio was lost: what came before is judged, and no window reaches across."""
    windows: list[Window] = []
    engine = Engine(library, ToneEncoder(), observer=lambda window, _: windows.append(window))
    half = round(1.2 * RATE)
    events = engine.push(AudioFrame(placed(noise(1.2), (1.0, tone(440, 0.2))), 0, RATE))
    events += engine.push(AudioFrame(noise(2.0), 10 * RATE, RATE))
    events += engine.flush()
    assert [event.sound for event in events] == ["low"]
    assert events[0].end <= half
    assert all(window.start < half or window.start >= 10 * RATE for window in windows)
    assert engine.position == 12 * RATE


def test_a_short_gap_does_not_make_two_of_one(library: SoundLibrary) -> None:
    """A few lost milliseconds in the middle of a sound leave the refractory time alone."""
    samples = placed(noise(3.0), (1.0, tone(440, 0.9)))
    engine = Engine(library, ToneEncoder())
    cut, lost = round(1.45 * RATE), 160
    events = engine.push(AudioFrame(samples[:cut], 0, RATE))
    events += engine.push(AudioFrame(samples[cut + lost :], cut + lost, RATE))
    events += engine.flush()
    assert [event.sound for event in events] == ["low"]


def test_after_a_gap_the_room_is_still_known(library: SoundLibrary) -> None:
    """A sound that is under way when the audio comes back is not taken for background."""
    samples = placed(noise(3.0), (1.0, LOW))
    engine = Engine(library, ToneEncoder())
    engine.push(AudioFrame(samples[: round(0.9 * RATE)], 0, RATE))
    after = round(1.05 * RATE)
    events = engine.push(AudioFrame(samples[after:], after, RATE)) + engine.flush()
    assert [event.sound for event in events] == ["low"]


def test_frames_must_fit(library: SoundLibrary) -> None:
    """Another rate or a frame from the past is an error that says so."""
    engine = Engine(library, ToneEncoder())
    with pytest.raises(AudioFormatError, match="48000 Hz; resample"):
        engine.push(AudioFrame(silence(0.1), 0, 48000))
    engine.push(AudioFrame(silence(1.0), 0, RATE))
    with pytest.raises(AudioFormatError, match="expected sample 16000, got 0"):
        engine.push(AudioFrame(silence(1.0), 0, RATE))


def test_empty_frames_and_an_empty_stream(library: SoundLibrary) -> None:
    """Nothing in, nothing out."""
    engine = Engine(library, ToneEncoder())
    assert engine.push(AudioFrame(silence(0.0), 0, RATE)) == []
    assert engine.flush() == []
    assert engine.position == 0


def test_an_empty_library_hears_nothing(tmp_path: Path) -> None:
    """No sounds, no events, no error."""
    assert hear(Engine(SoundLibrary(tmp_path / "none"), ToneEncoder()), stream()) == []


def test_new_sounds_are_loaded_in_the_stream(library: SoundLibrary) -> None:
    """After load the next block is held against the new sounds, without a gap."""
    encoder = ToneEncoder()
    engine = Engine(library, encoder)
    samples = placed(noise(4.0), (1.0, tone(900, 0.4)), (2.0, LOW), (3.0, tone(900, 0.4)))
    events = engine.push(AudioFrame(samples[: 2 * RATE], 0, RATE))
    assert events == []
    engine.load(make_library(library.folder, {"middle": tone(900, 0.4)}))
    events = engine.push(AudioFrame(samples[2 * RATE :], 2 * RATE, RATE)) + engine.flush()
    assert [event.sound for event in events] == ["low", "middle"]


def test_the_observer_sees_every_window(library: SoundLibrary) -> None:
    """Hits and near misses, in order, one for each hop of an open segment."""
    seen: list[tuple[Window, Match | None]] = []
    engine = Engine(library, ToneEncoder(), observer=lambda w, m: seen.append((w, m)))
    events = hear(engine, placed(stream(), (5.0, tone(900, 0.3))))
    ends = [window.end for window, _ in seen]
    assert ends == sorted(set(ends))
    assert all(end % 1600 == 0 for end in ends)
    assert {event.end for event in events} <= set(ends)
    assert any(match and not match.hit for _, match in seen)


def test_a_stricter_offset_needs_more(library: SoundLibrary) -> None:
    """The offset is added to every threshold, in the event too."""
    soft = tone(440, 0.4, level_db=-52.0)
    samples = placed(noise(3.0, level_db=-60.0), (1.0, soft))
    (event,) = hear(Engine(library, ToneEncoder(), EngineConfig(threshold_offset=-0.4)), samples)
    assert event.threshold == pytest.approx(0.5)
    assert event.score < 0.99
    strict = EngineConfig(threshold_offset=0.0999)
    assert hear(Engine(library, ToneEncoder(), strict), samples) == []


def test_another_encoder_is_refused(library: SoundLibrary) -> None:
    """Vectors of two encoders never mix; the message names both."""

    class Other(ToneEncoder):
        id = "tone-2"

    with pytest.raises(EncoderMismatch, match=r"tone-1.*tone-2"):
        Engine(library, Other())


def test_an_unknown_gate_is_refused(library: SoundLibrary) -> None:
    """A setting that makes no sense is told when the engine is made."""
    with pytest.raises(ConfigError, match="no gate 'ears'"):
        Engine(library, ToneEncoder(), EngineConfig(gate="ears"))


def test_scorer_and_encoder_are_shared(library: SoundLibrary) -> None:
    """Engines on one scorer hear their own streams, interleaved, as if alone."""
    encoder = ToneEncoder()
    scorer = library.enrolled(encoder)
    alone = hear(Engine(scorer, encoder), stream())
    first, second = Engine(scorer, encoder), Engine(scorer, encoder)
    events: list[WakeEvent] = []
    for frame in frames(stream(), 1600):
        events += first.push(frame)
        second.push(AudioFrame(np.flip(frame.samples).copy(), frame.start, RATE))
    assert events + first.flush() == alone


def test_a_sound_behind_a_long_gap_is_heard(library: SoundLibrary) -> None:
    """What is cut off by lost audio does not swallow the same sound minutes later."""
    engine = Engine(library, ToneEncoder())
    samples = placed(noise(1.9), (1.0, tone(440, 0.9)))
    first = engine.push(AudioFrame(samples, 0, RATE))
    start = 600 * RATE
    again = engine.push(AudioFrame(np.concatenate([LOW, silence(1.0)]), start, RATE))
    assert [event.sound for event in first + again] == ["low", "low"]


def test_the_observer_sees_what_the_trigger_sees(library: SoundLibrary) -> None:
    """The configured offset is part of the thresholds it is shown."""
    seen: list[bool] = []
    config = EngineConfig(threshold_offset=2.0)
    engine = Engine(
        library, ToneEncoder(), config, observer=lambda _, m: seen.append(bool(m and m.hit))
    )
    assert engine.push(AudioFrame(placed(noise(2.0), (1.0, LOW)), 0, RATE)) == []
    assert seen
    assert not any(seen)
