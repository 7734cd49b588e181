"""Listening from Python, with everything real but the microphone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import runtime
from runtime import WakeListener, listen
from runtime.listening import watch as watch_module
from tests.unit.runtime.listening.tapes import HIGH, LOW, stream, write
from tests.waiting import wait_until
from wakeword.encoders.logmel import LogMelEncoder
from wakeword.engine import EngineConfig
from wakeword.scoring.decision import TriggerConfig
from wakeword.testing import (
    RATE,
    ArraySource,
    FedSource,
    RecordingSink,
    ToneEncoder,
    burst,
    make_library,
    noise,
    placed,
    tone,
)


def test_three_lines(folder: Path, tape: str) -> None:
    """The library's own encoder, a file, the events: nothing else is needed."""
    events = list(listen(library=folder, source=tape))
    assert [event.sound for event in events] == ["low", "high", "low"]
    assert {event.source for event in events} == {f"file:{tape}"}
    assert all(event.score >= event.threshold for event in events)


def test_a_second_run_gives_the_same(folder: Path, tape: str) -> None:
    """Two runs over one file are equal to the last digit, identifiers included, also with
    one listener."""
    listener = WakeListener(folder, tape)
    first, second = list(listener), list(listener)
    assert first == second == list(listen(folder, tape))
    assert len({event.id for event in first}) == 3


def test_claps_and_a_tone_with_log_mel_statistics(tmp_path: Path) -> None:
    """Different kinds of sounds in one library are told apart in noise."""
    sounds = {"clap": burst(0.15, level_db=-12.0), "beep": tone(3000, 0.3)}
    library = make_library(
        tmp_path / "library", sounds, LogMelEncoder(), encoder_spec="logmel", threshold=0.6
    )
    samples = placed(
        noise(8.0, level_db=-50.0, seed=5),
        (1.5, burst(0.15, level_db=-12.0, seed=1)),
        (3.5, tone(3000, 0.3)),
        (5.5, burst(0.15, level_db=-15.0, seed=2)),
    )
    events = list(listen(library.folder, write(tmp_path / "tape.wav", samples)))
    assert [event.sound for event in events] == ["clap", "beep", "clap"]


def test_the_configuration_counts(folder: Path, tape: str) -> None:
    """Settings of the engine reach it."""
    config = EngineConfig(trigger=TriggerConfig(refractory_seconds=10.0))
    assert [event.sound for event in listen(folder, tape, config=config)] == ["low", "high"]


def test_two_files_at_once(folder: Path, tmp_path: Path) -> None:
    """Each is heard as if alone, and events say which one they are from."""
    kitchen = write(tmp_path / "kitchen.wav", placed(noise(5.0), (1.0, LOW), (3.0, HIGH)))
    hall = write(tmp_path / "hall.wav", placed(noise(3.0, seed=1), (1.7, HIGH)))
    listener = WakeListener(folder, [kitchen, hall])
    events = list(listener)
    for path, sounds in ((kitchen, ["low", "high"]), (hall, ["high"])):
        own = [event for event in events if event.source == f"file:{path}"]
        assert [event.sound for event in own] == sounds
        assert own == list(listen(folder, path))
    assert [source.seconds for source in listener.stats.sources] == [5.0, 3.0]
    assert listener.stats.seconds == 5.0
    assert listener.stats.events == 3


def test_sources_of_one_name_are_told_apart(folder: Path) -> None:
    """Two sources may be called the same; their events are not."""
    sources = [ArraySource(stream(), name="mic"), ArraySource(stream(), name="mic")]
    events = list(WakeListener(folder, sources))
    assert {event.source for event in events} == {"mic", "mic#2"}
    assert len({event.id for event in events}) == 6


def test_a_source_of_ones_own_is_resampled(folder: Path) -> None:
    """A Source object may have any rate."""
    samples = placed(noise(3.0, 48000), (1.0, tone(440, 0.4, 48000)), rate=48000)
    events = list(listen(folder, ArraySource(samples, 48000)))
    assert [event.sound for event in events] == ["low"]
    assert events[0].rate == RATE


