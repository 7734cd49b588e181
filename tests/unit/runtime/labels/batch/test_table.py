from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import pytest

from runtime.labels.batch.results import bad_row, check_kind, write_table
from wakeword.errors import ConfigError, LibraryError

LABELS = ("狗叫", 'a "b"')
GOOD = {
    "path": "sub/x.wav",
    "seconds": 1.5,
    "slices": 2,
    "top": "狗叫",
    "none": 0.25,
    "scores": {"狗叫": 0.5, 'a "b"': 0.25},
    "similarity": {"狗叫": 0.1, 'a "b"': -0.1},
    "peaks": {
        "狗叫": {"score": 0.75, "start": 0.5, "end": 1.5},
        'a "b"': {"score": 0.5, "start": 0.0, "end": 1.0},
    },
    "heard_seconds": 1.5,
    "stated_seconds": 3.0,
    "complete": False,
    "warnings": ["looks cut off", "is damaged"],
    "error": None,
}
ROWS = [GOOD, bad_row("bad\udcff.wav", "x: not\n audio")]
FLAT = {
    "path": "sub/x.wav",
    "seconds": 1.5,
    "heard_seconds": 1.5,
    "stated_seconds": 3.0,
    "complete": False,
    "slices": 2,
    "top": "狗叫",
    "none": 0.25,
    "error": None,
    "warnings": "looks cut off; is damaged",
    "score: 狗叫": 0.5,
    'score: a "b"': 0.25,
    "similarity: 狗叫": 0.1,
    'similarity: a "b"': -0.1,
    "peak: 狗叫": 0.75,
    'peak: a "b"': 0.5,
    "peak_start: 狗叫": 0.5,
    'peak_start: a "b"': 0.0,
    "peak_end: 狗叫": 1.5,
    'peak_end: a "b"': 1.0,
}


def test_csv(tmp_path: Path) -> None:
    """A column for each figure of each label; a bad recording has its reason alone."""
    write_table(tmp_path / "o.csv", ROWS, LABELS, of="recordings")
    with (tmp_path / "o.csv").open(encoding="utf-8", newline="") as file:
        good, bad = csv.DictReader(file)
    assert good == {key: "" if value is None else str(value) for key, value in FLAT.items()}
    assert {key: value for key, value in bad.items() if value} == {
        "path": "bad\\xff.wav",
        "error": "x: not audio",
    }


def test_jsonl(tmp_path: Path) -> None:
    """An object a line, as the row is."""
    write_table(tmp_path / "o.jsonl", ROWS, LABELS, of="recordings")
    lines = (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[0]) == GOOD
    assert json.loads(lines[1])["error"] == "x: not audio"


def test_parquet(tmp_path: Path) -> None:
    """The same columns as CSV, with types; what is not there is null."""
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the parquet extra")
    write_table(tmp_path / "o.parquet", ROWS * 5000, LABELS, of="recordings")
    table = parquet.read_table(tmp_path / "o.parquet")
    assert table.num_rows == 10_000
    assert table.slice(0, 1).to_pylist() == [FLAT]
    bad = table.slice(9_999, 1).to_pylist()[0]
    assert (bad["path"], bad["error"]) == ("bad\\xff.wav", "x: not audio")
    assert bad["seconds"] is None
    assert str(table.schema.field("slices").type) == "int64"
    assert math.isclose(table["score: 狗叫"][0].as_py(), 0.5)


def test_slices(tmp_path: Path) -> None:
    """Slices have times instead of peaks."""
    part = {key: GOOD[key] for key in ("path", "top", "none", "scores", "similarity")}
    write_table(tmp_path / "s.csv", [part | {"start": 0.0, "end": 1.0}], LABELS, of="slices")
    heading = (tmp_path / "s.csv").read_text(encoding="utf-8").splitlines()[0]
    assert heading.startswith("path,start,end,top,none,score: 狗叫")
    assert "peak" not in heading


def test_other_kinds_are_refused(tmp_path: Path) -> None:
    """Before anything is heard, with the kinds there are."""
    with pytest.raises(ConfigError, match=r"\.csv, \.jsonl, \.parquet"):
        check_kind(tmp_path / "o.xlsx")
    (tmp_path / "o.csv").mkdir()
    with pytest.raises(ConfigError, match="is a folder"):
        check_kind(tmp_path / "o.csv")


def test_a_table_is_whole_or_not_there(tmp_path: Path) -> None:
    """What was there stays when the new one cannot be finished."""
    (tmp_path / "o.csv").write_text("old")

    def broken():
        yield GOOD
        raise OSError(28, "No space left on device")

    with pytest.raises(LibraryError, match="No space left"):
        write_table(tmp_path / "o.csv", broken(), LABELS, of="recordings")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]
