"""All vectors in one product."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.errors import AudioFormatError, LibraryCorrupt
from wakeword.scoring.scorer import VectorIndex

AXES = np.eye(3, dtype=np.float32)


def test_every_vector_has_its_cosine() -> None:
    """In the order of the rows."""
    cosines = VectorIndex(AXES).cosines(np.array([0.6, 0.8, 0.0], np.float32))
    np.testing.assert_allclose(cosines, [0.6, 0.8, 0.0], atol=1e-6)


def test_an_empty_index_finds_nothing() -> None:
    """No vectors, no cosines, no error."""
    index = VectorIndex(np.zeros((0, 3), np.float32))
    assert (len(index), len(index.cosines(AXES[0]))) == (0, 0)


@pytest.mark.parametrize(
    "query",
    [np.zeros(2, np.float32), np.zeros((1, 3), np.float32), np.array([0, np.nan, 0], np.float32)],
)
def test_a_bad_query_is_an_error(query: np.ndarray) -> None:
    """Wrong dimension or NaN is told, where a product would be nonsense."""
    with pytest.raises(AudioFormatError, match="3 finite numbers"):
        VectorIndex(AXES).cosines(query)


@pytest.mark.parametrize(
    "vectors",
    [
        np.zeros(3, np.float32),
        np.zeros((2, 0), np.float32),
        np.array([[0.0, np.inf]], np.float32),
    ],
)
def test_bad_vectors_are_an_error(vectors: np.ndarray) -> None:
    """Damaged vectors are told."""
    with pytest.raises(LibraryCorrupt, match="damaged"):
        VectorIndex(vectors)
