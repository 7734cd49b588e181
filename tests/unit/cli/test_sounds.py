from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_empty_library_says_what_to_do(wakesound, tmp_path: Path) -> None:
    """A library that does not exist yet is empty, not an error, and is not made."""
    folder = tmp_path / "nothing-here"
    result = wakesound("sounds", "--library", str(folder))
    assert result.status == 0
    assert f"No sounds in {folder} yet" in result.out
    assert "wakesound enroll NAME" in result.out
    assert not folder.exists()


def test_table_fits_a_terminal(wakesound, library: Path, monkeypatch) -> None:
    """Each sound is a line with its takes and threshold, within 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    lines = wakesound("sounds").out.splitlines()
    assert [line.split()[:2] for line in lines[2:4]] == [["knock", "3"], ["whistle", "3"]]
    assert max(len(line) for line in lines[:4]) <= 80
    assert lines[-1] == f"{library}, encoder logmel"


def test_json_is_for_programs(wakesound, library: Path) -> None:
    """--json holds what the table shows, in full precision."""
    result = json.loads(wakesound("sounds", "--json").out)
    assert result["library"] == str(library)
    assert result["encoder"] == "logmel"
    assert result["damaged"] == []
    assert [sound["name"] for sound in result["sounds"]] == ["knock", "whistle"]
    whistle = result["sounds"][1]
    assert whistle["takes"] == 3
    assert 0.3 < whistle["length_seconds"] < 1.0
    assert whistle["budget_per_hour"] == pytest.approx(1 / 24)
    assert whistle["budget_per_day"] == 1
    assert whistle["false_wakes_per_day"] > 0
    assert 0 <= whistle["miss_rate"] <= 1
    assert 0 <= whistle["noisy_miss_rate"] <= 1
    assert whistle["expectation"].startswith("expect ")


def test_what_is_expected_is_told(wakesound, library: Path) -> None:
    """Each sound has a sentence; one that was fitted before there were any has none."""
    result = wakesound("sounds")
    words = " ".join(result.out.split())
    assert "knock: expect " in words
    assert "whistle: expect " in words
    path = library / "sounds" / "knock" / "sound.json"
    about = json.loads(path.read_text())
    del about["expected"]
    path.write_text(json.dumps(about))
    assert "knock:" not in wakesound("sounds").out
    knock = json.loads(wakesound("sounds", "--json").out)["sounds"][0]
    assert knock["miss_rate"] is knock["noisy_miss_rate"] is knock["expectation"] is None


def test_damaged_sound_is_shown_with_advice(wakesound, library: Path) -> None:
    """One damaged sound is told, and hides no other."""
    (library / "sounds" / "knock" / "sound.json").write_text('{"name": "kno')
    table = wakesound("sounds")
    assert table.status == 0
    assert "whistle" in table.out
    assert "wakesound remove knock" in " ".join(table.out.split())
    result = json.loads(wakesound("sounds", "--json").out)
    assert [sound["name"] for sound in result["sounds"]] == ["whistle"]
    assert [problem["folder"] for problem in result["damaged"]] == ["knock"]


def test_damaged_library_file_is_one_line(wakesound, library: Path) -> None:
    """A library.json that was edited by hand and broken is a clear error."""
    (library / "library.json").write_text("{}")
    result = wakesound("sounds")
    assert result.status == 2
    assert "library.json" in result.err
    assert result.err.count("\n") == 1
