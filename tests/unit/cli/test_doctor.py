from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from runtime.cli.checks import packages, requirements
from runtime.cli.options import Settings
from runtime.cli.room import judge, measure
from wakeword.engine import Engine
from wakeword.scoring.scorer import Scorer
from wakeword.testing import RATE, ToneEncoder, frames, noise, silence


def _checks(wakesound, *arguments: str) -> tuple[int, dict[str, dict[str, str]]]:
    result = wakesound("doctor", "--json", *arguments)
    report = json.loads(result.out)
    assert report["healthy"] == (result.status == 0)
    return result.status, {check["what"]: check for check in report["checks"]}


def test_healthy_set_up(wakesound, library: Path) -> None:
    """A good library on a good machine passes, with the figures to prove it."""
    status, checks = _checks(wakesound)
    assert status == 0
    assert checks["sounds"]["detail"] == "2 with 6 whole takes"
    assert checks["encoder"]["detail"].startswith("logmel (")
    assert checks["packages"]["verdict"] == "good"
    assert "Everything that is needed works." in wakesound("doctor").out


def test_empty_library_is_no_fault(wakesound) -> None:
    """Before the first sound all is well; the next step is to enroll one."""
    status, checks = _checks(wakesound)
    assert status == 0
    assert "wakesound enroll" in checks["sounds"]["advice"]


def test_damaged_recording_is_found(wakesound, library: Path) -> None:
    """A take that was changed on disk is found, with its path and the next step."""
    take = next(iter((library / "sounds" / "knock" / "takes").iterdir()))
    take.write_bytes(take.read_bytes()[:1000])
    status, checks = _checks(wakesound)
    assert status == 1
    assert checks["knock"]["verdict"] == "bad"
    assert take.name in checks["knock"]["detail"]
    shown = wakesound("doctor")
    assert "1 of these must be fixed." in shown.out
    assert "wakesound remove 'knock'" in shown.out


def test_other_encoder_is_found(wakesound, library: Path) -> None:
    """An encoder that did not make the library, or does not exist, is told."""
    record = library / "library.json"
    record.write_text(record.read_text().replace('"logmel-', '"older-logmel-'))
    status, checks = _checks(wakesound)
    assert status == 1
    assert "wakesound reindex" in checks["encoder"]["advice"]
    record.write_text(record.read_text().replace('"encoder": "logmel"', '"encoder": "ears"'))
    status, checks = _checks(wakesound)
    assert status == 1
    assert "there is no encoder 'ears'" in checks["encoder"]["advice"]


def test_damaged_library_file_is_found(wakesound, library: Path) -> None:
    """A broken library.json is a finding, and the other checks go on."""
    (library / "library.json").write_text("{}")
    status, checks = _checks(wakesound)
    assert status == 1
    assert checks["library"]["verdict"] == "bad" or checks["encoder"]["verdict"] == "bad"
    assert "threads" in checks


def test_a_quiet_room(wakesound, library: Path, tmp_path: Path) -> None:
    """Nothing is said against a room in which nothing happens."""
    soundfile.write(tmp_path / "room.wav", noise(8.0, level_db=-70.0), RATE)
    status, checks = _checks(wakesound, "--room", str(tmp_path / "room.wav"))
    assert status == 0
    assert checks["room"]["verdict"] == "good"
    assert checks["room"]["detail"].startswith("background -70 dBFS")
    assert checks["gate"]["detail"] == "open 0% of the time"
    assert checks["false wakes"]["detail"] == "none in 8 s"


def test_a_room_that_wakes_it(wakesound, library: Path, recordings: Path) -> None:
    """What would have woken is counted by sound, and the next step is named."""
    status, checks = _checks(wakesound, "--room", str(recordings / "stream.wav"))
    assert status == 0
    assert checks["false wakes"]["verdict"] == "note"
    assert "whistle 2" in checks["false wakes"]["detail"]
    assert "wakesound calibrate --ambient" in checks["false wakes"]["advice"]


@pytest.mark.parametrize(
    ("samples", "verdict", "told"),
    [
        (silence(3.0), "bad", "digital silence"),
        (noise(3.0, level_db=-30.0), "note", "noisy"),
        (np.clip(noise(3.0, level_db=0.0), -1, 1), "note", "clipped"),
    ],
)
def test_what_is_wrong_with_a_room(samples, verdict, told) -> None:
    """A dead microphone must be mended; noise and distortion are worth knowing."""
    heard = measure(
        frames(samples, 1600),
        Engine(Scorer(np.eye(16, dtype=np.float32)[:0], [], {}), ToneEncoder()),
    )
    finding = next(judge(heard, "mic"))
    assert finding.verdict == verdict
    assert told in finding.detail
    assert finding.advice


def test_a_microphone_that_cannot_be_heard(wakesound, library: Path) -> None:
    """It is told like any other fault."""
    status, checks = _checks(wakesound, "--room", "mic:that is not there")
    assert status == 1
    assert checks["room"]["verdict"] == "bad"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--room", "missing.wav"), "missing.wav"),
        (("--room", "file:missing.wav"), "missing.wav"),
        (("--room", __file__), "test_doctor.py"),
        (("--encoder", "ears"), "there is no encoder 'ears'"),
        (("--encoder", "logmel+ears"), "ears"),
    ],
)
def test_what_does_not_exist_is_no_fault_of_the_set_up(
    wakesound, library: Path, arguments: tuple[str, ...], told: str
) -> None:
    """A recording or an encoder that is not there is bad input: one line, and exit status 2."""
    result = wakesound("doctor", "--json", *arguments)
    assert (result.status, result.out, result.err.count("\n")) == (2, "", 1)
    assert told in result.err


def test_packages_and_extras_are_those_that_are_declared() -> None:
    """What the distribution requires is read from it; extras of development are none of them."""
    needed, extras = requirements()
    assert {"numpy", "faiss-cpu", "click", "soundfile"} <= set(needed)
    assert set(extras["mic"]) == {"PyAudio"} or set(extras["mic"]) == {"pyaudio"}
    assert {"torch", "transformers"} <= set(extras["clap"])
    (found,) = packages(Settings())
    assert found.verdict == "good"
    for module in ("faiss", "soundfile", "webrtcvad", "rich"):
        assert f"{module} " in found.detail
