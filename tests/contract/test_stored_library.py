"""A library that an earlier version has stored still opens, and wakes on the same sounds.

``tests/data/library`` was enrolled from the demo's recordings, and ``events.jsonl`` is what
``wakesound listen --json`` then said to the demo's noisy minute, without source and identifier.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from runtime import WakeListener
from wakeword.embedding.weights import asset
from wakeword.library.library import SoundLibrary

DATA = Path(__file__).parents[1] / "data"


def test_it_wakes_on_what_it_woke_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Its sounds are fitted to the common scale the first time, which is said, and wake at 0.5."""
    shutil.copytree(DATA / "library", tmp_path / "library")
    library = SoundLibrary(tmp_path / "library")
    assert library.problems() == {}
    recording = asset("demo", "noisy_minute.flac")
    heard = [event.to_dict() for event in WakeListener(library, str(recording))]
    assert "fitted double knock, whistle to the common scale" in caplog.text
    assert {event["threshold"] for event in heard} == {0.5}
    before = [json.loads(line) for line in (DATA / "events.jsonl").read_text().splitlines()]
    for old in before:
        assert any(
            new["sound"] == old["sound"] and abs(new["end"] - old["end"]) <= 0.5 for new in heard
        ), old
    assert len(heard) <= len(before) + 1


def test_the_old_records_stay_and_can_come_back(tmp_path: Path) -> None:
    """Beside each new record lies the old one; with it in place the old scale counts again."""
    shutil.copytree(DATA / "library", tmp_path / "library")
    records = sorted((tmp_path / "library" / "sounds").glob("*/sound.json"))
    old = {path: path.read_bytes() for path in records}
    list(WakeListener(tmp_path / "library", str(asset("demo", "whistle_1.flac"))))
    for path, content in old.items():
        assert path.read_bytes() != content
        kept = path.with_name("sound.before.json")
        assert kept.read_bytes() == content
        kept.replace(path)
    library = SoundLibrary(tmp_path / "library")
    assert {sound.name: sound.level for sound in library.sounds()} == {
        "double knock": None,
        "whistle": None,
    }


def test_embeddings_are_not_computed_again(tmp_path: Path) -> None:
    """They are those that were stored."""
    shutil.copytree(DATA / "library", tmp_path / "library")
    stored = (tmp_path / "library" / "vectors.npz").read_bytes()
    list(WakeListener(tmp_path / "library", str(asset("demo", "noisy_minute.flac"))))
    assert (tmp_path / "library" / "vectors.npz").read_bytes() == stored
