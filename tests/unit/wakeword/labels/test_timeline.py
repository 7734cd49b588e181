from __future__ import annotations

import csv
import json

import pytest

from wakeword.labels.classifier import Classification, WindowScores
from wakeword.labels.timeline import as_audacity, as_csv, as_json, stretches


def window(start: float, low: float, high: float, background: str | None = "wind") -> WindowScores:
    scores = {"low": low, "high": high}
    return WindowScores(start, start + 1, scores, 1 - low - high, dict(scores), background)


def heard(*windows: WindowScores) -> Classification:
    whole = vars(windows[0]) | {"start": 0.0, "end": windows[-1].end}
    return Classification(**whole, windows=windows)


EXAMPLE = heard(
    window(0.0, 0.8, 0.1),
    window(0.5, 0.9, 0.0),
    window(1.0, 0.2, 0.7),
    window(1.5, 0.1, 0.1),
    window(2.0, 0.6, 0.2),
)


def test_stretches_meet_in_the_middle():
    """One label after another: no overlap; where none wins: nothing."""
    assert list(stretches(EXAMPLE)) == [
        (0.0, 1.25, "low", 0.9),
        (1.25, 2.0, "high", 0.7),
        (2.0, 3.0, "low", 0.6),
    ]


def test_audacity_reads_it():
    """Start, end and text, with tabs between, a line each."""
    rows = [line.split("\t") for line in as_audacity(EXAMPLE).splitlines()]
    assert rows[0] == ["0.000000", "1.250000", "low 0.90"]
    assert all(len(row) == 3 and float(row[0]) < float(row[1]) for row in rows)


def test_a_row_for_each_window():
    """The CSV has every share, that of none of these in the open mode only."""
    rows = list(csv.DictReader(as_csv(EXAMPLE).splitlines()))
    assert [row["top"] for row in rows] == ["low", "low", "high", "", "low"]
    assert list(rows[0]) == ["start", "end", "top", "low", "high", "none"]
    for row in rows:
        assert sum(float(row[name]) for name in ("low", "high", "none")) == pytest.approx(1.0)
    closed = heard(window(0, 0.4, 0.6, None))
    assert as_csv(closed).splitlines()[0] == "start,end,top,low,high"


def test_json_holds_it_all():
    """The whole first, then the windows, in numbers that JSON knows."""
    found = json.loads(json.dumps(as_json(EXAMPLE), allow_nan=False))
    assert found["top"] == "low"
    assert found["seconds"] == 3.0
    assert [part["start"] for part in found["windows"]] == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert "windows" not in as_json(EXAMPLE, windows=False)
    assert as_json(heard(window(0, 0.4, 0.6, None)))["none"] is None
