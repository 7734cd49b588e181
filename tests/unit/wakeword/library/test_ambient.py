"""What is kept of the user's room."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pytest

from wakeword.audio.segmenter import SegmenterConfig
from wakeword.errors import LibraryError
from wakeword.library import ambient
from wakeword.library.ambient import Ambient, AmbientRun, AmbientStore

DIM = 16


def heard(name: str, *lengths: int, seconds: float = 10.0) -> Ambient:
    """Runs of so many windows each, all different and of length 1, as they are kept."""
    rng = np.random.default_rng(len(name) + sum(lengths))
    rows = [rng.standard_normal((n, DIM)).astype(np.float32) for n in lengths]
    rows = [found / np.linalg.norm(found, axis=1, keepdims=True) for found in rows]
    return Ambient(tuple(AmbientRun(found, seconds) for found in rows), (name,)).as_kept()


@pytest.fixture
def store(tmp_path) -> AmbientStore:
    """An empty one, in a folder that does not exist yet."""
    return AmbientStore(tmp_path / "library", "tone-1", DIM)


def same(one: Ambient, other: Ambient) -> bool:
    """Whether two rooms are alike, window for window."""
    return (
        one.recordings == other.recordings
        and one.seconds == other.seconds
        and [len(run.vectors) for run in one.runs] == [len(run.vectors) for run in other.runs]
        and all(
            np.allclose(a, b, atol=1e-6) for a, b in zip(one.vectors, other.vectors, strict=True)
        )
    )


def test_an_unknown_room_is_empty_and_touches_nothing(store):
    """Reading makes no file."""
    assert store.read().runs == ()
    assert store.read().seconds == 0.0
    assert not store.folder.exists()


def test_what_was_heard_comes_back(store):
    """Runs, their order, their length and mere quiet; cosines are hardly off."""
    room = heard("kitchen", 3, 0, 5)
    store.add(room)
    assert same(store.read(), room)
    assert [len(run.vectors) for run in store.read().runs] == [3, 0, 5]
    rows = np.random.default_rng(1).standard_normal((50, DIM)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    kept = Ambient((AmbientRun(rows, 1.0),)).as_kept().vectors[0]
    assert np.abs(kept @ rows.T - rows @ rows.T).max() < 0.01


def test_the_same_recording_counts_once(store):
    """Whoever enrolls three sounds beside the same recording does not hear it three times."""
    store.add(heard("kitchen", 3))
    store.add(heard("hall", 4))
    assert store.add(heard("kitchen", 3)).seconds == 20.0
    assert store.read().recordings == ("kitchen", "hall")


@pytest.mark.parametrize("many", [{"seconds": 3000.0}, {"lengths": 100}])
def test_the_newest_is_kept(store, monkeypatch, many):
    """Neither time nor size grows without end, and what goes is the oldest."""
    monkeypatch.setattr(ambient, "LARGEST_BYTES", 250 * DIM)
    length = many.get("lengths", 2)
    for name in ("one", "three", "fourth", "newest"):
        store.add(heard(name, length, seconds=many.get("seconds", 1.0)))
    room = store.read()
    assert room.seconds <= ambient.LONGEST_SECONDS
    assert sum(map(len, room.vectors)) <= 250
    assert same(
        Ambient(room.runs[-1:], ("newest",)),
        heard("newest", length, seconds=many.get("seconds", 1.0)),
    )


def test_another_encoders_room_does_not_count(store, caplog):
    """Its embeddings mean nothing to this one; that is told, and the next one replaces it."""
    store.add(heard("kitchen", 3))
    for other in (
        replace(store, encoder_id="tone-2"),
        replace(store, segmenter=SegmenterConfig(hop_seconds=0.2)),
    ):
        with caplog.at_level(logging.WARNING):
            assert other.read().runs == ()
        assert "has to be recorded again" in caplog.text
        caplog.clear()
    other = replace(store, encoder_id="tone-2")
    assert other.add(heard("hall", 4)).recordings == ("hall",)
    assert same(other.read(), heard("hall", 4))


@pytest.mark.parametrize("damage", [b"", b"nonsense", None])
def test_a_damaged_file_does_not_count(store, caplog, damage):
    """Cut short, overwritten or with a bit turned over: it is told, and never half believed."""
    store.add(heard("kitchen", 30))
    content = bytearray(store.path.read_bytes())
    content[len(content) // 2] ^= 1
    store.path.write_bytes(content if damage is None else damage)
    assert store.read().runs == ()
    assert "damaged" in caplog.text


def test_forgotten(store):
    """Afterwards nothing is left of it."""
    assert not store.forget()
    store.add(heard("kitchen", 3))
    assert store.forget()
    assert not store.path.exists()
    assert store.read().runs == ()


def test_a_failed_write_leaves_what_was_there(store, monkeypatch):
    """A full disk costs the new recording, not the old one."""
    store.add(heard("kitchen", 3))

    def full(file, **arrays):
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(LibraryError, match="No space left"):
        store.add(heard("hall", 4))
    assert same(store.read(), heard("kitchen", 3))
    assert [path.name for path in store.folder.iterdir() if path.name != ".lock"] == [ambient.FILE]
