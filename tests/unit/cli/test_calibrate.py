from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from runtime.cli.room import parse_duration
from wakeword.errors import ConfigError
from wakeword.library.ambient import FILE
from wakeword.testing import RATE, noise, placed, silence


@pytest.fixture
def room(recordings: Path, tmp_path: Path) -> Path:
    """A recording of a room that whistles by itself."""
    take, _ = soundfile.read(recordings / "whistle1.wav", dtype="float32")
    path = tmp_path / "room.wav"
    soundfile.write(path, placed(noise(12.0, seed=3), (4.0, take)), RATE)
    return path


@pytest.mark.slow
def test_a_recording_of_the_room_is_remembered(wakesound, library: Path, room: Path) -> None:
    """Every sound gets a line with its threshold and what to expect; what hurts is said."""
    result = wakesound("calibrate", "--ambient", str(room))
    assert result.status == 0
    lines = result.out.splitlines()
    assert lines[0].startswith("Heard 0:12, something to hear in ")
    assert lines[1] == "0:12 of the room known."
    assert lines[2].startswith("knock ")
    assert lines[3].startswith("whistle ")
    assert all(" -> " in line and ": expect " in line for line in lines[2:4])
    assert "--forget-room" in " ".join(lines[4:])
    assert (library / FILE).is_file()
    assert not list(library.rglob("*.wav"))


@pytest.mark.slow
def test_json_is_for_programs(wakesound, library: Path, room: Path) -> None:
    """Before and after of the named sound; and the room is forgotten when asked for."""
    result = json.loads(
        wakesound("calibrate", "Whistle", "--ambient", str(room), "--budget", "2", "--json").out
    )
    assert result["room"]["seconds"] == result["room"]["heard_seconds"] == pytest.approx(12.0)
    assert 0 < result["room"]["open_share"] < 1
    (whistle,) = result["sounds"]
    assert whistle["name"] == "whistle"
    assert whistle["threshold"] > whistle["threshold_before"]
    assert whistle["budget_per_hour"] == 2.0
    assert whistle["expectation"].startswith("expect ")
    assert whistle["newly_missed"] > 0
    shown = {s["name"]: s for s in json.loads(wakesound("sounds", "--json").out)["sounds"]}
    assert shown["whistle"]["threshold"] == pytest.approx(whistle["threshold"], abs=1e-4)
    assert shown["knock"]["budget_per_hour"] == pytest.approx(1 / 24)
    forgotten = json.loads(wakesound("calibrate", "--forget-room", "--json").out)
    assert forgotten["room"]["seconds"] == 0.0
    assert not (library / FILE).exists()
    after = {sound["name"]: sound for sound in forgotten["sounds"]}
    assert after["whistle"]["threshold"] < whistle["threshold"]
    assert after["whistle"]["budget_per_hour"] == 2.0


def test_a_source_is_listened_to_for_so_long(wakesound, library: Path, room: Path) -> None:
    """Not longer than asked for; a budget for all sounds is shared."""
    result = json.loads(
        wakesound(
            *("calibrate", "--ambient", "2.5s", "--source", f"file:{room}"),
            *("--budget-total", "0.3", "--json"),
        ).out
    )
    assert result["room"]["seconds"] == pytest.approx(2.5)
    assert [sound["budget_per_hour"] for sound in result["sounds"]] == [0.15, 0.15]


def test_before_the_first_sound_the_room_is_kept(wakesound, room: Path, tmp_path: Path) -> None:
    """Nothing is there to be fitted, which is no fault."""
    folder = tmp_path / "new"
    result = wakesound("calibrate", "--ambient", str(room), "--library", str(folder))
    assert result.status == 0
    assert "no sounds to fit yet" in result.out
    assert (folder / FILE).is_file()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--ambient", "missing.wav"), "missing.wav"),
        (("--ambient", "0s"), "1s to 24h"),
        (("--ambient", "2s", "--source", "file:mute.wav"), "digital silence"),
        (("nothing",), "no sound 'nothing'"),
        (("--source", "mic"), "--ambient 10m"),
        (("--budget", "1", "--budget-total", "1"), "give one"),
        (("whistle", "--budget-total", "1"), "leave out the names"),
        (("--budget", "0"), "--budget"),
    ],
)
def test_mistakes_change_nothing(
    wakesound, library: Path, tmp_path: Path, monkeypatch, arguments, told
) -> None:
    """One line says what to do; the sounds and the room stay as they were."""
    monkeypatch.chdir(tmp_path)
    soundfile.write("mute.wav", silence(3.0), RATE)
    before = {path: path.read_bytes() for path in library.rglob("sound.json")}
    result = wakesound("calibrate", *arguments)
    assert result.status == 2
    assert told in result.err
    assert {path: path.read_bytes() for path in library.rglob("sound.json")} == before
    assert not (library / FILE).exists()


def test_durations() -> None:
    """Seconds, minutes and hours; anything else is a file."""
    assert parse_duration("90") == parse_duration("90s") == parse_duration("1.5m") == 90.0
    assert parse_duration("1h") == 3600.0
    assert parse_duration("10m.wav") is parse_duration("./10m") is parse_duration("nan") is None
    for bad in ("0", "0.5s", "25h"):
        with pytest.raises(ConfigError):
            parse_duration(bad)
    assert np.isfinite(parse_duration("24h") or np.nan)
