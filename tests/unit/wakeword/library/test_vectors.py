"""The cache of embeddings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wakeword.library.vectors import FILE, VectorCache

VECTORS = {
    f"{number:016x}.flac": np.random.default_rng(number).normal(size=(3, 8)).astype(np.float32)
    for number in range(4)
}


@pytest.fixture
def cache(tmp_path: Path) -> VectorCache:
    """A cache with four takes in it."""
    cache = VectorCache(tmp_path, "some-1", 8)
    cache.write(VECTORS)
    return cache


def same(found: dict[str, np.ndarray]) -> bool:
    """Whether all vectors are there, bit for bit."""
    return found.keys() == VECTORS.keys() and all(
        np.array_equal(found[name], rows) for name, rows in VECTORS.items()
    )


def test_what_was_written_is_read(cache):
    """Bit for bit."""
    assert same(cache.read())


def test_another_encoder_finds_nothing(cache):
    """Neither by its identity nor by its dimension."""
    assert VectorCache(cache.folder, "some-2", 8).read() == {}
    assert VectorCache(cache.folder, "some-1", 9).read() == {}


def test_what_is_missing_is_made(cache):
    """Only that, and it is said that there is something to write."""
    made = []

    def make() -> np.ndarray:
        made.append(True)
        return np.ones((1, 8), np.float32)

    wanted = dict.fromkeys([*VECTORS, "new.flac"], make)
    vectors, changed = cache.complete(wanted)
    assert len(made) == 1
    assert changed
    assert vectors.keys() == wanted.keys()
    _, changed = cache.complete(dict.fromkeys(VECTORS, make))
    assert not changed
    _, changed = cache.complete(dict.fromkeys(list(VECTORS)[:2], make))
    assert changed


@pytest.mark.parametrize("length", [0, 1, 10, 100, 500, -1, -20, -100])
def test_a_cut_file_is_as_none(cache, length):
    """However much is there."""
    path = cache.folder / FILE
    path.write_bytes(path.read_bytes()[:length])
    assert cache.read() == {}


def test_a_flipped_byte_is_noticed_or_harmless(cache):
    """Whatever a disk does to a byte of it: nothing is read, or the true vectors."""
    path = cache.folder / FILE
    content = path.read_bytes()
    for position in range(0, len(content), 7):
        bad = bytearray(content)
        bad[position] ^= 0xFF
        path.write_bytes(bytes(bad))
        found = cache.read()
        assert found == {} or same(found), position


def test_rubbish_is_as_none(cache):
    """Files that were never a cache."""
    path = cache.folder / FILE
    for seed in range(20):
        path.write_bytes(np.random.default_rng(seed).bytes(1000))
        assert cache.read() == {}
    np.save(path.with_suffix(".npy"), np.ones(3))
    path.with_suffix(".npy").replace(path)
    assert cache.read() == {}
    path.unlink()
    path.mkdir()
    assert cache.read() == {}


def test_a_pickle_is_not_opened(cache):
    """Nothing that could run code is ever loaded."""
    array = np.array([{"a": 1}], dtype=object)
    arrays: dict[str, Any] = {"x.flac": array, "checksum": np.array("")}
    np.savez(cache.folder / FILE, **arrays)
    assert cache.read() == {}
