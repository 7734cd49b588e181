"""The negative bank: what hours of rooms, talk and other people's sounds look like.

Embeddings only, no audio. A third of its runs, the reference, trains verifiers and serves as the
cohort; the others, which neither has seen, tell how near the rest of the world comes to a sound,
so that a threshold can be fitted without asking anybody to record an evening of their life.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
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
from wakeword.scoring.odds import OddsModel, load_model

REFERENCE_EVERY = 3
"""Each so many-th run belongs to the reference."""
LEVELS = 7
"""Numbers are kept as -7..7: the file is half as large as with eight bits, and a cosine between
two of its vectors is off by about 0.01."""
_KEPT = ("vectors", "runs", "seconds", "dim")
_MAY_BE_KEPT = ("names", "categories", "weights", "known", "heard_seconds", "crowded")
_TABLE = _MAY_BE_KEPT[1:]
CATEGORIES = (
    "talk",
    "music",
    "kitchen",
    "doors",
    "appliances",
    "street",
    "animals",
    "alarms",
    "other",
)
"""Kinds of everyday sound: speech; music and single instruments; dishes, cutlery and household
clatter; doors and steps; machines at home; traffic, crowds and weather; animals; rings, bells and
beeps; and all that is heard once in a while."""


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
    categories: NDArray[np.int8] | None = None
    """``(runs,)``: which of ``CATEGORIES`` each run is; None where unknown."""
    weights: FloatArray | None = None
    """``(runs,)``: how many runs of the recordings each one stands for; 1 where None. What comes
    near to any sound is there by itself, the rest in samples."""
    known: NDArray[np.bool_] | None = None
    """``(runs,)``: whether each run belongs to the reference; by ``reference_every`` if None."""
    heard_seconds: NDArray[np.float64] | None = None
    """``(len(CATEGORIES),)``: length of the held-out recordings of each category, where known."""
    crowded: NDArray[np.float16] | None = None
    """``(n, 2)``: mean cosine of each row to the nearest of the reference, whole and its end;
    worked out anew where None."""
    model: OddsModel | None = None
    """How what is known of a window combines, for this encoder."""

    @property
    def hours(self) -> float:
        """Hours of the runs that are held out: those that thresholds are fitted to."""
        if self.heard_seconds is not None:
            return float(self.heard_seconds.sum()) / 3600.0
        count = int(self.runs[-1]) + 1 if len(self.runs) else 0
        known = len(range(0, count, self.reference_every)) if self.reference_every else 0
        return (1.0 - known / count if count else 0.0) * self.seconds / 3600.0

    @property
    def run_categories(self) -> NDArray[np.int8]:
        """``(runs,)``: which of ``CATEGORIES`` each run is, the last one where unknown."""
        if self.categories is not None:
            return self.categories
        return np.full(self._count, len(CATEGORIES) - 1, np.int8)

    @property
    def run_weights(self) -> FloatArray:
        """``(runs,)``: how many runs of the recordings each one stands for."""
        return np.ones(self._count, np.float32) if self.weights is None else self.weights

    @property
    def category_hours(self) -> NDArray[np.float64]:
        """``(len(CATEGORIES),)``: hours of the held-out recordings of each category."""
        if self.heard_seconds is not None:
            return self.heard_seconds / 3600.0
        return np.array([0.0] * (len(CATEGORIES) - 1) + [self.hours])

    @property
    def repeats(self) -> NDArray[np.intp]:
        """``(runs,)``: how often each run counts, in whole numbers; 0 for the reference."""
        known = np.zeros(self._count, bool)
        known[self.runs] = self._known
        return np.where(known, 0, np.maximum(1, np.rint(self.run_weights))).astype(np.intp)

    @property
    def _count(self) -> int:
        return int(self.runs[-1]) + 1 if len(self.runs) else 0

    @property
    def reference(self) -> FloatArray:
        """``(m, view_dim)``: what verifiers and the cohort may know."""
        return self.vectors[self._known]

    @cached_property
    def cohort(self) -> Cohort:
        """The reference, for the cohort mean of windows."""
        return Cohort(self.reference, self.dim, self.model)

    @property
    def _known(self) -> NDArray[np.bool_]:
        if self.known is not None:
            return np.asarray(self.known[self.runs])
        if not self.reference_every:
            return np.zeros(len(self.runs), bool)
        return np.asarray(self.runs % self.reference_every == 0)

    @cached_property
    def _held_out(self) -> tuple[FloatArray, NDArray[np.intp]]:
        """The other rows, and where each of their runs begins."""
        rows = np.flatnonzero(~self._known)
        return self.vectors[rows], np.flatnonzero(np.diff(self.runs[rows], prepend=-1))

    @cached_property
    def _cohort_means(self) -> dict[bool, FloatArray]:
        return {}

    def run_scores(self, likeness: Likeness) -> tuple[FloatArray, FloatArray]:
        """The highest score and the highest cosine of each run that is held out.

        A run that stands for several counts as often.

        Returns:
            Two of ``(runs,) float32``; the cosine is that of the nearest take.
        """
        vectors, first = self._held_out
        if not len(first):
            return np.zeros(0, np.float32), np.zeros(0, np.float32)
        if likeness.verified and likeness.short not in self._cohort_means:
            self._cohort_means[likeness.short] = self.cohort.cohort_mean(vectors, likeness.short)
        cosines = likeness.cosines(vectors)
        scores = likeness(vectors, cosines, self._cohort_means.get(likeness.short))
        best, nearest = (np.maximum.reduceat(rows, first) for rows in (scores, cosines))
        repeats = self.repeats[self.repeats > 0]
        return np.repeat(best, repeats), np.repeat(nearest, repeats)

    def run_odds(self, likeness: Likeness) -> tuple[FloatArray, FloatArray, NDArray[np.intp]]:
        """What each held-out run comes to with a sound that has log-odds.

        Returns:
            ``(runs,) float32`` each: the highest log-odds and the highest cosine; and ``(runs,)``
            numbers of the runs, for ``categories`` and ``weights``.
        """
        vectors, first = self._held_out
        rows = np.flatnonzero(~self._known)
        if not len(first):
            none = np.zeros(0, np.float32)
            return none, none, np.zeros(0, np.intp)
        if likeness.short not in self._cohort_means:
            if self.crowded is not None:
                known = self.crowded[rows, int(likeness.short)].astype(np.float32)
            else:
                known = self.cohort.cohort_mean(vectors, likeness.short)
            self._cohort_means[likeness.short] = known
        cosines = likeness.cosines(vectors)
        odds = likeness.odds(vectors, cosines, self._cohort_means[likeness.short])
        best, nearest = (np.maximum.reduceat(found, first) for found in (odds, cosines))
        return np.asarray(best), np.asarray(nearest), np.asarray(self.runs[rows][first], np.intp)

    def run_peaks(self, score: Callable[[FloatArray], FloatArray]) -> FloatArray:
        """The highest score of each of them, as often as it counts.

        Args:
            score: any judge of windows ``(n, view_dim)``.
        """
        vectors, first = self._held_out
        if not len(first):
            return np.zeros(0, np.float32)
        peaks = np.maximum.reduceat(score(vectors), first)
        return np.repeat(peaks, self.repeats[self.repeats > 0])


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


def load_cohort(encoder_id: str, path: Path | None = None) -> Cohort | None:
    """The cohort of the bank that is shipped for this encoder, without the rest of the bank.

    What listens needs no more. It is read once for as long as somebody has it.

    Raises:
        EncoderError: the file is damaged or was made with another encoder.
    """
    path = path or bank_path(encoder_id)
    if not path.is_file():
        return None
    found = path.stat()
    key = (str(path), encoder_id, found.st_mtime_ns, found.st_size)
    cohort = _cohorts.get(key)
    if cohort is None:
        arrays = _arrays(path, encoder_id)
        runs = arrays["runs"]
        known = runs % REFERENCE_EVERY == 0 if "known" not in arrays else arrays["known"][runs]
        vectors, dim = _vectors(arrays["vectors"][known], arrays), int(arrays["dim"])
        cohort = _cohorts[key] = Cohort(vectors, dim, load_model(encoder_id))
    return cohort


_cohorts: WeakValueDictionary[tuple[str, str, int, int], Cohort] = WeakValueDictionary()


def _read(path: Path, encoder_id: str) -> NegativeBank:
    arrays = _arrays(path, encoder_id)
    vectors = _vectors(arrays["vectors"], arrays)
    vectors.flags.writeable = arrays["runs"].flags.writeable = False
    names = tuple(str(name) for name in arrays.get("names", ()))
    more = {name: arrays[name] for name in _TABLE if name in arrays}
    seconds, dim, model = float(arrays["seconds"]), int(arrays["dim"]), load_model(encoder_id)
    return NegativeBank(vectors, arrays["runs"], seconds, dim, names=names, model=model, **more)


def _arrays(path: Path, encoder_id: str) -> dict[str, Any]:
    """What is in the file, once its checksum is right."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            kept = (*_KEPT, "checksum", *(name for name in _MAY_BE_KEPT if name in file))
            arrays = {name: file[name] for name in kept}
    except DAMAGED_NPZ as error:
        raise EncoderError(f"{path} is damaged; install Wakesound again") from error
    if str(arrays["checksum"]) != _checksum(encoder_id, arrays):
        raise EncoderError(f"{path} is damaged or not for {encoder_id}; install Wakesound again")
    return arrays


def _vectors(levels: NDArray[np.int8], arrays: Mapping[str, Any]) -> FloatArray:
    """Vectors whose views are of length 1, from what is kept of them."""
    views = levels.astype(np.float32).reshape(len(levels), -1, int(arrays["dim"]))
    views /= np.linalg.norm(views, axis=2, keepdims=True)
    return views.reshape(len(views), -1)


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
    table = {name: getattr(bank, name) for name in _TABLE}
    arrays.update({name: found for name, found in table.items() if found is not None})
    checksum = np.array(_checksum(encoder_id, arrays))
    np.savez_compressed(file, **arrays, checksum=checksum)


def _checksum(encoder_id: str, arrays: dict[str, Any]) -> str:
    digest = hashlib.sha256(encoder_id.encode())
    for name in (*_KEPT, *(name for name in _MAY_BE_KEPT if name in arrays)):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
