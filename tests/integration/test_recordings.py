"""Recordings as people bring them, through every command and over HTTP."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.codecs import require, shell
from wakeword.audio.reading import read_audio

DEMO = Path(__file__).parents[2] / "assets" / "demo"
LABELS = "whistling, glass breaking, dog barking"
LOSSLESS = {
    "a.wav": "-c:a pcm_s16le a.wav",
    "a.flac": "a.flac",
    "a.m4a": "-c:a alac a.m4a",
    "a.caf": "-c:a alac a.caf",
    "a.aiff": "a.aiff",
    "a.oga": "-c:a flac a.oga",
    "a.rf64": "-rf64 always -f wav a.rf64",
}


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first half of the demo's minute as a WAV file, in a folder of its own."""
    require()
    folder = tmp_path_factory.mktemp("minute")
    shell(f"ffmpeg -v error -i '{DEMO}/noisy_minute.flac' -t 30 -ac 1 -ar 16000 minute.wav", folder)
    return folder / "minute.wav"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, minute: Path) -> Path:
    """A library with the demo's whistle."""
    folder = tmp_path_factory.mktemp("enrolled") / "library"
    takes = " ".join(f"'{path}'" for path in sorted(DEMO.glob("whistle_*.flac")))
    shell(f"wakesound --library '{folder}' enroll whistle {takes}", minute.parent)
    return folder


@pytest.fixture(scope="module")
def wakes(library: Path, minute: Path) -> list[float]:
    """When the whistle is heard in the minute."""
    found = heard(library, minute)
    assert len(found) >= 2
    return found


def heard(library: Path, source: object) -> list[float]:
    """When something wakes in a source."""
    wakesound = str(Path(sys.executable).with_name("wakesound"))
    command = [wakesound, "--library", str(library), "listen", "--source", str(source), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert told[-1]["event"] == "end"
    assert told[-1]["recordings"][0]["complete"]
    return [event["start"] for event in told[:-1]]


def test_lossless_formats_give_equal_events(
    tmp_path: Path, library: Path, minute: Path, wakes: list[float]
) -> None:
    """Whatever lossless file it is in, ``listen`` wakes at the same samples."""
    for name, options in LOSSLESS.items():
        shell(f"ffmpeg -v error -i '{minute}' -strict -2 {options}", tmp_path)
        assert heard(library, tmp_path / name) == wakes, name


def test_every_way_in_gives_equal_scores(tmp_path: Path, minute: Path) -> None:
    """``classify``, ``batch`` and the HTTP upload say the same of each lossless file."""
    for options in LOSSLESS.values():
        shell(f"ffmpeg -v error -i '{minute}' -t 12 -strict -2 {options}", tmp_path)
    files = " ".join(LOSSLESS)
    shell(f"wakesound classify {files} --labels '{LABELS}' --json > c.json", tmp_path)
    shell(f"wakesound batch . --labels '{LABELS}' --out b.jsonl --strict", tmp_path)
    classified = json.loads((tmp_path / "c.json").read_text())
    rows = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()]
    assert {row["path"] for row in rows} == set(LOSSLESS)
    assert len({json.dumps(row["scores"]) for row in classified}) == 1
    assert {row["complete"] for row in [*classified, *rows]} == {True}
    assert {row["heard_seconds"] for row in [*classified, *rows]} == {12.0}
    for row in rows:
        assert row["scores"] == pytest.approx(rows[0]["scores"], abs=1e-5)


@pytest.mark.parametrize(
    ("make", "missed"),
    [
        ("ffmpeg -v error -i m.wav -af 'pan=stereo|c0=c0|c1=-1*c0' x.wav", 1),
        ("ffmpeg -v error -i m.wav -q:a 4 -f mp3 - > x.wav", 1),
        ("for i in 0 15; do ffmpeg -v error -ss $i -t 15 -i m.wav $i.ogg; done;"
         " cat 0.ogg 15.ogg > x.wav", 1),
        ("ffmpeg -v error -i m.wav -ar 48000 -c:a aac x.m4a; mv x.m4a x.wav", 1),
        ("ffmpeg -v error -i m.wav -c:a libopus -ar 48000 x.webm; mv x.webm x.wav", 1),
        ("sox m.wav -r 8000 x.amr-nb; mv x.amr-nb x.wav", 60),
    ],
    ids=["anti-phase", "mp3 from a pipe", "chained ogg", "m4a", "webm", "amr"],
)  # fmt: skip
def test_the_same_sounds_are_heard(
    tmp_path: Path, library: Path, minute: Path, wakes: list[float], make: str, missed: int
) -> None:
    """The sound is there, and about as often as in the recording itself."""
    (tmp_path / "m.wav").symlink_to(minute)
    shell(make, tmp_path)
    assert read_audio(tmp_path / "x.wav").seconds == pytest.approx(30.0, abs=0.1)
    assert len(heard(library, tmp_path / "x.wav")) >= len(wakes) - missed


