"""The last layer of the streaming network, fitted once the rest is trained.

As in :mod:`training.discriminant` and :mod:`training.naming`, over takes alone and windows of
several lengths in stretches. What counts as the same is wider: besides two hearings of a take,
two takes of one source, for those are what is enrolled and what is heard later.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.corpus import Store
from training.discriminant import SHARES, directions_of
from training.naming import fit_names, rows_to_name
from training.streaming_loop import StreamingConfig, StreamingStudent, Teachers, pooled_views
from training.stretches import Heard, Stretches
from wakeword.audio.frames import FloatArray

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Gathered:
    """What the last layer gets of many sounds."""

    views: FloatArray
    """``(n, views, pooled_dim)``: alone, its end, and the windows in stretches."""
    group: NDArray[np.int64]
    rows: NDArray[np.int64]
    asked: NDArray[np.float32]


def gather(student: StreamingStudent, heard: list[Heard]) -> Gathered:
    """Hear all of these."""
    net = student.net.eval()
    views = []
    for number, some in enumerate(heard):
        with torch.inference_mode():
            found = [net.norm(part) for part in pooled_views(net, some, low=False)]
        views.append(torch.stack(found, 1).numpy())
        if number % 20 == 0:
            log.info("%d of %d batches", number, len(heard))
    return Gathered(
        np.concatenate(views),
        np.concatenate([some.group.numpy() for some in heard]),
        np.concatenate([some.rows for some in heard]),
        np.concatenate([some.asked.numpy() for some in heard]),
    )


def drawn(store: Store, config: StreamingConfig, batches: int) -> list[Heard]:
    """Batches of their own for the last layer."""
    held = store.items["held"].astype(bool)
    rows = np.flatnonzero(~held) if config.keep_held_out else np.arange(len(held))
    source = Stretches(store, rows, config.items, SHARES, config.seed + 99)
    return [source.draw_stretches() for _ in range(batches)]


def within(found: Gathered, takes: float) -> NDArray[np.float64]:
    """Spread within a source, ``(pooled_dim, pooled_dim)``.

    Args:
        found: what was gathered.
        takes: how much two takes of a source count beside two hearings of one take.
    """
    whole, end, heard, short, other = found.views.transpose(1, 0, 2)
    pairs = [whole - heard, end - short, whole - other]
    apart = sum(_products(pair) for pair in pairs) / len(pairs)
    order = np.argsort(found.group, kind="stable")
    same = np.flatnonzero(found.group[order][1:] == found.group[order][:-1])
    a, b = order[same], order[same + 1]
    if takes and len(a):
        pairs = [whole[a] - heard[b], heard[a] - whole[b], end[a] - short[b]]
        apart = (1 - takes) * apart + takes * sum(_products(pair) for pair in pairs) / len(pairs)
    return np.asarray(apart, np.float64)


def _products(apart: FloatArray) -> NDArray[np.float64]:
    return np.asarray(apart.T @ apart, np.float64) / (2 * len(apart))


def refine_streaming(
    student: StreamingStudent, found: Gathered, takes: float, floor: float, evenness: float
) -> None:
    """Set the likeness part of the last layer to a linear discriminant."""
    net = student.net
    every = found.views[:, [0, 2, 3]].reshape(-1, found.views.shape[2])
    mean = every.mean(axis=0, dtype=np.float64)
    centred = (every - mean).astype(np.float32)
    total = np.asarray(centred.T @ centred, np.float64) / len(centred)
    directions = directions_of(within(found, takes), total, net.dim, floor, evenness)
    with torch.no_grad():
        net.project.weight[: net.dim] = torch.from_numpy(directions.T.copy())
        net.project.bias[: net.dim] = torch.from_numpy((-mean @ directions).astype(np.float32))


def refit_streaming_names(
    student: StreamingStudent, store: Store, teachers: Teachers, config: StreamingConfig
) -> None:
    """Fit the meaning part of the last layer and the labels, the rest being frozen."""
    rows = rows_to_name(store, config.seed)
    source = Stretches(store, rows, config.items, config.shares, config.seed + 5)
    heard = [source.place(rows[at : at + 256]) for at in range(0, len(rows) - 1, 256)]
    found = gather(student, heard)
    classes = torch.from_numpy(teachers.targets.classes[found.rows].astype(np.float32))
    classes = classes * torch.from_numpy(found.asked)[:, None]
    features = torch.from_numpy(found.views[:, [0, 2]])
    flat: Tensor = features.transpose(0, 1).flatten(0, 1).contiguous()
    fit_names(student.net, student.labels, flat, classes.repeat(2, 1), config.seed)
