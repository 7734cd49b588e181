"""The embeddings of all takes, cached beside the library and rebuilt when missing or stale."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wakeword.audio import FloatArray
from wakeword.storage import write_atomically

FILE = "vectors.npz"

TakeVectors = dict[str, FloatArray]
"""Embeddings ``(n, dim) float32`` by file name of the take."""


@dataclass(frozen=True)
class VectorCache:
    """``vectors.npz`` of a library: one array for each take, and a checksum over all.

    File names of takes are made from their content, so an entry can only be missing, never
    out of date; the encoder's id decides whether any of them counts.
    """

    folder: Path
    encoder_id: str

    def read(self) -> TakeVectors:
        """What is cached for this encoder; nothing when the file is missing or damaged."""
        try:
            with np.load(self.folder / FILE, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
            return {}
        checksum = str(arrays.pop("checksum", ""))
        return arrays if checksum == self._checksum(arrays) else {}

    def write(self, vectors: Mapping[str, FloatArray]) -> None:
        """Replace the cache, atomically."""
        arrays: dict[str, Any] = {**vectors, "checksum": np.array(self._checksum(vectors))}
        write_atomically(self.folder / FILE, lambda file: np.savez(file, **arrays))

    def complete(self, wanted: Mapping[str, Callable[[], FloatArray]]) -> tuple[TakeVectors, bool]:
        """Vectors of all wanted takes; those not cached are computed.

        Returns:
            The vectors, and whether the cache should be written.
        """
        cached = self.read()
        vectors = {file: cached[file] if file in cached else wanted[file]() for file in wanted}
        return vectors, cached.keys() != vectors.keys()

    def _checksum(self, vectors: Mapping[str, FloatArray]) -> str:
        digest = hashlib.sha256(self.encoder_id.encode())
        for name in sorted(vectors):
            digest.update(f"{name} {vectors[name].dtype} {vectors[name].shape}".encode())
            digest.update(np.ascontiguousarray(vectors[name]).tobytes())
        return digest.hexdigest()
