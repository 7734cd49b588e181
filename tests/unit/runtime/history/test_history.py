"""The history on disk."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from runtime.history.store import History, HistoryConfig, HistoryEntry, packed
from wakeword.audio.flac import encode_flac
from wakeword.errors import ConfigError, HistoryError
from wakeword.testing import RATE, tone

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=timezone.utc)
CLIP = encode_flac(tone(440, 0.5), RATE)


def entry(number: int, sound: str = "bell", kind: str = "wake") -> HistoryEntry:
    """Record ``number``; the later the higher."""
    return HistoryEntry(
        id=f"{number:016x}",
        kind=kind,  # type: ignore[arg-type]
        time=NOW + timedelta(seconds=number % 1000),
        sound=sound,
        score=0.9,
        threshold=0.8,
        take="a.flac",
        why="fired",
        gate="band",
        source="mic",
        start_seconds=1.0,
        end_seconds=2.0,
        encoder_id="tone-1",
        dim=3,
        scores=(0.9, 0.85),
        vectors=packed(np.eye(2, 3, dtype=np.float32)),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the history will be."""
    return tmp_path / "state" / "history"


def test_a_record_comes_back(folder: Path) -> None:
    """What was put in comes back, embeddings and audio too, also in another process's eyes."""
    History(folder).put(entry(1), CLIP)
    (back,) = History(folder).entries()
    assert back == entry(1).model_copy(update={"clip": True})
    assert np.array_equal(back.embeddings, np.eye(2, 3, dtype=np.float32))
    assert History(folder).clip(back) == CLIP


def test_nothing_is_touched_by_reading(folder: Path) -> None:
    """Looking at a history that does not exist does not make one."""
    history = History(folder)
    assert history.entries() == []
    assert history.clear() == 0
    history.trim()
    assert not folder.exists()


def test_latest_first_and_filtered(folder: Path) -> None:
    """The latest comes first; by sound, by wakes, by near misses."""
    history = History(folder)
    for number, (sound, kind) in enumerate([("bell", "wake"), ("clap", "near"), ("bell", "near")]):
        history.put(entry(number, sound, kind))
    assert [e.id[-1] for e in history.entries()] == ["2", "1", "0"]
    assert [e.id[-1] for e in history.entries("Bell")] == ["2", "0"]
    assert [e.id[-1] for e in history.entries(near=True)] == ["2", "1"]
    assert [e.id[-1] for e in history.entries(near=False)] == ["0"]


def test_patterns_are_found_by_their_name(folder: Path) -> None:
    """By the pattern only that, by the sound all of its patterns."""
    history = History(folder)
    for number, pattern in enumerate(("clap x2", "clap x3")):
        history.put(entry(number, "clap").model_copy(update={"pattern": pattern}))
    history.put(entry(2, "bell"))
    assert [e.name for e in history.entries()] == ["bell", "clap x3", "clap x2"]
    assert [e.name for e in history.entries("Clap x2")] == ["clap x2"]
    assert [e.id[-1] for e in history.entries("clap")] == ["1", "0"]


def test_found_by_its_first_digits(folder: Path) -> None:
    """The first digits name an event where they are nobody else's; otherwise it is told."""
    history = History(folder)
    history.put(entry(0x1A << 56))
    history.put(entry(0x1B << 56))
    assert history.get("1a").id == f"{0x1A << 56:016x}"
    with pytest.raises(HistoryError, match="any of 2 events"):
        history.get("1")
    for unknown in ("ff", ""):
        with pytest.raises(HistoryError, match="knows no event"):
            history.get(unknown)


def test_replaced_by_its_id(folder: Path) -> None:
    """A record that comes again replaces the first; without audio this time, none stays."""
    history = History(folder)
    history.put(entry(1), CLIP)
    history.put(entry(1).model_copy(update={"score": 0.95}))
    (back,) = history.entries()
    assert (back.score, back.clip, history.clip(back)) == (0.95, False, None)
    assert {path.suffix for path in folder.iterdir() if path.name[0] != "."} == {".json"}


def test_bounded_in_number(folder: Path) -> None:
    """The oldest give way, and their audio with them."""
    history = History(folder, HistoryConfig(most_entries=3))
    for number in range(6):
        history.put(entry(number), CLIP)
        os.utime(folder / f"{number:016x}.json", (time.time() - 60 + number,) * 2)
    history.trim()
    assert [e.id[-1] for e in history.entries()] == ["5", "4", "3"]
    assert len(list(folder.glob("*.flac"))) == 3


def test_bounded_in_size(folder: Path) -> None:
    """No more bytes than allowed, but the last record stays whatever its size."""
    history = History(folder, HistoryConfig(most_bytes=3 * len(CLIP)))
    for number in range(5):
        history.put(entry(number), CLIP)
    files = [path for path in folder.iterdir() if path.name[0] != "."]
    assert 0 < sum(path.stat().st_size for path in files) <= 3 * len(CLIP)
    tiny = History(folder, HistoryConfig(most_bytes=1))
    tiny.put(entry(9), CLIP)
    assert [e.id[-1] for e in tiny.entries()] == ["9"]


def test_bounded_in_age(folder: Path) -> None:
    """What is older than allowed is forgotten."""
    history = History(folder, HistoryConfig(longest_days=2))
    for number in (1, 2):
        history.put(entry(number), CLIP)
    old = time.time() - 3 * 86400
    os.utime(folder / f"{1:016x}.json", (old, old))
    history.trim()
    assert [e.id[-1] for e in history.entries()] == ["2"]


def test_damage_costs_one_record(folder: Path) -> None:
    """A record that cannot be read is left out; audio without a record is swept away."""
    history = History(folder)
    history.put(entry(1), CLIP)
    (folder / f"{2:016x}.json").write_text("{")
    (folder / f"{3:016x}.flac").write_bytes(CLIP)
    (folder / "notes.txt").write_text("mine")
    assert [e.id[-1] for e in history.entries()] == ["1"]
    history.trim()
    assert not (folder / f"{3:016x}.flac").exists()
    assert (folder / "notes.txt").exists()


def test_cleared(folder: Path) -> None:
    """Everything is forgotten, at once."""
    history = History(folder)
    for number in range(3):
        history.put(entry(number), CLIP)
    assert history.clear() == 3
    assert history.entries() == []
    assert [path.name for path in folder.iterdir() if path.name[0] != "."] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_for_nobody_elses_eyes(folder: Path) -> None:
    """Other users of the machine cannot look into it."""
    History(folder).put(entry(1))
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "setting",
    [{"most_entries": 0}, {"most_bytes": -1}, {"longest_days": 0.0}, {"near_margin": -0.1}],
)
def test_bounds_that_make_no_sense(setting: dict[str, float]) -> None:
    """A bound of nothing is refused."""
    with pytest.raises(ConfigError):
        HistoryConfig(**setting)  # type: ignore[arg-type]
