"""A library that an earlier version has stored still opens, and wakes on the same sounds.

``tests/data/library`` was enrolled from the demo's recordings, and ``events.jsonl`` is what
``wakesound listen --json`` then said to the demo's noisy minute, without source and identifier.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from runtime import WakeListener
from wakeword.embedding.weights import asset
from wakeword.library.library import SoundLibrary

DATA = Path(__file__).parents[1] / "data"


def test_events_are_equal_to_the_last_digit(tmp_path: Path) -> None:
    """Sound, score, threshold, times, take and share of speech."""
    shutil.copytree(DATA / "library", tmp_path / "library")
    library = SoundLibrary(tmp_path / "library")
    assert library.problems() == {}
    recording = asset("demo", "noisy_minute.flac")
    heard = [event.to_dict() for event in WakeListener(library, str(recording))]
    for event in heard:
        assert event.pop("source") == f"file:{recording}"
        assert event.pop("id")
    assert heard == [json.loads(line) for line in (DATA / "events.jsonl").read_text().splitlines()]


def test_nothing_is_computed_anew(tmp_path: Path) -> None:
    """Its embeddings are those that were stored: opening it writes nothing."""
    shutil.copytree(DATA / "library", tmp_path / "library")
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    list(WakeListener(tmp_path / "library", str(asset("demo", "noisy_minute.flac"))))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files
