"""Hearing one stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soxr

from runtime.history.recorder import Draft, Recorder
from runtime.history.store import HistoryConfig
from runtime.services.pcm import PcmFormat, Piece, pieces
from runtime.services.wyoming.ear import ClientSounds, ClientStream, TimedWake
from wakeword.audio.frames import FloatArray
from wakeword.engine import Engine, EngineConfig
from wakeword.testing import RATE, ToneEncoder, make_library, noise, placed, tone

AT = 2.0
"""Where the tone is in the stream."""


@pytest.fixture
def loaded(tmp_path: Path) -> ClientSounds:
    """Two sounds to listen for."""
    return _loaded(tmp_path, {"low": tone(440, 0.4), "high": tone(2000, 0.4)})


def _loaded(folder: Path, sounds: dict[str, FloatArray]) -> ClientSounds:
    encoder = ToneEncoder()
    return ClientSounds(encoder, make_library(folder, sounds, encoder).enrolled(encoder))


def _stream(seconds: float = 4.0) -> FloatArray:
    return placed(noise(seconds), (AT, tone(440, 0.4)))


def _pieces(
    samples: FloatArray, chunk: int, rate: int = RATE, begin_ms: int | None = 0
) -> list[Piece]:
    format = PcmFormat(rate, 2, 1)
    data = np.clip(samples * 32767, -32768, 32767).astype("<i2").tobytes()
    found: list[Piece] = []
    for offset in range(0, len(data), 2 * chunk):
        time = None if begin_ms is None else begin_ms + offset // 2 * 1000 // rate
        found += pieces(format, data[offset : offset + 2 * chunk], time)
    return found


def _hear(loaded: ClientSounds, audio: Sequence[Piece], timestamp: int = 0) -> list[TimedWake]:
    ear = ClientStream(EngineConfig(), timestamp)
    return [wake for piece in audio for wake in ear.hear(loaded, [piece])] + ear.end()


@pytest.mark.parametrize("chunk", [160, 1024, 100_000])
def test_chunks_do_not_matter(loaded: ClientSounds, chunk: int) -> None:
    """The same event at the same time, in whatever pieces the audio comes."""
    (wake,) = _hear(loaded, _pieces(_stream(), chunk))
    (whole,) = _hear(loaded, _pieces(_stream(), 1600))
    assert replace(wake.event, id="") == replace(whole.event, id="")
    assert wake.timestamp == pytest.approx(wake.event.end_seconds * 1000, abs=1)
    assert AT * 1000 < wake.timestamp < (AT + 0.5) * 1000


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_rates_do_not_matter(loaded: ClientSounds, rate: int) -> None:
    """Audio of another rate is heard at the same time."""
    samples = soxr.resample(_stream(), RATE, rate)
    (wake,) = _hear(loaded, _pieces(samples, rate // 100, rate))
    assert wake.event.sound == "low"
    assert AT * 1000 < wake.timestamp < (AT + 0.5) * 1000


def test_time_is_the_clients(loaded: ClientSounds) -> None:
    """Timestamps that begin anywhere are kept to, those in nanoseconds as well."""
    (wake,) = _hear(loaded, _pieces(_stream(), 160, begin_ms=1_000_000))
    assert 1_000_000 + AT * 1000 < wake.timestamp < 1_000_000 + (AT + 0.5) * 1000
    odd = [Piece(p.format, p.data, 10**15 + i) for i, p in enumerate(_pieces(_stream(), 1600))]
    (wake,) = _hear(loaded, odd)
    assert wake.timestamp - 10**15 - 100 == int(wake.event.end_seconds * 10) - 1


def test_without_timestamps_time_is_counted(loaded: ClientSounds) -> None:
    """A client that states none gets the milliseconds since the stream began."""
    (wake,) = _hear(loaded, _pieces(_stream(), 160, begin_ms=None), timestamp=500)
    assert wake.timestamp == 500 + int(wake.event.end_seconds * 1000)


def test_last_bit_counts(loaded: ClientSounds) -> None:
    """A sound at the very end is heard when the stream ends."""
    samples = _stream()[: round((AT + 0.33) * RATE)]
    (wake,) = _hear(loaded, _pieces(samples, 1024))
    assert wake.event.sound == "low"


def test_lost_audio_is_a_gap(loaded: ClientSounds) -> None:
    """Time goes on by what was lost, and nothing is glued together across it."""
    audio = _pieces(_stream(), 1600, begin_ms=None)
    (wake,) = _hear(loaded, [audio[0], audio[1].after(2.5), *audio[2:]])
    (whole,) = _hear(loaded, audio)
    assert wake.timestamp == whole.timestamp + 2500
    middle = round((AT + 0.15) * RATE / 1600)
    torn = [*audio[:middle], audio[middle].after(5.0), *audio[middle:]]
    for event in (wake.event for wake in _hear(loaded, torn)):
        assert event.end <= middle * 1600 or event.start >= middle * 1600 + 5 * RATE


def test_rate_may_change(loaded: ClientSounds) -> None:
    """A client may go on at another rate."""
    second = soxr.resample(_stream(), RATE, 48000)
    audio = _pieces(_stream(), 160, begin_ms=None) + _pieces(second, 480, 48000, begin_ms=None)
    first, again = _hear(loaded, audio)
    assert again.timestamp - first.timestamp == pytest.approx(4000, abs=100)


def test_new_sounds_are_heard_at_once(loaded: ClientSounds, tmp_path: Path) -> None:
    """Sounds that are enrolled during a stream are heard in it, also with another encoder."""
    ear = ClientStream(EngineConfig())
    first = [w.event.sound for p in _pieces(_stream(), 1600) for w in ear.hear(loaded, [p])]
    other = _loaded(tmp_path / "other", {"new": tone(440, 0.4)})
    then = [w.event.sound for p in _pieces(_stream(), 1600) for w in ear.hear(other, [p])]
    sounds = ClientSounds(other.encoder, loaded.sounds)
    last = [w.event.sound for p in _pieces(_stream(), 1600) for w in ear.hear(sounds, [p])]
    assert first + then + last == ["low", "new", "low"]


def test_nothing_heard_is_nothing(loaded: ClientSounds) -> None:
    """The end of a stream without audio is no event."""
    assert _hear(loaded, []) == []


def test_what_is_heard_is_remembered(loaded: ClientSounds) -> None:
    """Wakes are recorded under the client's name, also the one of the last bit of the stream."""
    drafts: list[Draft] = []

    def remember(engine: Engine, source: str, session: str) -> Recorder:
        return Recorder(engine, HistoryConfig(), drafts.append, source=source, session=session)

    for audio in (_stream(), _stream()[: round((AT + 0.4) * RATE)]):
        ear = ClientStream(EngineConfig(), source="wyoming:den", remember=remember)
        heard = [w for piece in _pieces(audio, 1600) for w in ear.hear(loaded, [piece])] + ear.end()
        assert len(heard) == 1
    wakes = {draft.entry.id: draft.entry for draft in drafts if draft.entry.kind == "wake"}
    assert [entry.sound for entry in wakes.values()] == ["low", "low"]
    assert {entry.source for entry in wakes.values()} == {"wyoming:den"}
