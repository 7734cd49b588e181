"""Nearest vectors."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.errors import AudioFormatError, LibraryCorrupt
from wakeword.scoring.scorer import VectorIndex

AXES = np.eye(3, dtype=np.float32)


def test_scores_are_cosines_best_first() -> None:
    """The nearest comes first with its inner product."""
    scores, rows = VectorIndex(AXES).search(np.array([0.6, 0.8, 0.0], np.float32), 2)
    assert rows.tolist() == [1, 0]
    np.testing.assert_allclose(scores, [0.8, 0.6], atol=1e-6)


def test_no_more_than_there_are() -> None:
    """k beyond the size gives what there is, never row -1."""
    scores, rows = VectorIndex(AXES).search(AXES[0], 10)
    assert sorted(rows.tolist()) == [0, 1, 2]
    assert len(scores) == 3


def test_an_empty_index_finds_nothing() -> None:
    """No vectors, no matches, no error."""
    index = VectorIndex(np.zeros((0, 3), np.float32))
    scores, rows = index.search(AXES[0], 1)
    assert (len(index), len(scores), len(rows)) == (0, 0, 0)


@pytest.mark.parametrize(
    "query",
    [np.zeros(2, np.float32), np.zeros((1, 3), np.float32), np.array([0, np.nan, 0], np.float32)],
)
def test_a_bad_query_is_an_error(query: np.ndarray) -> None:
    """Wrong dimension or NaN is told, where FAISS would answer nonsense."""
    with pytest.raises(AudioFormatError, match="3 finite numbers"):
        VectorIndex(AXES).search(query, 1)


@pytest.mark.parametrize(
    "vectors",
    [
        np.zeros(3, np.float32),
        np.zeros((2, 0), np.float32),
        np.array([[0.0, np.inf]], np.float32),
    ],
)
def test_bad_vectors_are_an_error(vectors: np.ndarray) -> None:
    """Damaged vectors are told with what to do."""
    with pytest.raises(LibraryCorrupt, match="reindex"):
        VectorIndex(vectors)
