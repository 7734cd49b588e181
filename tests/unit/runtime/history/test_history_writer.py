"""Remembering while listening."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from runtime.history.feedback import accept_event, reject_event
from runtime.history.store import History, HistoryConfig
from runtime.listening.listener import WakeListener
from tests.waiting import wait_until
from wakeword.audio.flac import encode_flac
from wakeword.errors import HistoryError
from wakeword.library.library import SoundLibrary
from wakeword.testing import (
    RATE,
    ArraySource,
    FedSource,
    RecordingSink,
    ToneEncoder,
    make_library,
    noise,
    placed,
    tone,
)

LOW = tone(440, 0.4)
STREAM = placed(noise(5.0), (2.0, LOW))


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A low tone."""
    return make_library(tmp_path / "library", {"low": LOW})


def test_what_fired_is_in_the_history(library: SoundLibrary, tmp_path: Path) -> None:
    """After the end of a file every event is found under its own identifier."""
    history = History(tmp_path / "history")
    listener = WakeListener(library, ArraySource(STREAM), encoder=ToneEncoder(), history=history)
    (event,) = list(listener)
    entry = history.get(event.id)
    assert (entry.sound, entry.kind, entry.source) == ("low", "wake", "array")
    assert entry.start_seconds == pytest.approx(event.start_seconds)
    assert history.clip(entry) is None


def test_a_listener_remembers_nothing_unasked(library: SoundLibrary, tmp_path: Path) -> None:
    """Programs that embed the listener write no history unless they give one."""
    list(WakeListener(library, ArraySource(STREAM), encoder=ToneEncoder()))
    assert [path.name for path in tmp_path.iterdir()] == ["library"]


def test_a_running_listener_can_be_asked(library: SoundLibrary, tmp_path: Path) -> None:
    """A live event is found while the listening goes on, before the sound has settled."""
    history = History(tmp_path / "history")
    source = FedSource()
    with WakeListener(library, source, encoder=ToneEncoder(), history=history) as listener:
        heard = threading.Event()
        listener.on("low", heard.set)
        source.feed(STREAM[: 3 * RATE])
        assert heard.wait(30)
        wait_until(lambda: bool(history.entries()))
        assert [entry.kind for entry in history.entries()] == ["wake"]


def test_speech_is_not_kept(tmp_path: Path) -> None:
    """Audio that a voice detector takes for speech is not kept unless that is asked for."""
    voice = _voice()
    library = make_library(tmp_path / "library", {"hum": voice})
    kept = {}
    for name, config in {
        "nothing": HistoryConfig(),
        "audio": HistoryConfig(keep_audio=True),
        "speech": HistoryConfig(keep_audio=True, keep_speech=True),
    }.items():
        history = History(tmp_path / name, config)
        source = ArraySource(placed(noise(5.0), (2.0, voice)))
        list(WakeListener(library, source, encoder=ToneEncoder(), history=history))
        (entry,) = history.entries()
        assert entry.speech >= 0.5
        kept[name] = entry.clip
    assert kept == {"nothing": False, "audio": False, "speech": True}


def test_other_audio_is_kept_on_request(library: SoundLibrary, tmp_path: Path) -> None:
    """A high tone is no speech."""
    high = tone(6000, 0.4)
    library = make_library(tmp_path / "library", {"high": high})
    history = History(tmp_path / "history", HistoryConfig(keep_audio=True))
    source = ArraySource(placed(noise(5.0), (2.0, high)))
    list(WakeListener(library, source, encoder=ToneEncoder(), history=history))
    (entry,) = history.entries()
    assert entry.speech < 0.5
    assert (history.clip(entry) or b"").startswith(b"fLaC")


def test_a_history_that_cannot_be_written_stops_nothing(
    library: SoundLibrary, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Events come all the same; the problem is logged once."""
    (tmp_path / "file").write_text("in the way")
    history = History(tmp_path / "file" / "history")
    stream = placed(noise(9.0), (2.0, LOW), (6.0, LOW))
    listener = WakeListener(library, ArraySource(stream), encoder=ToneEncoder(), history=history)
    assert len(list(listener)) == 2
    assert caplog.text.count("the history cannot be kept") == 1


def _voice() -> np.ndarray:
    """Something like a vowel: a buzz with formants."""
    time = np.arange(round(0.8 * RATE)) / RATE
    pitch = 120 + 15 * np.sin(2 * np.pi * 4 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    harmonics = np.arange(1, 20)[:, None]
    formant = np.exp(-(((harmonics * 120 - 700) / 500) ** 2))
    return np.asarray(0.1 * (formant * np.sin(harmonics * phase)).sum(axis=0), np.float32)


def test_feedback_reaches_a_running_listener(library: SoundLibrary, tmp_path: Path) -> None:
    """What is rejected while it listens does not fire when it comes again, without a gap."""
    history = History(tmp_path / "history")
    source, encoder, seen = FedSource(), ToneEncoder(), RecordingSink()
    unlike = (tone(440, 0.4) + tone(3000, 0.4, level_db=-26.0)).astype(np.float32)
    listener = WakeListener(library, source, encoder=encoder, history=history).on("low", seen)
    with listener:
        source.feed(placed(noise(4.0), (1.0, unlike)))
        assert seen.wait_for(1)
        wait_until(lambda: len(history.entries()) == 1)
        source.feed(noise(3.0))
        wait_until(lambda: len(history.entries()[0].scores) > 2)
        reject_event(library, encoder, history, history.entries()[0])
        wait_until(lambda: listener.stats.reloads == 1)
        source.feed(placed(noise(7.0), (1.0, unlike), (4.0, LOW)))
        assert seen.wait_for(2)
    assert [event.start // RATE for event in seen.events] == [0, 10]
    assert listener.stats.frames_dropped == 0


def test_an_event_that_is_recorded_again_is_still_the_same(
    library: SoundLibrary, tmp_path: Path
) -> None:
    """What came after the sound is added to its record; a verdict counts once all the same."""
    history, encoder = History(tmp_path / "history", HistoryConfig(keep_audio=True)), ToneEncoder()
    high = tone(6000, 0.4)
    library = make_library(library.folder, {"high": high})
    listener = WakeListener(
        library, ArraySource(placed(noise(5.0), (2.0, high))), encoder=encoder, history=history
    )
    assert [event.sound for event in listener] == ["high"]
    (entry,) = history.entries()
    rejected = reject_event(library, encoder, history, entry).sound
    grown = entry.model_copy(update={"why": "longer"})
    history.put(grown, encode_flac(placed(noise(2.0), (0.5, high)), RATE))
    with pytest.raises(HistoryError, match="before; nothing changes"):
        reject_event(library, encoder, history, history.entries()[0])
    assert library.get("high") == rejected
    accept_event(library, encoder, history, grown)
    with pytest.raises(HistoryError, match="before; nothing changes"):
        accept_event(library, encoder, history, grown)
