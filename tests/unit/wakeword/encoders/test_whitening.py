"""The whitening of embeddings."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.encoders._whitening import Whitening
from wakeword.errors import EncoderError


def test_spread_becomes_equal():
    """Without a limit to the enlargement, every direction varies as much as any other."""
    rng = np.random.default_rng(0)
    vectors = (rng.standard_normal((5000, 3)) * [3.0, 1.0, 0.3] + [1.0, 2.0, 3.0]).astype("f4")
    whitening = Whitening.fit(vectors, strength=0.0)
    mapped = np.stack([whitening(v) for v in vectors])
    assert np.cov(mapped.T) == pytest.approx(np.eye(3), abs=1e-3)
    assert mapped.mean(axis=0) == pytest.approx(np.zeros(3), abs=1e-3)


def test_none_leaves_vectors_alone():
    vector = np.array([0.6, 0.8], np.float32)
    assert np.array_equal(Whitening.none(2)(vector), vector)


def test_a_table_comes_back_from_its_file(tmp_path):
    table = Whitening(np.ones(2, np.float32), np.array([[1, 2], [3, 4]], np.float32))
    with (tmp_path / "table.npz").open("wb") as file:
        table.write(file)
    back = Whitening.read(tmp_path / "table.npz")
    assert np.array_equal(back.mean, table.mean)
    assert np.array_equal(back.matrix, table.matrix)


@pytest.mark.parametrize("content", [None, b"", b"not a table"])
def test_a_damaged_table_says_so(tmp_path, content):
    path = tmp_path / "table.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EncoderError, match="install Wakesound again"):
        Whitening.read(path)