def test_a_channel_is_named(
    tmp_path: Path, library: Path, minute: Path, wakes: list[float]
) -> None:
    """``?channel=1`` hears that one alone, and a file of that very name is still a file."""
    samples, rate = soundfile.read(minute, dtype="float32")
    loud = 0.3 * np.random.default_rng(0).standard_normal(len(samples)).astype(np.float32)
    soundfile.write(tmp_path / "x.wav", np.stack([loud, samples], axis=1), rate)
    assert heard(library, f"file:{tmp_path}/x.wav?channel=1") == wakes
    assert heard(library, f"{tmp_path}/x.wav?channels=best") == wakes
    assert heard(library, f"file:{tmp_path}/x.wav?channel=0") == []
    (tmp_path / "x.wav").rename(tmp_path / "x.wav?channel=1")
    mixed = read_audio(tmp_path / "x.wav?channel=1")
    assert mixed.account is not None
    assert "channels 0 and 1 hold different sound" in mixed.account.warnings[0]


def test_enroll_takes_all_of_a_recording(tmp_path: Path, library: Path) -> None:
    """Float takes far above full scale, and three whistles in one chained file: three takes."""
    require()
    for number in (1, 2, 3):
        source = DEMO / f"whistle_{number}.flac"
        shell(
            f"ffmpeg -v error -i '{source}' -af volume=20dB -c:a pcm_f32le {number}.wav", tmp_path
        )
        shell(f"ffmpeg -v error -i '{source}' -af apad=pad_dur=1 -ar 48000 {number}.opus", tmp_path)
    shell("cat 1.opus 2.opus 3.opus > all.opus", tmp_path)
    for name, files in (("loud", "1.wav 2.wav 3.wav"), ("chained", "all.opus")):
        shell(f"wakesound --library {name} enroll {name} {files} --json > {name}.json", tmp_path)
        told = json.loads((tmp_path / f"{name}.json").read_text())
        assert len(told["takes"]) == 3
        assert all(recording["complete"] for recording in told["recordings"])
    take = next((tmp_path / "loud/sounds").rglob("*.flac"))
    stored, _ = soundfile.read(take)
    assert 0.5 < np.abs(stored).max() < 0.95


def test_batch_takes_every_kind_of_file(tmp_path: Path, minute: Path) -> None:
    """Old endings, phones, a name in Latin-1: a row each; what is not all there is told."""
    folder = tmp_path / "d"
    folder.mkdir()
    shell(f"ffmpeg -v error -i '{minute}' -t 5 m.wav", tmp_path)
    names = "a.bwf a.wave a.rf64 b.mp2 c.m4a d.3gp e.wma f.caf g.webm"
    kinds = {"a": "-f wav", "d": "-ar 48000 -c:a aac", "f": "-c:a alac"}
    for name in names.split():
        kind = kinds.get(name[0], "-ar 48000")
        shell(f"ffmpeg -v error -i m.wav -strict -2 {kind} d/{name}", tmp_path)
    latin = os.fsencode(folder) + b"/caf\xe9.wav"
    Path(os.fsdecode(latin)).write_bytes((tmp_path / "m.wav").read_bytes())
    (folder / "secret.m4p").write_bytes(b"encrypted")
    shell("flac -s m.wav; head -c 60000 m.flac > d/cut.flac", tmp_path)
    run = f"wakesound batch d --labels '{LABELS}' --out r.csv"
    shell(f"{run} 2> err || exit 1", tmp_path)
    with (tmp_path / "r.csv").open(encoding="utf-8") as file:
        rows = {row["path"]: row for row in csv.DictReader(file)}
    assert set(rows) == {*names.split(), "caf\\xe9.wav", "secret.m4p", "cut.flac"}
    assert [path for path, row in rows.items() if row["error"]] == ["secret.m4p"]
    assert [path for path, row in rows.items() if row["complete"] == "False"] == ["cut.flac"]
    assert rows["cut.flac"]["stated_seconds"] == "5.0"
    assert "looks cut off" in rows["cut.flac"]["warnings"]
    told = (tmp_path / "err").read_text()
    assert "1 of 12 recordings is not all there" in told
    shell("rm r.csv d/secret.m4p", tmp_path)
    shell(f"{run} --strict > out 2>&1 && exit 1 || [ $? = 2 ]", tmp_path)


def test_a_long_recording_takes_little_memory(tmp_path: Path) -> None:
    """A recording is never held as a whole: an hour takes hardly more than a minute does."""
    require("sox")
    peaks = []
    for name, seconds in (("minute", 60), ("hour", 3600)):
        shell(f"sox -R -n -r 8000 -b 16 {name}.wav synth {seconds} pinknoise gain -20", tmp_path)
        script = (
            "import resource, sys; from wakeword.audio.reading import Recording; "
            "n = sum(len(b.samples) for b in Recording(sys.argv[1]).blocks(4.0)); "
            "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        shell(f'python -c "{script}" {name}.wav > out', tmp_path)
        count, peak = map(int, (tmp_path / "out").read_text().split())
        assert count == 8000 * seconds
        peaks.append(peak)
    assert peaks[1] < peaks[0] + 8_000
