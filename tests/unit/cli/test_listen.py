from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def stream(recordings: Path) -> str:
    """A recording with the whistle at 3 and 14 seconds and the knock at 8."""
    return f"file:{recordings / 'stream.wav'}"


def test_json_keeps_the_contract(wakesound, library: Path, stream: str) -> None:
    """A line for each wake with all its fields in seconds, and the end as the last line."""
    result = wakesound("listen", "--source", stream, "--json", "--threshold-offset", "-0.05")
    assert result.status == 0
    *wakes, end = [json.loads(line) for line in result.out.splitlines()]
    (heard,) = end.pop("recordings")
    assert (heard["heard_seconds"], heard["complete"]) == (17.0, True)
    assert end == {"event": "end", "seconds": 17.0, "frames_dropped": 0}
    assert [wake["sound"] for wake in wakes] == ["whistle", "knock", "whistle"]
    for wake, start in zip(wakes, (3, 8, 14), strict=True):
        assert wake["event"] == "wake"
        assert start - 0.5 < wake["start"] < wake["end"] < start + 1.5
        assert wake["threshold"] <= wake["score"] <= 1.0
        assert wake["source"] == stream
        assert len(wake["id"]) == 16


def test_people_get_a_line_a_wake(wakesound, library: Path, stream: str) -> None:
    """Without --json: time, sound and score on stdout; what surrounds it on stderr."""
    result = wakesound("listen", "--source", stream, "--threshold-offset=-0.05")
    assert [line.split()[1] for line in result.out.splitlines()] == ["whistle", "knock", "whistle"]
    assert "for knock, whistle. Ctrl-C ends." in " ".join(result.err.split())
    assert "Heard 0:17.0 of audio, 3 wakes." in result.err
    assert max(len(line) for line in result.out.splitlines()) <= 80


def test_several_sources_say_which(wakesound, library: Path, recordings: Path, stream: str) -> None:
    """With two sources, each event says where it was heard."""
    other = f"file:{recordings / 'knock1.wav'}"
    options = ("--source", stream, "--source", other, "--threshold-offset=-0.05")
    events = [json.loads(line) for line in wakesound("listen", *options, "--json").out.splitlines()]
    assert {event["source"] for event in events[:-1]} == {stream, other}
    assert all("file:" in line for line in wakesound("listen", *options).out.splitlines())


def test_settings_reach_the_engine(wakesound, library: Path, stream: str) -> None:
    """A stricter threshold, more patience and a long refractory time each lose wakes."""

    def wakes(*options: str) -> int:
        out = wakesound("listen", "--source", stream, "--json", *options).out
        return len(out.splitlines()) - 1

    lenient = "--threshold-offset=-0.05"
    assert wakes(lenient) == 3
    assert wakes("--threshold-offset=0.5") == 0
    assert wakes(lenient, "--patience=30") == 0
    assert wakes(lenient, "--refractory=60") == 2
    assert wakes(lenient, "--gate=union") >= 3


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--on", "whistle"], "--on takes NAME=URI"),
        (["--on", "=exec:true"], "--on takes NAME=URI"),
        (["--on", "bark=exec:true"], "there is no sound 'bark'"),
        (["--on", "whistle=shout:hey"], "'shout:hey' is no action"),
        (["--on", "*=py:no_such_module:f"], "there is no module 'no_such_module'"),
        (["--gate", "garden"], "there is no gate 'garden'; known: band"),
        (["--encoder", "ears"], "there is no encoder 'ears'"),
        (["--source", "radio:1"], "no source 'radio:1'"),
        (["--patience", "0"], "invalid value for '--patience'"),
        (["--threshold-offset", "nan"], "invalid value for '--threshold-offset'"),
        (["--threshold-offset=-inf"], "invalid value for '--threshold-offset'"),
        (["--refractory", "nan"], "invalid value for '--refractory'"),
        (["--refractory", "inf"], "'inf' is not a finite number"),
        (["--action-timeout", "inf"], "invalid value for '--action-timeout'"),
        (["--device", "tpu"], "invalid value for '--device'"),
        (["surplus"], "unexpected extra argument"),
        (["--source", "-", "--source", "-?rate=8000"], "there is one standard input"),
        (["--on", "whistle=http://127.0.0.1:99999/"], "ports are 1 to 65535"),
    ],
)
def test_bad_usage_is_one_line(
    arguments: list[str], problem: str, wakesound, library: Path, stream: str
) -> None:
    """A mistake in the call is told in one line before anything is heard."""
    result = wakesound("listen", "--source", stream, *arguments)
    assert result.status == 2
    assert problem in result.err
    assert result.err.startswith("wakesound: ")
    assert result.err.count("\n") == 1
    assert result.out == ""


def test_missing_library_is_told(wakesound, stream: str, tmp_path: Path) -> None:
    """Without sounds there is nothing to listen for; the line says how to enroll one."""
    result = wakesound("listen", "--source", stream, "--library", str(tmp_path / "no"), "--json")
    assert result.status == 2
    assert "no sounds are enrolled yet" in result.err
    assert "wakesound enroll NAME" in result.err
    assert result.out == ""


def test_other_encoder_is_told(wakesound, library: Path, stream: str) -> None:
    """A library of another encoder is refused, with both ways out."""
    record = library / "library.json"
    record.write_text(record.read_text().replace('"logmel-', '"older-logmel-'))
    result = wakesound("listen", "--source", stream)
    assert result.status == 2
    assert "wakesound reindex --encoder" in result.err
    assert result.err.count("\n") == 1
    assert wakesound("reindex", "--encoder", "logmel").status == 0
    assert wakesound("listen", "--source", stream, "--json").status == 0


def test_damaged_sound_does_not_silence_the_others(wakesound, library: Path, stream: str) -> None:
    """With one sound damaged, a warning is logged and the other is heard."""
    (library / "sounds" / "knock" / "sound.json").write_text("{")
    result = wakesound("listen", "--source", stream, "--json", "--threshold-offset=-0.05")
    assert result.status == 0
    assert "wakesound: warning: " in result.err
    wakes = [json.loads(line) for line in result.out.splitlines()[:-1]]
    assert {wake["sound"] for wake in wakes} == {"whistle"}


def test_failing_action_does_not_end_the_listening(
    wakesound, library: Path, stream: str, tmp_path: Path
) -> None:
    """An action that fails is a line on stderr each time; the other one still gets its events."""
    result = wakesound(
        *("listen", "--source", stream, "--json", "--threshold-offset=-0.05"),
        *("--on", "*=shell:exit 3", "--on", f"knock=json:{tmp_path / 'knocks.jsonl'}"),
    )
    assert result.status == 0
    assert result.err.count("exit status 3") == 3
    assert "Traceback" not in result.err
    lines = (tmp_path / "knocks.jsonl").read_text().splitlines()
    assert [json.loads(line)["sound"] for line in lines] == ["knock"]
