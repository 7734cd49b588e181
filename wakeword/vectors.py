"""The embeddings of all takes, cached beside the library and rebuilt when missing or stale."""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wakeword.audio import FloatArray
from wakeword.config import SegmenterConfig
from wakeword.records import ExampleRecord, TakeRecord
from wakeword.storage import write_atomically
from wakeword.variants import RECIPE

FILE = "vectors.npz"
DAMAGED_NPZ = (
    AttributeError,
    EOFError,
    KeyError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What ``np.load`` raises for damaged files, depending on where the damage is."""

TakeVectors = dict[str, FloatArray]
"""Embeddings ``(n, dim) float32`` by file name of the take."""


@dataclass(frozen=True)
class VectorCache:
    """``vectors.npz`` of a library: one array for each take, and a checksum over all.

    File names of takes are made from all that is known of them, so an entry can only be
    missing, never out of date; whether any of them counts is decided by the encoder's id and
    the windows.
    """

    folder: Path
    encoder_id: str
    dim: int
    """Length of the encoder's embeddings."""
    segmenter: SegmenterConfig = field(default_factory=SegmenterConfig)
    """The windows that takes are cut into."""
    file: str = FILE
    """Its name, for one beside the library's own."""

    def read(self) -> TakeVectors:
        """What is cached for this encoder; nothing when the file is missing or damaged."""
        try:
            with (
                (self.folder / self.file).open("rb") as stream,
                np.load(stream, allow_pickle=False) as file,
            ):
                arrays = {name: file[name] for name in file.files}
        except DAMAGED_NPZ:
            return {}
        checksum = str(arrays.pop("checksum", ""))
        if checksum != self._checksum(arrays):
            return {}
        return {name: rows for name, rows in arrays.items() if rows.shape[1:] == (self.dim,)}

    def write(self, vectors: Mapping[str, FloatArray]) -> None:
        """Replace the cache, atomically."""
        arrays: dict[str, Any] = {**vectors, "checksum": np.array(self._checksum(vectors))}
        write_atomically(self.folder / self.file, lambda file: np.savez(file, **arrays))

    def complete(self, wanted: Mapping[str, Callable[[], FloatArray]]) -> tuple[TakeVectors, bool]:
        """Vectors of all wanted takes; those not cached are computed.

        Returns:
            The vectors, and whether the cache should be written.
        """
        cached = self.read()
        vectors = {file: cached[file] if file in cached else wanted[file]() for file in wanted}
        return vectors, cached.keys() != {file for file, rows in vectors.items() if len(rows)}

    def _checksum(self, vectors: Mapping[str, FloatArray]) -> str:
        digest = hashlib.sha256(f"{self.encoder_id}\n{RECIPE}\n{self.segmenter}".encode())
        for name in sorted(vectors):
            digest.update(f"{name} {vectors[name].dtype} {vectors[name].shape}".encode())
            digest.update(np.ascontiguousarray(vectors[name]).tobytes())
        return digest.hexdigest()


def of_files(
    records: Sequence[TakeRecord] | Sequence[ExampleRecord], vectors: Mapping[str, FloatArray]
) -> list[FloatArray]:
    """The embeddings of those takes or examples that have some, each ``(n, dim)``."""
    return [vectors[record.file] for record in records if record.file in vectors]
