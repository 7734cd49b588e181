"""Whitening: directions in which all sounds differ alike count less than those that tell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.errors import EncoderError
from wakeword.library.vectors import DAMAGED_NPZ

STRENGTH = 0.3
"""Directions with less than this share of the largest spread are not enlarged further; chosen
on training recordings."""


@dataclass(frozen=True, eq=False)
class Whitening:
    """An affine map of unit vectors, after which they are made unit vectors again."""

    mean: FloatArray
    """``(dim,)``: what all sounds have in common."""
    matrix: FloatArray
    """``(dim, dim)``."""

    @classmethod
    def none(cls, dim: int) -> Whitening:
        """Leaves vectors as they are."""
        return cls(np.zeros(dim, np.float32), np.eye(dim, dtype=np.float32))

    @classmethod
    def fit(cls, vectors: FloatArray, strength: float = STRENGTH) -> Whitening:
        """The whitening of ``(n, dim)`` vectors, by their principal components."""
        wide = vectors.astype(np.float64)
        mean = wide.mean(axis=0)
        spread, directions = np.linalg.eigh(np.cov((wide - mean).T))
        scale = np.sqrt(np.maximum(spread, 0.0) + strength**2 * spread.max())
        return cls(mean.astype(np.float32), (directions / scale).astype(np.float32))

    @classmethod
    def read(cls, path: Path) -> Whitening:
        """Read a table.

        Raises:
            EncoderError: it is missing or damaged.
        """
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                mean, matrix = file["mean"], file["matrix"]
        except DAMAGED_NPZ as error:
            raise EncoderError(f"{path} is missing or damaged; install Wakesound again") from error
        if matrix.shape != (len(mean), len(mean)) or not np.isfinite(matrix).all():
            raise EncoderError(f"{path} is damaged; install Wakesound again")
        return cls(mean, matrix)

    def write(self, file: IO[bytes]) -> None:
        """Write the table."""
        np.savez(file, mean=self.mean, matrix=self.matrix)

    def __call__(self, vector: FloatArray) -> FloatArray:
        """The vector ``(dim,)``, mapped; its length is not 1."""
        return np.asarray((vector - self.mean) @ self.matrix)
