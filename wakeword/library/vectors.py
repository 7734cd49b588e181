"""The embeddings of a library's takes and rejected examples, and the file that caches them.

The cache is rebuilt from the recordings when it is missing, damaged or stale.
"""

from __future__ import annotations

import hashlib
import logging
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.embedding.embedder import view_dim
from wakeword.embedding.variants import RECIPE, embed_take
from wakeword.errors import AudioError, LibraryCorrupt, LibraryError
from wakeword.library.records import ExampleRecord, TakeRecord
from wakeword.library.storage import Storage, write_atomically
from wakeword.protocols import Encoder

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


_log = logging.getLogger(__name__)


class LibraryVectors:
    """The embeddings of a library's recordings by one encoder.

    Args:
        storage: the library.
        encoder: it need not be the library's.
        segmenter: the windows that takes are cut into.
    """

    def __init__(self, storage: Storage, encoder: Encoder, segmenter: SegmenterConfig) -> None:
        self._storage = storage
        self._encoder = encoder
        self._segmenter = segmenter
        self._cache = VectorCache(storage.folder, encoder.id, view_dim(encoder), segmenter)

    def cached(self) -> TakeVectors:
        """All of them, from the cache or computed; damaged takes are left out."""
        vectors, changed = self._cache.complete(self._wanted())
        whole = {file: rows for file, rows in vectors.items() if len(rows)}
        if changed and self._storage.folder.exists():
            self.keep(whole)
        return whole

    def fresh(
        self,
        known: TakeVectors | None = None,
        progress: Callable[[int, int], object] | None = None,
    ) -> TakeVectors:
        """The same without the cache.

        Args:
            known: what this encoder made before; not made again.
            progress: called with how many takes are done and how many there are.
        """
        wanted = self._wanted()
        vectors: TakeVectors = {}
        for file, embed in wanted.items():
            vectors[file] = known[file] if known and file in known else embed()
            if progress:
                progress(len(vectors), len(wanted))
        return {file: rows for file, rows in vectors.items() if len(rows)}

    def keep(self, vectors: TakeVectors) -> None:
        """Write the cache; without one where it cannot be written."""
        try:
            self._cache.write(vectors)
        except LibraryError as error:
            _log.warning("the embeddings are not cached: %s", error)

    def _wanted(self) -> dict[str, Callable[[], FloatArray]]:
        """Functions that embed each take and rejected example, by file name."""
        found: dict[str, Callable[[], FloatArray]] = {}
        for where, sound in self._storage.scan()[0].items():
            for take in sound.takes:
                found[take.file] = partial(self._take, where, take)
            for example in sound.rejected:
                found[example.file] = partial(self._example, where, example)
        return found

    def _take(self, where: str, record: TakeRecord) -> FloatArray:
        try:
            take = self._storage.take(where, record)
        except LibraryCorrupt as error:
            _log.warning("%s", error)
            return self._nothing()
        try:
            return embed_take(take, self._encoder, self._segmenter)
        except AudioError as error:
            _log.warning("%s cannot be embedded: %s", record.file, error)
            return self._nothing()

    def _example(self, where: str, record: ExampleRecord) -> FloatArray:
        try:
            return self._storage.example(where, record).embed(self._encoder, self._segmenter)
        except (AudioError, LibraryCorrupt) as error:
            _log.warning("a rejected example of %s is left out: %s", where, error)
            return self._nothing()

    def _nothing(self) -> FloatArray:
        return np.zeros((0, view_dim(self._encoder)), np.float32)
