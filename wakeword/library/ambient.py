"""The user's room: what the gate let through of it, kept as embeddings beside the sounds.

Recordings of a home are nobody's business, so none is kept: only what an encoder made of the
windows, which serves no other encoder. The store is bounded; the newest is kept.
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
"""What was heard by the way since the user let the room be heard: see :mod:`enroll.drift`."""
LONGEST_SECONDS = 7200.0
"""No more of the room is kept."""
LARGEST_BYTES = 4_000_000
"""The embeddings take no more than this."""
MOST_RECORDINGS = 1000
"""So many recordings are known again."""
LEVELS = 127
"""Numbers are kept as -127..127: a cosine is off by less than 0.005."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class AmbientRun:
    """A stretch of the room: maybe some quiet, then what the gate let through."""

    vectors: FloatArray
    """``(n, view_dim) float32``, windows in the order they were heard; none for mere quiet."""
    seconds: float
    """How long the stretch was, its quiet part included."""


@dataclass(frozen=True, eq=False)
class Ambient:
    """What is known of the user's room."""

    runs: tuple[AmbientRun, ...] = ()
    """In the order they were heard."""
    recordings: tuple[str, ...] = ()
    """Digests of the recordings that they come from."""

    @property
    def seconds(self) -> float:
        """How much of the room was heard."""
        return sum(run.seconds for run in self.runs)

    @property
    def vectors(self) -> list[FloatArray]:
        """The windows of each run that has any."""
        return [run.vectors for run in self.runs if len(run.vectors)]

    def joined(self, new: Ambient) -> Ambient:
        """With what was heard later, unless that very recording is in it; the newest is kept."""
        if set(new.recordings) <= set(self.recordings):
            return self
        recordings = (*self.recordings, *new.recordings)[-MOST_RECORDINGS:]
        return Ambient(_bounded((*self.runs, *new.runs)), recordings)

    def renewed(self, since: Ambient, share: float) -> Ambient:
        """With the newest of what was heard since in place of the oldest runs that have windows.

        The length stays: each new run stands for as much time as the one that it replaces.

        Args:
            since: what was heard later.
            share: of the runs, how many may be replaced at most, 0..1.
        """
        places = [i for i, run in enumerate(self.runs) if len(run.vectors)]
        count = min(int(share * len(places)), len(since.vectors))
        runs = list(self.runs)
        for place, rows in zip(places, since.vectors[len(since.vectors) - count :], strict=False):
            runs[place] = AmbientRun(rows, runs[place].seconds)
        return Ambient(tuple(runs), self.recordings)

    def newest(self, count: int) -> Ambient:
        """Nothing but the last so many runs."""
        return Ambient(self.runs[max(0, len(self.runs) - count) :], self.recordings)

    def as_kept(self) -> Ambient:
        """As it comes back from the disk, so that what is fitted now fits later."""
        return _unpacked(_packed(self))


@dataclass(frozen=True)
class AmbientStore:
    """``ambient.npz`` of a library.

    What another encoder made, or one with other windows, does not count.
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
        """What is known; nothing, with a logged warning, if the file does not serve."""
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
            _log.warning("%s is damaged and does not count; %s", self.path, _AGAIN)
            return Ambient()
        if made_by != self._made_by:
            _log.warning("the room in %s was heard by another encoder; %s", self.path, _AGAIN)
            return Ambient()
        return _unpacked(arrays)

    def add(self, new: Ambient, most_runs: int | None = None) -> Ambient:
        """Add what was heard to what is known, atomically; all that is known then.

        Args:
            new: what was heard.
            most_runs: no more than so many runs are kept, the newest.

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
        """Delete what is known of the room; whether there was anything.

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
        """What was heard since counts no more once the room itself is another."""
        if self.file == FILE:
            (self.folder / SINCE_FILE).unlink(missing_ok=True)

    @property
    def _made_by(self) -> str:
        return f"{self.encoder_id} {self.dim} {self.segmenter}"


_AGAIN = "let it be heard again with 'wakesound calibrate --ambient 10m'"


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
    """As arrays; a byte a number is enough, since only directions count."""
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
