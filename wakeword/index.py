"""Nearest takes: FAISS behind an interface that cannot fail silently."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wakeword.audio import FloatArray
from wakeword.errors import AudioFormatError, LibraryCorrupt


class VectorIndex:
    """Exact inner-product search over unit vectors (``IndexFlatIP``), so scores are cosines.

    Args:
        vectors: ``(n, dim) float32``, each row of length 1; ``n`` may be 0.

    Raises:
        LibraryCorrupt: the vectors are not finite or have no columns.
    """

    def __init__(self, vectors: FloatArray) -> None:
        import faiss

        if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
            raise LibraryCorrupt("the stored vectors are damaged; run 'wakesound reindex'")
        self.dim = int(vectors.shape[1])
        self._index = faiss.IndexFlatIP(self.dim)
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, query: FloatArray, k: int) -> tuple[FloatArray, NDArray[np.int64]]:
        """The ``k`` nearest vectors, best first; fewer when the index holds fewer.

        Args:
            query: ``(dim,) float32``.
            k: how many are wanted.

        Returns:
            Scores ``(m,) float32`` and row numbers ``(m,) int64``, ``m = min(k, len(self))``.

        Raises:
            AudioFormatError: the query has another dimension or is not finite.
        """
        if query.shape != (self.dim,) or not np.isfinite(query).all():
            raise AudioFormatError(f"an embedding of {self.dim} finite numbers is needed")
        m = min(k, len(self))
        if m == 0:
            return np.zeros(0, np.float32), np.zeros(0, np.int64)
        scores, rows = self._index.search(query[None].astype(np.float32), m)
        return scores[0], rows[0]
