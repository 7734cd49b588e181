from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wakeword.testing import RATE, noise, placed


@pytest.fixture
def whistles(recordings: Path) -> list[str]:
    """Three recordings of a whistle."""
    return [str(path) for path in sorted(recordings.glob("whistle?.wav"))]


@pytest.fixture
def session(recordings: Path, tmp_path: Path) -> Path:
    """One recording with four whistles, two seconds apart; the second one is quiet."""
    takes = [soundfile.read(path, dtype="float32")[0] for path in recordings.glob("whistle?.wav")]
    whistles = [take[RATE // 2 : RATE // 2 + 14_000] for take in sorted(takes, key=np.sum)]
    whistles.insert(1, whistles[1] * np.float32(0.1))
    at = [(2.0 + 2 * i, samples) for i, samples in enumerate(whistles)]
    soundfile.write(tmp_path / "session.wav", placed(noise(11.0), *at), RATE)
    return tmp_path / "session.wav"


def test_table_tells_of_each_take(wakesound, whistles: list[str], monkeypatch) -> None:
    """After enrolling, each take has a line, and a sentence says what to expect."""
    monkeypatch.setenv("COLUMNS", "80")
    result = wakesound("enroll", "Whistle", *whistles)
    assert result.status == 0
    lines = result.out.splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["1", "2", "3"]
    assert all(" s " in line and " dBFS " in line for line in lines[2:5])
    assert "Enrolled Whistle." in lines
    assert any(line.startswith("Threshold 0.") for line in lines)
    assert lines[-1].endswith("in noise.")
    assert max(map(len, lines[:6])) <= 80


def test_json_is_for_programs(wakesound, whistles: list[str]) -> None:
    """--json holds takes, threshold and expectation, and nothing else is on stdout."""
    result = json.loads(wakesound("enroll", "whistle", *whistles, "--json", "--budget", "2").out)
    assert result["name"] == "whistle"
    assert len(result["takes"]) == 3
    assert all(0.5 < take["likeness"] <= 1.0 for take in result["takes"])
    assert 0 <= result["threshold"] <= 1
    assert result["budget_per_hour"] == 2
    assert result["findings"] == []
    assert result["expectation"]
    assert 0 <= result["noisy_miss_rate"] <= 1
    assert result["refitted"] == []


def test_findings_are_told(wakesound, whistles: list[str]) -> None:
    """What is wrong but does not stop it is said: here, that it is only one take."""
    result = wakesound("enroll", "whistle", whistles[0])
    assert result.status == 0
    assert "! only 1 take" in result.out
    as_json = wakesound("enroll", "other", whistles[0], "--force", "--json")
    codes = [finding["code"] for finding in json.loads(as_json.out)["findings"]]
    assert "few_takes" in codes
    assert as_json.err == ""


def test_name_that_is_taken_is_refused(wakesound, whistles: list[str], library: Path) -> None:
    """An existing sound is only redone with --replace."""
    result = wakesound("enroll", "whistle", *whistles)
    assert result.status == 2
    assert "there already is a sound 'whistle'; use --replace" in result.err
    assert wakesound("enroll", "whistle", whistles[0], "--replace").status == 0
    sounds = json.loads(wakesound("sounds", "--json").out)["sounds"]
    assert [sound["takes"] for sound in sounds] == [3, 1]


def test_warning_stops_until_forced(wakesound, whistles: list[str], library: Path) -> None:
    """A sound like one that is enrolled is refused in one line that names --force, which works."""
    result = wakesound("enroll", "copy", *whistles)
    assert result.status == 2
    assert "too like 'whistle'" in result.err
    assert "--force" in result.err
    assert result.err.count("\n") == 1
    assert wakesound("enroll", "copy", *whistles, "--force").status == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["a/b", "x.wav"], "a name cannot hold '/'"),
        (["", "x.wav"], "a name needs a letter or digit"),
        (["whistle", "x.wav", "--takes", "3"], "--takes and --source are for recording"),
        (["whistle", "x.wav", "--budget", "0"], "invalid value for '--budget'"),
        (["whistle", "x.wav", "--budget", "nan"], "invalid value for '--budget'"),
        (["whistle", "x.wav", "--budget", "inf"], "invalid value for '--budget'"),
        (["whistle", "x.wav", "--encoder", "ears"], "there is no encoder 'ears'"),
        (["whistle", "--source", "radio:1"], "no source 'radio:1'"),
        (["whistle", "x.wav", "--add", "--replace"], "drop --replace"),
        (["whistle", "x.wav", "--add", "--pattern", "2"], "drop --pattern"),
        (["whistle", "--takes", "0"], "invalid value for '--takes'"),
        ([], "missing argument 'NAME'"),
    ],
)
def test_bad_usage_is_one_line(arguments: list[str], problem: str, wakesound) -> None:
    """A mistake in the call is told in one line, and nothing is stored."""
    result = wakesound("enroll", *arguments)
    assert result.status == 2
    assert problem in result.err
    assert result.err.count("\n") == 1


