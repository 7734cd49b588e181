"""What the engine promises of every stream, with every gate and an encoder that needs no weights.

The size of the chunks never changes the events, the tail counts, and a second run gives the
same: through the engine alone and through the whole runtime.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime import WakeListener
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.encoders import create_encoder
from wakeword.engine import Engine, EngineConfig
from wakeword.events import Match, WakeEvent, Window
from wakeword.library.enrolled import EnrolledSounds
from wakeword.protocols import plugin_names
from wakeword.testing import ArraySource, burst, frames, make_library, noise, placed, silence, tone

SIZES = [1, 160, 512, 4096, 10**9]
ENCODER = create_encoder("logmel")


def voice(pitch_hz: float) -> FloatArray:
    """A buzz with harmonics, which every gate hears."""
    partials = [tone(pitch_hz * n, 0.4, level_db=-20.0 - n) for n in range(1, 25)]
    return np.asarray(np.sum(partials, axis=0), np.float32)


SOUNDS = {"beep": tone(3000, 0.3), "clap": burst(0.15, level_db=-12.0), "hum": voice(120)}


def stream() -> FloatArray:
    """Five seconds of noise with four sounds; the last one ends with the stream."""
    return placed(
        noise(5.03, level_db=-55.0),
        (0.7, SOUNDS["hum"]),
        (1.83, SOUNDS["beep"]),
        (3.0, burst(0.15, level_db=-14.0, seed=3)),
        (4.63, SOUNDS["hum"]),
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The enrolled sounds."""
    folder = tmp_path_factory.mktemp("library")
    return make_library(folder, SOUNDS, ENCODER, encoder_spec="logmel", threshold=0.5).folder


@pytest.fixture(scope="module")
def sounds(library: Path) -> EnrolledSounds:
    """The sounds for an engine."""
    return make_library(library, {}).enrolled(ENCODER)


@pytest.fixture(params=plugin_names("wakeword.gates"))
def config(request: pytest.FixtureRequest) -> EngineConfig:
    """One with each gate."""
    return EngineConfig(gate=request.param)


def hear(engine: Engine, samples: FloatArray, size: int) -> list[WakeEvent]:
    """A whole stream in frames of that size, to its end."""
    events = [event for frame in frames(samples, size) for event in engine.push(frame)]
    return events + engine.flush()


@pytest.mark.parametrize("size", SIZES)
def test_chunk_size_changes_nothing(
    sounds: EnrolledSounds, config: EngineConfig, size: int
) -> None:
    """Events and every window behind them are equal bit for bit."""
    runs = []
    for chunk in (1600, size):
        seen: list[tuple[int, bytes, Match | None]] = []

        def note(window: Window, match: Match | None, seen=seen) -> None:
            seen.append((window.start, window.samples.tobytes(), match))

        engine = Engine(sounds, ENCODER, config, observer=note)
        runs.append((hear(engine, stream(), chunk), seen))
    assert runs[0] == runs[1]
    assert runs[0][1]


def test_chunks_of_random_sizes_change_nothing(
    sounds: EnrolledSounds, config: EngineConfig
) -> None:
    """Not even when every chunk is of another size, some of them empty."""
    whole = hear(Engine(sounds, ENCODER, config), stream(), 10**9)
    rng = np.random.default_rng(7)
    engine, events, samples = Engine(sounds, ENCODER, config), [], stream()
    start = 0
    while start < len(samples):
        end = start + int(rng.integers(0, 5000))
        frame = AudioFrame(samples[start:end], start, ENCODER.rate)
        events += engine.push(frame)
        start = frame.end
    assert events + engine.flush() == whole


def test_the_default_gate_hears_all(sounds: EnrolledSounds) -> None:
    """Four sounds, four events, in order; the last one at the very end of the stream."""
    events = hear(Engine(sounds, ENCODER), stream(), 1600)
    assert [event.sound for event in events] == ["hum", "beep", "clap", "hum"]
    assert events[-1].end <= len(stream())


def test_flush_gives_the_tail(sounds: EnrolledSounds, config: EngineConfig) -> None:
    """What is heard of a stream that is cut is what is heard when it goes on in silence."""
    samples = stream()
    for cut in (len(samples), len(samples) - 700, round(1.05 * ENCODER.rate)):
        ended = hear(Engine(sounds, ENCODER, config), samples[:cut], 1600)
        hops = round(-(-cut // 1600) * 1600)
        padded = np.concatenate([samples[:cut], silence(2.0)])[: hops + 16000]
        went_on = hear(Engine(sounds, ENCODER, config), padded, 1600)
        assert [event.sound for event in ended] == [event.sound for event in went_on]


def test_a_second_run_is_equal(sounds: EnrolledSounds, config: EngineConfig) -> None:
    """After flush, after reset in the middle, and in a new engine."""
    engine = Engine(sounds, ENCODER, config)
    first = hear(engine, stream(), 512)
    engine.reset()
    assert hear(engine, stream(), 512) == first
    engine.reset()
    engine.push(AudioFrame(stream()[:20000], 0, ENCODER.rate))
    engine.reset()
    assert hear(engine, stream(), 512) == first
    assert hear(Engine(sounds, ENCODER, config), stream(), 512) == first


@pytest.mark.parametrize("live", [False, True])
def test_the_runtime_adds_nothing(
    library: Path, sounds: EnrolledSounds, config: EngineConfig, live: bool
) -> None:
    """Through threads and queues, in frames of any size: the engine's events, in order."""
    alone = hear(Engine(sounds, ENCODER, config), stream(), 1600)
    for size in (160, 4096, 16000):
        source = ArraySource(stream(), size=size, live=live)
        listener = WakeListener(library, source, config=config)
        events = list(listener)
        assert listener.stats.frames_dropped == 0 or live
        if listener.stats.frames_dropped == 0:
            assert [(e.sound, e.start, e.end, e.score) for e in events] == [
                (e.sound, e.start, e.end, e.score) for e in alone
            ]
