"""What is wanted of each window: the teacher's features, made comparable, and its classes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.corpus import Store
from training.labels import class_names
from wakeword.audio.frames import FloatArray

KNOWN_SHARE = 0.7
"""How much a clip's own label counts beside the teacher's classes."""


@dataclass(frozen=True, eq=False)
class Targets:
    """Rows as in the store's items."""

    features: FloatArray | None
    """``(n, targets) float32`` unit vectors; None without a teacher."""
    classes: NDArray[np.float16]
    """``(n, classes)``: shares that sum to 1, or to 0 where nothing is known."""
    prior: FloatArray
    """``(classes,)``: mean share."""


def class_list() -> list[str]:
    """Names of AudioSet's classes in their order."""
    path = Path(__file__).parent / "audioset.json"
    return list(json.loads(path.read_text(encoding="utf-8")))


def make_targets(store: Store, taught: Path | None, count: int, whitening: float) -> Targets:
    """The targets of all items.

    Args:
        store: the windows.
        taught: folder with ``features.npy`` and maybe ``logits.npy``; None without a teacher.
        count: how many principal components of the features are kept.
        whitening: 1 scales all components alike, 0 leaves them.
    """
    names = class_list()
    known = np.zeros((len(store.labels), len(names)), np.float32)
    for row, (label, kind) in enumerate(store.labels):
        for name in class_names(label, kind):
            known[row, names.index(name)] = 1.0
    known /= known.sum(1, keepdims=True).clip(1e-9)
    wanted = known[store.items["label"]]
    features = None
    if taught is not None:
        features = whitened(np.load(taught / "features.npy"), count, whitening)
        if (taught / "logits.npy").is_file():
            logits = np.load(taught / "logits.npy").astype(np.float32)
            shares = np.exp(logits - logits.max(1, keepdims=True))
            shares /= shares.sum(1, keepdims=True)
            labelled = wanted.sum(1, keepdims=True) > 0
            wanted = np.where(labelled, KNOWN_SHARE * wanted + (1 - KNOWN_SHARE) * shares, shares)
    return Targets(features, wanted.astype(np.float16), wanted.mean(0).astype(np.float32))


def whitened(features: NDArray[np.float16], count: int, power: float) -> FloatArray:
    """Principal components of standardised features, as unit vectors ``(n, count)``."""
    rows = features.astype(np.float32)
    rows = (rows - rows.mean(0)) / (rows.std(0) + 1e-4)
    rows = np.clip(rows, -8, 8)
    sample = rows[:: max(1, len(rows) // 30000)]
    values, vectors = np.linalg.eigh(sample.T @ sample / len(sample))
    order = np.argsort(values)[::-1][:count]
    rows = rows @ (vectors[:, order] / np.maximum(values[order], 1e-3) ** (power / 2))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
