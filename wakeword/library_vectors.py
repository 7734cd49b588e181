"""Embedding what a library holds: takes and rejected examples, from their recordings."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import numpy as np

from wakeword.audio import FloatArray
from wakeword.config import SegmenterConfig
from wakeword.errors import AudioError, LibraryCorrupt, LibraryError
from wakeword.protocols import Encoder
from wakeword.records import ExampleRecord, TakeRecord
from wakeword.shelf import Shelf
from wakeword.variants import embed_take
from wakeword.vectors import TakeVectors, VectorCache
from wakeword.views import view_dim

_log = logging.getLogger(__name__)


class LibraryVectors:
    """The embeddings of a library's recordings by one encoder.

    Args:
        shelf: the library.
        encoder: it need not be the library's.
        segmenter: the windows that takes are cut into.
    """

    def __init__(self, shelf: Shelf, encoder: Encoder, segmenter: SegmenterConfig) -> None:
        self._shelf = shelf
        self._encoder = encoder
        self._segmenter = segmenter
        self._cache = VectorCache(shelf.folder, encoder.id, view_dim(encoder), segmenter)

    def cached(self) -> TakeVectors:
        """All of them, from the cache or computed; damaged takes are left out."""
        vectors, changed = self._cache.complete(self._wanted())
        whole = {file: rows for file, rows in vectors.items() if len(rows)}
        if changed and self._shelf.folder.exists():
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
        """Write the cache, or do without."""
        try:
            self._cache.write(vectors)
        except LibraryError as error:
            _log.warning("listening without a cache: %s", error)

    def _wanted(self) -> dict[str, Callable[[], FloatArray]]:
        """What makes the embeddings of each take and rejected example, by its file."""
        found: dict[str, Callable[[], FloatArray]] = {}
        for where, sound in self._shelf.scan()[0].items():
            for take in sound.takes:
                found[take.file] = partial(self._take, where, take)
            for example in sound.rejected:
                found[example.file] = partial(self._example, where, example)
        return found

    def _take(self, where: str, record: TakeRecord) -> FloatArray:
        try:
            take = self._shelf.take(where, record)
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
            return self._shelf.example(where, record).embed(self._encoder, self._segmenter)
        except (AudioError, LibraryCorrupt) as error:
            _log.warning("a rejected example of %s is left out: %s", where, error)
            return self._nothing()

    def _nothing(self) -> FloatArray:
        return np.zeros((0, view_dim(self._encoder)), np.float32)
