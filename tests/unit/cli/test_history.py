from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile


@pytest.fixture
def heard(wakesound, library: Path, recordings: Path) -> list[str]:
    """The identifiers of what fired in the stream."""
    stream = f"file:{recordings / 'stream.wav'}"
    options = ("--json", "--threshold-offset=-0.05", "--keep-speech")
    lines = wakesound("listen", "--source", stream, *options).out.splitlines()
    return [json.loads(line)["id"] for line in lines[:-1]]


def test_shows_what_fired(wakesound, heard: list[str]) -> None:
    """Every wake is in the table, with its score and why."""
    result = wakesound("history")
    assert result.status == 0
    for id in heard:
        assert id[:8] in result.out
    assert result.out.count("fired") == 3
    assert f"wakesound feedback {heard[-1][:8]} --false" in result.out


def test_a_near_miss_is_no_false_wake(wakesound, library: Path, recordings: Path) -> None:
    """Where nothing woke, nothing is proposed to be rejected."""
    stream = f"file:{recordings / 'stream.wav'}"
    wakesound("listen", "--source", stream, "--patience", "30")
    shown = wakesound("history").out
    assert "near: " in shown
    assert "wakesound feedback" not in shown


def test_json_is_complete(wakesound, heard: list[str]) -> None:
    """As JSON: the latest first, every field but the embeddings."""
    entries = json.loads(wakesound("history", "--json").out)
    wakes = [entry for entry in entries if entry["kind"] == "wake"]
    assert {entry["id"] for entry in wakes} == set(heard)
    assert {"sound", "score", "threshold", "take", "why", "gate", "source", "time"} <= set(wakes[0])
    assert "vectors" not in wakes[0]


def test_filters(wakesound, heard: list[str]) -> None:
    """By sound, by number, and near misses alone."""
    knocks = json.loads(wakesound("history", "--sound", "Knock", "--json").out)
    assert {entry["sound"] for entry in knocks} == {"knock"}
    assert len(json.loads(wakesound("history", "--limit", "1", "--json").out)) == 1
    near = json.loads(wakesound("history", "--near", "--json").out)
    assert all(entry["kind"] == "near" for entry in near)


def test_exports_the_audio(wakesound, heard: list[str], tmp_path: Path) -> None:
    """What was heard can be listened to, by the first digits of its identifier."""
    target = tmp_path / "heard.flac"
    assert wakesound("history", "--export", heard[0][:8], str(target)).status == 0
    samples, rate = soundfile.read(target)
    assert rate == 16000
    assert 0.3 < len(samples) / rate < 6


def test_nothing_is_remembered_on_request(wakesound, library: Path, recordings: Path) -> None:
    """With --no-history nothing is written; without --keep-audio no audio is."""
    stream = f"file:{recordings / 'stream.wav'}"
    wakesound("listen", "--source", stream, "--no-history", "--threshold-offset=-0.05")
    assert "Nothing is remembered" in wakesound("history").out
    wakesound("listen", "--source", stream, "--threshold-offset=-0.05")
    id = json.loads(wakesound("history", "--json").out)[0]["id"]
    result = wakesound("history", "--export", id, "x.flac")
    assert result.status == 2
    assert "--keep-audio" in result.err


def test_elsewhere_and_cleared(wakesound, library: Path, recordings: Path, tmp_path: Path) -> None:
    """--history names another folder; --clear forgets it all."""
    folder = ("--history", str(tmp_path / "mine"))
    stream = f"file:{recordings / 'stream.wav'}"
    wakesound("listen", "--source", stream, *folder, "--threshold-offset=-0.05")
    assert "Nothing is remembered" in wakesound("history").out
    count = len(json.loads(wakesound("history", *folder, "--json").out))
    assert count >= 3
    assert wakesound("history", *folder, "--clear").out == f"Forgot {count} events.\n"
    assert json.loads(wakesound("history", *folder, "--json").out) == []


def test_unknown_event(wakesound, library: Path) -> None:
    """An identifier that nobody has is told in one line."""
    result = wakesound("history", "--play", "beef")
    assert result.status == 2
    assert "knows no event 'beef'" in result.err
