"""The negative bank: what hours of rooms, talk and other people's sounds look like.

Embeddings only, no audio. A third of its runs, the reference, trains verifiers and serves as the
cohort; the others, which neither has seen, tell how near the rest of the world comes to a sound,
so that a threshold can be fitted without asking anybody to record an evening of their life.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.frames import FloatArray
from wakeword.embedding.weights import asset
from wakeword.errors import EncoderError
from wakeword.library.vectors import DAMAGED_NPZ
from wakeword.scoring.likeness import Cohort, Likeness

REFERENCE_EVERY = 3
"""Each so many-th run belongs to the reference."""
LEVELS = 7
"""Numbers are kept as -7..7: the file is half as large as with eight bits, and a cosine between
two of its vectors is off by about 0.01."""
_KEPT = ("vectors", "runs", "seconds", "dim")
_MAY_BE_KEPT = ("names",)


@dataclass(frozen=True, eq=False)
class NegativeBank:
    """Embeddings of what the gate let through of recordings without any user's sound.

    Windows that hardly differ from another one of their run are left out.
    """

    vectors: FloatArray
    """``(n, view_dim) float32``, each view of length 1."""
    runs: NDArray[np.int32]
    """``(n,)``: the run of each row, ascending from 0. A run is what could wake once."""
    seconds: float
    """Length of the recordings that the runs stand for, quiet parts included."""
    dim: int
    """Length of one view."""
    reference_every: int = REFERENCE_EVERY
    """Each so many-th run belongs to the reference; 0 for none."""
    names: tuple[str, ...] = ()
    """What the recording of each run is called, e.g. ``"door slam"``; empty where unknown."""

    @property
    def hours(self) -> float:
        """Hours of the runs that are held out: those that thresholds are fitted to."""
        count = int(self.runs[-1]) + 1 if len(self.runs) else 0
        known = len(range(0, count, self.reference_every)) if self.reference_every else 0
        return (1.0 - known / count if count else 0.0) * self.seconds / 3600.0

    @property
    def reference(self) -> FloatArray:
        """``(m, view_dim)``: what verifiers and the cohort may know."""
        return self.vectors[self._known]

    @cached_property
    def cohort(self) -> Cohort:
        """The reference, to tell how crowded it is where a window lies."""
        return Cohort(self.reference, self.dim)

    @property
    def _known(self) -> NDArray[np.bool_]:
        if not self.reference_every:
            return np.zeros(len(self.runs), bool)
        return np.asarray(self.runs % self.reference_every == 0)

    @cached_property
    def _held_out(self) -> tuple[FloatArray, NDArray[np.intp]]:
        """The other rows, and where each of their runs begins."""
        rows = np.flatnonzero(~self._known)
        return self.vectors[rows], np.flatnonzero(np.diff(self.runs[rows], prepend=-1))

    @cached_property
    def _crowding(self) -> dict[bool, FloatArray]:
        return {}

    def run_scores(self, likeness: Likeness) -> tuple[FloatArray, FloatArray]:
        """The highest score and the highest cosine of each run that is held out.

        Returns:
            Two of ``(runs,) float32``; the cosine is that of the nearest take.
        """
        vectors, first = self._held_out
        if not len(first):
            return np.zeros(0, np.float32), np.zeros(0, np.float32)
        if likeness.verified and likeness.short not in self._crowding:
            self._crowding[likeness.short] = self.cohort.crowding(vectors, likeness.short)
        cosines = likeness.cosines(vectors)
        scores = likeness(vectors, cosines, self._crowding.get(likeness.short))
        best, nearest = (np.maximum.reduceat(rows, first) for rows in (scores, cosines))
        return np.asarray(best), np.asarray(nearest)

    def run_peaks(self, score: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """The highest score of each of them by any judge of windows ``(n, view_dim)``."""
        vectors, first = self._held_out
        if not len(first):
            return np.zeros(0, np.float32)
        return np.asarray(np.maximum.reduceat(score(vectors), first))


def bank_path(encoder_id: str) -> Path:
    """Where the bank for an encoder is, if there is one."""
    return asset("negatives", file_name(encoder_id))


def file_name(encoder_id: str) -> str:
    """Name of the file with the bank for an encoder."""
    return "".join(c if c.isalnum() or c in "-._" else "-" for c in encoder_id) + ".npz"


def load_bank(encoder_id: str, path: Path | None = None) -> NegativeBank | None:
    """The bank that is shipped for this encoder; None when there is none.

    It is read once for as long as somebody has it.

    Raises:
        EncoderError: the file is damaged or was made with another encoder.
    """
    path = path or bank_path(encoder_id)
    if not path.is_file():
        return None
    found = path.stat()
    key = (str(path), encoder_id, found.st_mtime_ns, found.st_size)
    bank = _in_use.get(key)
    if bank is None:
        bank = _in_use[key] = _read(path, encoder_id)
    return bank


_in_use: WeakValueDictionary[tuple[str, str, int, int], NegativeBank] = WeakValueDictionary()


def _read(path: Path, encoder_id: str) -> NegativeBank:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            kept = (*_KEPT, "checksum", *(name for name in _MAY_BE_KEPT if name in file))
            arrays = {name: file[name] for name in kept}
    except DAMAGED_NPZ as error:
        raise EncoderError(f"{path} is damaged; install Wakesound again") from error
    if str(arrays["checksum"]) != _checksum(encoder_id, arrays):
        raise EncoderError(f"{path} is damaged or not for {encoder_id}; install Wakesound again")
    dim = int(arrays["dim"])
    views = arrays["vectors"].astype(np.float32).reshape(len(arrays["vectors"]), -1, dim)
    views /= np.linalg.norm(views, axis=2, keepdims=True)
    vectors = views.reshape(len(views), -1)
    vectors.flags.writeable = arrays["runs"].flags.writeable = False
    names = tuple(str(name) for name in arrays.get("names", ()))
    seconds = float(arrays["seconds"])
    return NegativeBank(vectors, arrays["runs"], seconds, dim, names=names)


def write_bank(file: IO[bytes], bank: NegativeBank, encoder_id: str) -> None:
    """Write the bank; few bits a number are enough, since only directions count."""
    views = bank.vectors.reshape(len(bank.vectors), -1, bank.dim)
    largest = np.abs(views).max(axis=2, keepdims=True)
    arrays: dict[str, Any] = {
        "vectors": np.rint(views / largest * LEVELS).astype(np.int8).reshape(bank.vectors.shape),
        "runs": bank.runs.astype(np.int32),
        "seconds": np.array(bank.seconds),
        "dim": np.array(bank.dim),
    }
    if bank.names:
        arrays["names"] = np.array(bank.names)
    checksum = np.array(_checksum(encoder_id, arrays))
    np.savez_compressed(file, **arrays, checksum=checksum)


def _checksum(encoder_id: str, arrays: dict[str, Any]) -> str:
    digest = hashlib.sha256(encoder_id.encode())
    for name in (*_KEPT, *(name for name in _MAY_BE_KEPT if name in arrays)):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
