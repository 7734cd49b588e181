"""The ambient recording of the user's room, kept beside the sounds as embeddings only.

Recordings of a home are private, so the audio is not kept: only the embeddings of the windows that
the gate let through, which are of no use to another encoder. The store is bounded and keeps the
newest.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.embedding.embedder import view_dim
from wakeword.library.storage import explained, locked, write_atomically
from wakeword.library.vectors import DAMAGED_NPZ
from wakeword.protocols import Encoder

FILE = "ambient.npz"
SINCE_FILE = "ambient-since.npz"
"""What a listener kept of the room since the ambient recording: see :mod:`enroll.drift`."""
LONGEST_SECONDS = 7200.0
"""At most this much of the room is kept."""
LARGEST_BYTES = 4_000_000
"""At most this many bytes of embeddings are kept."""
MOST_RECORDINGS = 1000
"""Digests of at most this many recordings are kept, to recognise one that is added twice."""
LEVELS = 127
"""Numbers are kept as -127..127: a cosine is off by less than 0.005."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class AmbientRun:
    """One run of the room: silence, possibly none, then the windows that the gate let through."""

    vectors: FloatArray
    """``(n, view_dim) float32``, in order of time; empty for a run of silence."""
    seconds: float
    """Length of the run, silence included."""


@dataclass(frozen=True, eq=False)
class Ambient:
    """Embeddings of the user's room."""

    runs: tuple[AmbientRun, ...] = ()
    """In order of time."""
    recordings: tuple[str, ...] = ()
    """Digests of the recordings that they come from."""

    @property
    def seconds(self) -> float:
        """Length of all runs."""
        return sum(run.seconds for run in self.runs)

    @property
    def vectors(self) -> list[FloatArray]:
        """The windows of each run that has any."""
        return [run.vectors for run in self.runs if len(run.vectors)]

    def joined(self, new: Ambient) -> Ambient:
        """This and a later recording, unless it is in here already; the newest is kept."""
        if set(new.recordings) <= set(self.recordings):
            return self
        recordings = (*self.recordings, *new.recordings)[-MOST_RECORDINGS:]
        return Ambient(_bounded((*self.runs, *new.runs)), recordings)

    def renewed(self, since: Ambient, share: float) -> Ambient:
        """With the newest later runs in place of the oldest runs that have windows.

        The length stays: each new run counts for as much time as the one that it replaces.

        Args:
            since: the later runs.
            share: largest part of the runs that is replaced, 0..1.
        """
        places = [i for i, run in enumerate(self.runs) if len(run.vectors)]
        count = min(int(share * len(places)), len(since.vectors))
        runs = list(self.runs)
        for place, rows in zip(places, since.vectors[len(since.vectors) - count :], strict=False):
            runs[place] = AmbientRun(rows, runs[place].seconds)
        return Ambient(tuple(runs), self.recordings)

    def newest(self, count: int) -> Ambient:
        """The last ``count`` runs."""
        return Ambient(self.runs[max(0, len(self.runs) - count) :], self.recordings)

    def as_kept(self) -> Ambient:
        """As it will be read back from disk: fits before and after storing are equal."""
        return _unpacked(_packed(self))


