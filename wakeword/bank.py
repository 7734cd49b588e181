"""The negative bank: what hours of rooms, talk and other people's sounds look like.

Embeddings only, no audio. It tells how near the rest of the world comes to a sound, so that a
threshold can be fitted without asking anybody to record an evening of their life.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from wakeword.assets import asset
from wakeword.audio import FloatArray
from wakeword.errors import EncoderError
from wakeword.vectors import DAMAGED_NPZ


@dataclass(frozen=True, eq=False)
class NegativeBank:
    """Embeddings of what the gate let through of recordings without any user's sound.

    Windows that hardly differ from another one of their run are left out.
    """

    vectors: FloatArray
    """``(n, dim) float32``, each row of length 1."""
    runs: NDArray[np.int32]
    """``(n,)``: the run of each row, ascending from 0. A run is what could wake once."""
    seconds: float
    """Length of the recordings that the runs stand for, quiet parts included."""

    @property
    def hours(self) -> float:
        """``seconds`` in hours."""
        return self.seconds / 3600.0

    def run_scores(self, vectors: FloatArray) -> FloatArray:
        """How near each run comes to any of ``vectors (m, dim)``: ``(runs,)`` cosines."""
        if not len(self.runs):
            return np.zeros(0, np.float32)
        nearest = (self.vectors @ vectors.T).max(axis=1)
        first = np.flatnonzero(np.diff(self.runs, prepend=-1))
        return np.asarray(np.maximum.reduceat(nearest, first))


def bank_path(encoder_id: str) -> Path:
    """Where the bank for an encoder is, if there is one."""
    return asset("negatives", file_name(encoder_id))


def file_name(encoder_id: str) -> str:
    """Name of the file with the bank for an encoder."""
    return "".join(c if c.isalnum() or c in "-._" else "-" for c in encoder_id) + ".npz"


def load_bank(encoder_id: str, path: Path | None = None) -> NegativeBank | None:
    """The bank that is shipped for this encoder; None when there is none.

    Raises:
        EncoderError: the file is damaged or was made with another encoder.
    """
    path = path or bank_path(encoder_id)
    if not path.is_file():
        return None
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ("vectors", "runs", "seconds", "checksum")}
    except DAMAGED_NPZ as error:
        raise EncoderError(f"{path} is damaged; install Wakesound again") from error
    if str(arrays["checksum"]) != _checksum(encoder_id, arrays):
        raise EncoderError(f"{path} is damaged or not for {encoder_id}; install Wakesound again")
    vectors = arrays["vectors"].astype(np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return NegativeBank(vectors / lengths, arrays["runs"], float(arrays["seconds"]))


def write_bank(file: IO[bytes], bank: NegativeBank, encoder_id: str) -> None:
    """Write the bank; eight bits a number are enough, since only directions count."""
    largest = np.abs(bank.vectors).max(axis=1, keepdims=True)
    arrays: dict[str, Any] = {
        "vectors": np.rint(bank.vectors / largest * 127.0).astype(np.int8),
        "runs": bank.runs.astype(np.int32),
        "seconds": np.array(bank.seconds),
    }
    checksum = np.array(_checksum(encoder_id, arrays))
    np.savez_compressed(file, **arrays, checksum=checksum)


def _checksum(encoder_id: str, arrays: dict[str, Any]) -> str:
    digest = hashlib.sha256(encoder_id.encode())
    for name in ("vectors", "runs", "seconds"):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()
