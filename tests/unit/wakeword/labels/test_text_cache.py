from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from wakeword.labels.prompts import TextCache

DIM = 8


def unit(text: str) -> np.ndarray:
    vector = np.random.default_rng(sum(text.encode())).normal(size=DIM).astype(np.float32)
    return vector / np.linalg.norm(vector)


class Reader:
    def __init__(self) -> None:
        self.texts: list[str] = []

    def __call__(self, texts):
        self.texts += texts
        return np.stack([unit(text) for text in texts])


def test_a_text_is_read_once(tmp_path):
    """What was embedded before comes from the disk, in the order asked, bit for bit."""
    cache, reader = TextCache(tmp_path), Reader()
    first = cache.vectors("e", ["rain", "wind"], DIM, reader)
    again = TextCache(tmp_path).vectors("e", ["wind", "snow", "rain"], DIM, reader)
    assert reader.texts == ["rain", "wind", "snow"]
    np.testing.assert_array_equal(again[[2, 0]], first)


def test_encoders_and_texts_never_mix(tmp_path):
    """The key is the encoder and the whole text."""
    cache = TextCache(tmp_path)
    pairs = [("a", "rain"), ("b", "rain"), ("a", "Rain"), ("a:b/c", "x"), ("a-b-c", "x")]
    assert len({cache.path(*pair) for pair in pairs}) == len(pairs)
    assert all(tmp_path in cache.path(*pair).parents for pair in [*pairs, ("../../x", "y")])


@pytest.mark.parametrize("damage", [lambda c: b"", lambda c: c[:-4], lambda c: c[:-1] + b"\0x"])
def test_a_damaged_file_is_made_anew(tmp_path, damage):
    """Cut off or changed, it is read again, not believed."""
    cache, reader = TextCache(tmp_path), Reader()
    wanted = cache.vectors("e", ["rain"], DIM, reader)
    path = cache.path("e", "rain")
    path.write_bytes(damage(path.read_bytes()))
    np.testing.assert_array_equal(cache.vectors("e", ["rain"], DIM, reader), wanted)
    assert reader.texts == ["rain", "rain"]
    cache.vectors("e", ["rain"], DIM, reader)
    assert reader.texts == ["rain", "rain"]


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path):
    """The cache is never needed."""
    (tmp_path / "file").write_text("")
    found = TextCache(tmp_path / "file").vectors("e", ["rain"], DIM, Reader())
    np.testing.assert_array_equal(found[0], unit("rain"))


def test_nothing_asked_nothing_given(tmp_path):
    """No texts are no rows."""
    assert TextCache(tmp_path).vectors("e", [], DIM, Reader()).shape == (0, DIM)


def _fill(folder: str) -> None:
    for number in range(20):
        TextCache(Path(folder)).vectors("e", [f"text {number}"], DIM, Reader())


def test_processes_may_share_it(tmp_path):
    """Several writers at once leave whole files and nothing else."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_fill, args=(str(tmp_path),)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0]
    reader = Reader()
    found = TextCache(tmp_path).vectors("e", [f"text {n}" for n in range(20)], DIM, reader)
    assert not reader.texts
    np.testing.assert_array_equal(found, np.stack([unit(f"text {n}") for n in range(20)]))
    assert len(list((tmp_path / "e").iterdir())) == 20
