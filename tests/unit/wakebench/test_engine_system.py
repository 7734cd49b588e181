"""The engine under test is the product: its own enrollment, its own events."""

from __future__ import annotations

import numpy as np
import pytest

from wakebench.engine import EngineSystem, RememberingEncoder
from wakebench.sounds import made_sounds
from wakebench.synth import RATE
from wakeword.audio.frames import AudioFrame
from wakeword.encoders import create_encoder
from wakeword.engine import Engine
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.testing import noise, placed, silence


@pytest.fixture(scope="module")
def sounds():
    return [s for s in made_sounds(0) if s.label in ("whistle_rising", "doorbell")]


@pytest.fixture(scope="module")
def library(tmp_path_factory, sounds):
    folder = tmp_path_factory.mktemp("library")
    system = EngineSystem("logmel")
    assert system.enroll({s.name: s.takes[:3] for s in sounds}, folder) == []
    return folder


def test_enrolled_sounds_have_the_products_own_thresholds(library, sounds):
    found = SoundLibrary(library).sounds()
    assert [s.name for s in found] == sorted(s.name for s in sounds)
    assert all(len(s.takes) == 3 for s in found)


def test_the_trace_holds_the_engines_own_events(library, sounds):
    """Heard once by an engine alone and once through the benchmark: the same events."""
    take = sounds[0].takes[5]
    samples = placed(noise(8.0, level_db=-70.0), (3.0, take.samples))
    system = EngineSystem("logmel")
    (trace,) = system.hear(samples, [library])
    engine = Engine(SoundLibrary(library), create_encoder("logmel"))
    events = engine.push(AudioFrame(samples, 0, RATE)) + engine.flush()
    assert [(f.seconds, f.sound) for f in trace.firings()] == [
        (e.end_seconds, e.sound) for e in events
    ]
    assert len(trace.ends)
    assert trace.firings(-np.inf)


def test_a_take_without_a_sound_is_refused_and_told(tmp_path, sounds):
    takes = {"nothing": [Take(silence(1.0), RATE, 0, RATE)], "bell": sounds[1].takes[:2]}
    refused = EngineSystem("logmel").enroll(takes, tmp_path)
    assert len(refused) == 1
    assert refused[0].startswith("nothing: ")
    assert [s.name for s in SoundLibrary(tmp_path).sounds()] == ["bell"]


def test_a_remembering_encoder_changes_no_embedding():
    encoder = create_encoder("logmel")
    remembering = RememberingEncoder(encoder)
    windows = [noise(0.5, seed=1), noise(0.5, seed=2), noise(0.5, seed=1)]
    expected = encoder.embed(windows)
    assert np.array_equal(remembering.embed(windows), expected)
    assert np.array_equal(remembering.embed(windows), expected)
    remembering.forget()
    assert np.array_equal(remembering.embed(windows[:1]), expected[:1])


def test_the_key_changes_with_the_encoder_and_the_settings():
    from wakeword.engine import EngineConfig

    same = EngineSystem("logmel").key
    assert EngineSystem("logmel").key == same
    assert EngineSystem("logmel", EngineConfig(gate="vad")).key != same