@dataclass(frozen=True)
class AmbientStore:
    """``ambient.npz`` of a library.

    A file made by another encoder, or with other windows, is ignored.
    """

    folder: Path
    encoder_id: str
    dim: int
    """Length of the embeddings."""
    segmenter: SegmenterConfig = field(default_factory=SegmenterConfig)
    """The windows that the room was cut into."""
    file: str = FILE
    """Its name in the folder."""

    @classmethod
    def of(
        cls, folder: Path, encoder: Encoder, segmenter: SegmenterConfig, file: str = FILE
    ) -> AmbientStore:
        """The store of a library's folder, as this encoder hears."""
        return cls(folder, encoder.id, view_dim(encoder), segmenter, file)

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / self.file

    def read(self) -> Ambient:
        """The stored room; an empty one, with a logged warning, if the file cannot be used."""
        try:
            with self.path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            made_by = str(arrays["made_by"])
            whole = str(arrays["checksum"]) == _checksum(arrays)
        except FileNotFoundError:
            return Ambient()
        except DAMAGED_NPZ:
            whole, made_by = False, ""
        if not whole:
            _log.warning("%s is damaged and ignored: the room has to be recorded again", self.path)
            return Ambient()
        if made_by != self._made_by:
            _log.warning(
                "%s belongs to another encoder and is ignored: the room has to be recorded again",
                self.path,
            )
            return Ambient()
        return _unpacked(arrays)

    def add(self, new: Ambient, most_runs: int | None = None) -> Ambient:
        """Add a recording to the stored room, atomically, and return the whole.

        Args:
            new: the recording.
            most_runs: at most this many runs are kept, the newest.

        Raises:
            LibraryError: the file cannot be written; it is then as it was.
        """
        with locked(self.folder):
            before = self.read()
            after = before.joined(new)
            if after is not before:
                after = after if most_runs is None else after.newest(most_runs)
                arrays: dict[str, Any] = _packed(after) | {"made_by": np.array(self._made_by)}
                checksum = np.array(_checksum(arrays))
                write_atomically(
                    self.path, lambda file: np.savez_compressed(file, **arrays, checksum=checksum)
                )
                self._forget_since()
        return after

    def forget(self) -> bool:
        """Delete the stored room; return whether there was one.

        Raises:
            LibraryError: the file cannot be deleted.
        """
        if not self.path.exists():
            return False
        with locked(self.folder), explained(self.path, "delete"):
            self.path.unlink(missing_ok=True)
            self._forget_since()
        return True

    def _forget_since(self) -> None:
        """Delete what a listener kept since, once the ambient recording itself has changed."""
        if self.file == FILE:
            (self.folder / SINCE_FILE).unlink(missing_ok=True)

    @property
    def _made_by(self) -> str:
        return f"{self.encoder_id} {self.dim} {self.segmenter}"


def _bounded(runs: tuple[AmbientRun, ...]) -> tuple[AmbientRun, ...]:
    """The newest of the runs, as many as may be kept."""
    left_seconds, left_bytes = LONGEST_SECONDS, LARGEST_BYTES
    kept: list[AmbientRun] = []
    for run in reversed(runs):
        left_bytes -= run.vectors.size
        if left_seconds <= 0 or left_bytes < 0:
            break
        kept.append(AmbientRun(run.vectors, min(run.seconds, left_seconds)))
        left_seconds -= run.seconds
    return tuple(reversed(kept))


def _packed(ambient: Ambient) -> dict[str, Any]:
    """As arrays; one byte a number is enough, since only directions count."""
    rows = np.concatenate(ambient.vectors or [np.zeros((0, 1), np.float32)])
    largest = np.abs(rows).max(axis=1, keepdims=True)  # of what has length 1: above 0
    return {
        "vectors": np.rint(rows / largest * LEVELS).astype(np.int8),
        "scale": (largest / LEVELS).astype(np.float32),
        "windows": np.array([len(run.vectors) for run in ambient.runs], np.int32),
        "seconds": np.array([run.seconds for run in ambient.runs], np.float64),
        "recordings": np.array(ambient.recordings, dtype="<U64"),
    }


def _unpacked(arrays: Mapping[str, Any]) -> Ambient:
    rows = arrays["vectors"].astype(np.float32) * arrays["scale"]
    ends = np.cumsum(arrays["windows"])
    parts = np.split(rows, ends[:-1]) if len(ends) else []
    runs = [AmbientRun(part, float(s)) for part, s in zip(parts, arrays["seconds"], strict=True)]
    return Ambient(tuple(runs), tuple(map(str, arrays["recordings"])))


def _checksum(arrays: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for name in ("made_by", "vectors", "scale", "windows", "seconds", "recordings"):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
