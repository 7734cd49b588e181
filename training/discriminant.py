"""The last step: which directions of what the network saw tell one source from another.

The likeness part of the embedding is set to a linear discriminant of the pooled features.
Directions in which two hearings of one source differ (noise, room, length) are shrunk, those
in which sources differ are kept. It folds into the last layer, so it costs nothing to run.
"""

from __future__ import annotations

import logging

import numpy as np
import torch
from numpy.typing import NDArray

from training.batches import Batches
from training.config import TrainConfig
from training.corpus import Store
from training.loop import Student
from wakeword.audio.frames import FloatArray

log = logging.getLogger(__name__)

SHARES = (0.5, 0.2, 0.15, 0.15)
"""Of events, made sounds, speech and backgrounds."""
FLOOR = 1.0
"""Added to every direction's spread within a source, as a share of the mean spread."""
EVENNESS = 1.0
"""How far the kept directions are scaled alike: 0 not at all, 1 wholly."""


def refine(student: Student, store: Store, config: TrainConfig, batches: int = 40) -> None:
    """Set the likeness part of the student's last layer."""
    held = store.items["held"].astype(bool)
    rows = np.flatnonzero(~held) if config.keep_held_out else np.arange(len(held))
    source = Batches(store, rows, config.items, SHARES, config.seed + 99)
    first, second = [], []
    net = student.net.eval()
    for number in range(batches):
        batch = source.draw()
        with torch.inference_mode():
            first += [net.norm(net.pooled(levels)).numpy() for levels in batch.first]
            second += [net.norm(net.pooled(levels)).numpy() for levels in batch.second]
        if number % 10 == 0:
            log.info("%d of %d batches", number, batches)
    directions, mean = discriminant(np.concatenate(first), np.concatenate(second), net.dim)
    with torch.no_grad():
        net.project.weight[: net.dim] = torch.from_numpy(directions.T)
        net.project.bias[: net.dim] = torch.from_numpy(-mean @ directions)


def discriminant(
    first: FloatArray, second: FloatArray, count: int
) -> tuple[FloatArray, NDArray[np.float32]]:
    """Directions that tell sources apart, and the mean.

    Args:
        first: ``(n, features)``: a hearing of each window.
        second: another hearing of the same windows.
        count: how many directions.

    Returns:
        ``(features, count) float32`` and ``(features,) float32``.
    """
    both = np.concatenate([first, second]).astype(np.float64)
    mean = both.mean(axis=0)
    apart = (first - second).astype(np.float64)
    within = apart.T @ apart / (2 * len(apart))
    total = (both - mean).T @ (both - mean) / len(both)
    return directions_of(within, total, count, FLOOR, EVENNESS), mean.astype(np.float32)


def directions_of(
    within: NDArray[np.float64],
    total: NDArray[np.float64],
    count: int,
    floor: float,
    evenness: float,
) -> FloatArray:
    """Directions ``(features, count) float32`` that differ between sources, not within them.

    Args:
        within: covariance of what belongs together.
        total: of everything.
        count: how many directions.
        floor: see :data:`FLOOR`.
        evenness: see :data:`EVENNESS`.
    """
    values, vectors = np.linalg.eigh(within)
    spread = np.maximum(values, 0.0) + floor * values.mean()
    whiten = (vectors / np.sqrt(spread)) @ vectors.T
    values, vectors = np.linalg.eigh(whiten @ total @ whiten)
    order = np.argsort(values)[::-1][:count]
    scaled = vectors[:, order] * values[order] ** (-evenness / 2)
    return np.asarray(whiten @ scaled, np.float32)