def test_ambient_recording_is_used(
    wakesound, whistles: list[str], recordings: Path, tmp_path: Path
) -> None:
    """A room in which the sound is heard asks for more; one that is not there stops it."""
    ambient = ("--ambient", str(recordings / "stream.wav"))
    without = json.loads(wakesound("enroll", "a", *whistles, "--json").out)
    heard = json.loads(wakesound("enroll", "b", *whistles, *ambient, "--force", "--json").out)
    assert heard["threshold"] == without["threshold"] == 0.5
    likeness = [[take["likeness"] for take in found["takes"]] for found in (heard, without)]
    assert max(likeness[0]) < min(likeness[1])
    missing = wakesound("enroll", "c", *whistles, "--ambient", str(tmp_path / "no.wav"))
    assert missing.status == 2
    assert "no.wav: no such file" in missing.err


def test_guided_takes_are_judged_one_by_one(wakesound, session: Path) -> None:
    """Each take is told at once, the quiet one with advice, and it stops when there are enough."""
    result = wakesound("enroll", "whistle", "--takes", "3", "--source", f"file:{session}", "--json")
    assert result.status == 0, result.err
    assert len(json.loads(result.out)["takes"]) == 3
    told = [line.split()[1:3] for line in result.err.splitlines() if line.startswith("✓")]
    assert told == [["take", "1"], ["take", "2"], ["take", "3"]]
    assert "take 2 is" in result.err
    assert "dB quieter than the others" in result.err


def test_interrupted_enrollment_goes_on(wakesound, session: Path, library: Path) -> None:
    """Takes of an enrollment that failed are kept, and the same command takes them up."""
    shutil.rmtree(library)
    call = ("enroll", "tune", "--source", f"file:{session}", "--json")
    failed = wakesound(*call, "--takes", "4", "--ambient", "missing.wav")
    assert failed.status == 2
    assert "4 takes kept" in failed.err
    result = wakesound(*call, "--takes", "4")
    assert result.status == 0, result.err
    assert "Go on with 4 takes of tune from last time." in result.err
    assert len(json.loads(result.out)["takes"]) == 4
    assert not list(library.glob("drafts/*/*"))
    assert "from last time" not in wakesound(*call, "--takes", "4", "--replace").err


def test_takes_are_added(wakesound, whistles: list[str], library: Path) -> None:
    """--add keeps what is there, leaves out what is there already, and says so."""
    wakesound("enroll", "whistle", whistles[0], "--replace")
    result = wakesound("enroll", "whistle", "--add", *whistles, "--json")
    assert result.status == 0, result.err
    told = json.loads(result.out)
    assert (told["added"], len(told["takes"])) == (2, 3)
    (left_out,) = [one for one in told["findings"] if one["code"] == "left_out"]
    assert "is a take of the sound already" in left_out["message"]
    again = wakesound("enroll", "whistle", "--add", whistles[1])
    assert again.status == 2
    assert "is a take of the sound already" in again.err


def test_takes_of_a_sound_that_is_not_enrolled(wakesound, whistles: list[str]) -> None:
    """It says which command enrolls it."""
    result = wakesound("enroll", "tea kettle", "--add", *whistles)
    assert result.status == 2
    assert "there is no sound 'tea kettle'" in result.err
    assert "wakesound enroll 'tea kettle'', without --add" in result.err


def test_takes_are_added_at_the_microphone(
    wakesound, whistles: list[str], session: Path, library: Path
) -> None:
    """The guide counts on from what the sound has."""
    wakesound("enroll", "whistle", whistles[0], "--replace")
    call = ("enroll", "whistle", "--add", "--takes", "2", "--source", f"file:{session}", "--force")
    result = wakesound(*call)
    assert result.status == 0, result.err
    told = [line.split()[1:3] for line in result.err.splitlines() if line.startswith("✓")]
    assert told == [["take", "2"], ["take", "3"]]
    assert "Added 2 takes to whistle; it has 3 takes now." in result.out