def test_an_encoder_of_ones_own(tmp_path: Path) -> None:
    """An Encoder object is used as it is."""
    library = make_library(tmp_path / "library", {"low": LOW, "high": HIGH})
    events = list(listen(library, ArraySource(stream()), encoder=ToneEncoder()))
    assert [event.sound for event in events] == ["low", "high", "low"]


def test_sounds_enrolled_meanwhile_are_heard(
    room: tuple[WakeListener, FedSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process adds a sound; it is heard without a restart and without a gap."""
    monkeypatch.setattr(watch_module, "PERIOD_SECONDS", 0.05)
    listener, source = room
    middle = placed(noise(3.0), (1.0, tone(900, 0.4)), (2.0, LOW))
    events = RecordingSink()
    listener.on("*", events).start()
    source.feed(middle)
    assert events.wait_for(1)
    code = (
        "import sys\n"
        "from wakeword.encoders.logmel import LogMelEncoder\n"
        "from wakeword.testing import make_library, tone\n"
        "make_library(sys.argv[1], {'middle': tone(900, 0.4)}, LogMelEncoder(),"
        " encoder_spec='logmel', threshold=0.8)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(listener.library.folder)], check=True)
    wait_until(lambda: listener.stats.reloads)
    source.feed(middle)
    source.end()
    assert listener.wait(10)
    assert [event.sound for event in events.events] == ["low", "middle", "low"]
    assert listener.stats.sources[0].samples_lost == 0


def test_the_default_library_is_used(
    folder: Path, tape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a folder, the one of the environment."""
    monkeypatch.setenv("WAKESOUND_LIBRARY", str(folder))
    assert runtime.default_library() == folder
    assert len(list(listen(source=tape))) == 3


def test_raw_samples_on_standard_input(folder: Path) -> None:
    """A pipe is a source; its end is the end, its last sound included."""
    code = "import runtime\nfor e in runtime.listen({!r}, '-'): print(e.sound, e.source)"
    pcm = (placed(noise(2.4), (1.0, LOW), (2.1, HIGH)) * 32768).astype("<i2").tobytes()
    done = subprocess.run(
        [sys.executable, "-c", code.format(str(folder))],
        input=pcm,
        capture_output=True,
        check=True,
    )
    assert done.stdout.split() == [b"low", b"stdin", b"high", b"stdin"]


def test_stats_are_plain_data(folder: Path, tape: str) -> None:
    """Before, and after a run, they can be written as JSON."""
    listener = WakeListener(folder, tape).on("low", print)
    assert listener.stats.to_dict() == {"sources": (), "actions": (), "reloads": 0}
    listener.run()
    data = json.loads(json.dumps(listener.stats.to_dict()))
    assert data["sources"][0].pop("level_db") < 0.0
    account = data["sources"][0].pop("account")
    assert (account["heard_seconds"], account["complete"]) == (6.0, True)
    assert data["sources"][0] == {
        "name": f"file:{tape}",
        "state": "ended",
        "seconds": 6.0,
        "events": 3,
        "frames_dropped": 0,
        "samples_lost": 0,
        "restarts": 0,
        "error": "",
        "suppressed": 0,
    }
    assert data["actions"][0]["called"] == 2


def test_readers_that_left_are_forgotten(room: tuple[WakeListener, FedSource]) -> None:
    """Iterating again and again while listening keeps no queue for those who are gone, and
    the next reader gets the next events."""
    listener, source = room
    listener.start()
    for _ in range(40):
        source.feed(placed(noise(2.0), (0.5, LOW)))
        for event in listener:
            assert event.sound == "low"
            break
    session = listener._session
    assert session is not None
    assert len(session._subscriptions) == 1
    assert not session.unread
