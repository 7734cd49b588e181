"""The public test doubles do what they promise."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from wakeword.audio.frames import level_db
from wakeword.errors import AudioFormatError, SourceError
from wakeword.events import WakeEvent
from wakeword.protocols import Encoder, Gate, Sink, Source
from wakeword.testing import (
    RATE,
    ArraySource,
    FedSource,
    RecordingSink,
    ScriptedGate,
    ToneEncoder,
    burst,
    frames,
    make_library,
    noise,
    placed,
    silence,
    tone,
)


def test_they_fit_the_seams() -> None:
    """Each double has the members of the protocol it stands for."""
    assert isinstance(ToneEncoder(), Encoder)
    assert isinstance(ScriptedGate([]), Gate)
    assert isinstance(ArraySource(silence(0.1)), Source)
    assert isinstance(FedSource(), Source)
    assert isinstance(RecordingSink(), Sink)


def test_sounds_have_length_and_level() -> None:
    """Seconds become samples and dB become what level_db measures; all are float32."""
    for samples in (tone(440, 0.5), noise(0.5, level_db=-20.0)):
        assert samples.dtype == np.float32
        assert len(samples) == RATE // 2
        assert level_db(samples) == pytest.approx(-20.0, abs=0.3)
    assert level_db(silence(0.5)) == -120.0
    clap = burst(0.1)
    assert level_db(clap[:160]) > level_db(clap[-160:]) + 30.0
    assert np.array_equal(noise(0.1, seed=3), noise(0.1, seed=3))
    assert not np.array_equal(noise(0.1, seed=3), noise(0.1, seed=4))


def test_sounds_are_placed() -> None:
    """Mixed in at their second; what reaches beyond the end is cut."""
    ones = np.ones(RATE, np.float32)
    mixed = placed(np.zeros(2 * RATE, np.float32), (0.5, ones), (1.75, ones))
    assert np.flatnonzero(np.diff(mixed)).tolist() == [7999, 23999, 27999]


def test_tones_are_told_apart() -> None:
    """The same tone is near, another one far, at any level and in short windows."""
    encoder = ToneEncoder()
    low, soft, short, high = encoder.embed(
        [tone(440, 0.4), tone(440, 0.4, level_db=-50), tone(440, 0.1), tone(2000, 0.4)]
    )
    assert low.shape == (16,)
    assert low @ soft > 0.99
    assert low @ short > 0.99
    assert low @ high < 0.2


def test_the_encoder_keeps_the_contract() -> None:
    """Rows of length 1, an empty batch of shape (0, dim), bad windows refused."""
    encoder = ToneEncoder()
    rows = encoder.embed([silence(0.1), noise(0.5), np.ones(1, np.float32)])
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)
    assert encoder.embed([]).shape == (0, 16)
    with pytest.raises(AudioFormatError):
        encoder.embed([silence(0.6)])


def test_a_closed_source_ends() -> None:
    """Both sources end before their next frame."""
    source = ArraySource(silence(1.0))
    iterator = iter(source)
    next(iterator)
    source.close()
    assert list(iterator) == []
    fed = FedSource()
    threading.Timer(0.05, fed.close).start()
    assert list(fed) == []


def test_a_fed_source_plays_what_it_gets() -> None:
    """Frames, gaps and failures come in the order they were fed."""
    source = FedSource()
    source.feed(silence(0.1))
    source.lose(100)
    source.feed(silence(0.1))
    source.fail(SourceError("unplugged"))
    heard: list[int] = []
    with pytest.raises(SourceError, match="unplugged"):
        heard.extend(frame.start for frame in source)
    assert heard == [0, 1700]
    source.feed(silence(0.1))
    source.end()
    assert [frame.start for frame in source] == [0]


def test_a_scripted_gate_follows_its_script() -> None:
    """Word by word, then shut; anew after a reset."""
    gate = ScriptedGate([True, False, True])
    said = [gate(frame) for frame in frames(silence(0.5), 1600)]
    assert said == [True, False, True, False, False]
    gate.reset()
    assert gate(next(frames(silence(0.1), 1600)))


def test_a_recording_sink_waits() -> None:
    """It says whether enough events came in time."""
    sink = RecordingSink()
    event = WakeEvent("bell", 0.9, 0.5, 0, 1600, RATE)
    threading.Timer(0.05, sink, [event]).start()
    assert sink.wait_for(1)
    assert sink.events == [event]
    assert not sink.wait_for(2, timeout_seconds=0.01)


def test_a_made_library_can_be_listened_with(tmp_path: Path) -> None:
    """Its sounds are there, with their threshold."""
    library = make_library(tmp_path, {"bell": tone(440, 0.4)}, threshold=0.8)
    assert library.enrolled(ToneEncoder()).sounds == ["bell"]
    assert library.get("bell").threshold == 0.8
