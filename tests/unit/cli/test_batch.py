"""``wakesound batch`` on small folders and whatever else it may be given."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import soundfile

from wakeword.testing import RATE, burst, noise, tone

LABELS = "glass breaking, 狗叫, whistling"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four recordings and a bad one."""
    place = tmp_path / "recordings"
    place.mkdir()
    for number, hz in enumerate((500, 2000, 4000)):
        soundfile.write(place / f"{number}.wav", tone(hz, 1.7) + noise(1.7), RATE)
    soundfile.write(place / "3.wav", burst(0.4), RATE)
    (place / "bad.wav").write_text("words")
    return place


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_row_for_each_recording(wakesound, folder: Path, tmp_path: Path) -> None:
    """Good and bad ones, with what Chinese was understood as and what was bad on stderr."""
    out = tmp_path / "o.csv"
    done = wakesound("batch", str(folder), "--labels", LABELS, "--out", str(out))
    assert done.status == 0, done.err
    assert done.out.startswith("狗叫 -> dog barking\n")
    assert "5 recordings, 0.1 minutes of audio, in " in done.out
    assert "1 of 5 recordings is bad" in done.err
    assert "  bad.wav: not audio" in done.err
    rows = _rows(out)
    assert [row["path"] for row in rows] == ["0.wav", "1.wav", "2.wav", "3.wav", "bad.wav"]
    for row in rows[:4]:
        shares = [
            float(row[f"score: {label}"]) for label in ("glass breaking", "狗叫", "whistling")
        ]
        assert sum(shares) + float(row["none"]) == pytest.approx(1.0, abs=1e-5)
    assert rows[4]["error"].startswith("not audio")
    assert [path.name for path in tmp_path.iterdir() if "o.csv" in path.name] == ["o.csv"]


def test_json_and_slices(wakesound, folder: Path, tmp_path: Path) -> None:
    """--json sums up for programs; --slices has a row for each slice; --window is its length."""
    out, slices = tmp_path / "o.jsonl", tmp_path / "s.jsonl"
    call = ("batch", str(folder), "--labels", LABELS, "--out", str(out), "--closed")
    done = wakesound(*call, "--slices", str(slices), "--window", "0.5", "--jobs", "1", "--json")
    assert done.status == 0, done.err
    told = json.loads(done.out)
    assert (told["recordings"], told["before"], list(told["bad"])) == (5, 0, ["bad.wav"])
    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    parts = [json.loads(line) for line in slices.read_text(encoding="utf-8").splitlines()]
    assert sum(row["slices"] or 0 for row in rows) == len(parts) > 15
    assert sum(parts[0]["scores"].values()) == pytest.approx(1.0, abs=1e-5)
    assert rows[0]["none"] is None
    assert parts[0]["end"] == 0.5


def test_strict(wakesound, folder: Path, tmp_path: Path) -> None:
    """With --strict a bad recording makes the status 2; the result is there all the same."""
    out = tmp_path / "o.csv"
    call = ("batch", str(folder), "--labels", LABELS, "--out", str(out), "--strict")
    assert wakesound(*call).status == 2
    assert len(_rows(out)) == 5
    (folder / "bad.wav").unlink()
    assert wakesound(*call, "--restart").status == 0


def test_truth(wakesound, folder: Path, tmp_path: Path) -> None:
    """The labels may come from the truth file; the report counts what was recognised."""
    truth = tmp_path / "truth.csv"
    truth.write_text(
        "path,label\nrecordings/0.wav,whistling\nrecordings/3.wav,dog\ngone.wav,none\n"
    )
    call = ("batch", str(folder), "--truth", str(truth), "--out", str(tmp_path / "o.csv"))
    done = wakesound(*call, "--json")
    assert done.status == 0, done.err
    report = json.loads(done.out)["truth"]
    assert (report["clips"], report["not_heard"]) == (2, 1)
    assert set(report["labels"]) >= {"whistling", "dog"}
    shown = wakesound(*call, "--restart")
    assert "of 2 clips right" in shown.out
    assert "1 clips of the truth file are not among" in shown.out
    other = wakesound(*call, "--restart", "--labels", "rain, wind")
    assert (other.status, "'whistling'" in other.err) == (2, True)
    truth.write_text("path,label\nelsewhere.wav,none\n")
    none = wakesound(*call, "--restart", "--labels", "rain, wind")
    assert (none.status, "none of the 1 clips" in none.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--labels", "dog, rain", "--out", "{}/o.txt"), ".csv, .jsonl, .parquet"),
        (("--labels", "dog, rain", "--out", "{}/there.csv"), "is there already; use --restart"),
        (("--labels", "dog", "--out", "{}/o.csv"), "label"),
        (("--out", "{}/o.csv"), "no labels are given"),
        (("--labels", "dog, rain", "--out", "{}/o.csv", "--encoder", "logmel"), "no text side"),
        (("--labels", "dog, rain", "--out", "{}/o.csv", "--window", "3"), "1 s at a time"),
        (("--labels", "dog, rain", "--out", "{}/o.csv", "--window", "9"), "--window"),
        (("--labels", "dog, rain", "--out", "{}/o.csv", "--address", "auto"), "--engine ray"),
        (("--labels", "dog, rain", "--out", "{}/o.csv", "--truth", "{}/no.csv"), "cannot be read"),
    ],
)
def test_bad_input(
    wakesound, folder: Path, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """Each is one line on stderr and status 2, before anything is heard or written."""
    (tmp_path / "there.csv").write_text("mine")
    done = wakesound("batch", str(folder), *(a.format(tmp_path) for a in arguments))
    assert done.status == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert (tmp_path / "there.csv").read_text() == "mine"
    assert not list(tmp_path.glob("*.partial"))


def test_folders_without_recordings(wakesound, tmp_path: Path) -> None:
    """A folder without recordings, and none at all, are told."""
    call = ("--labels", "dog, rain", "--out", str(tmp_path / "o.csv"))
    assert "there are no recordings" in wakesound("batch", str(tmp_path), *call).err
    assert "is not a folder" in wakesound("batch", str(tmp_path / "no"), *call).err
