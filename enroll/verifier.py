"""Training a sound's verifier: its takes against the reference of the bank and all else known.

Logistic regression, ridge-penalised, by Newton's method (iteratively reweighted least squares;
Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 4.4.1). There are a few
thousand rows of a few hundred numbers, so a handful of steps is exact and takes a tenth of a
second; the same rows always give the same verifier.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wakeword.audio import FloatArray
from wakeword.likeness import Verifier

PENALTY = 1e-3
"""Ridge on the weights; the data's part of the loss is a mean."""
STEPS = 25
SETTLED = 1e-4
"""The largest change of a weight at which it stops."""
ROOM_WEIGHT, OTHER_WEIGHT, REJECTED_WEIGHT = 1.0, 5.0, 50.0
"""What a window of the room, of another sound and of a rejected example counts beside one of the
bank: there are few of them and they are what is heard most."""

Floats = NDArray[np.float64]


def train_verifier(
    takes: Sequence[FloatArray],
    world: FloatArray,
    room: Sequence[FloatArray] = (),
    others: Sequence[FloatArray] = (),
    rejected: Sequence[FloatArray] = (),
) -> Verifier:
    """The linear judge that tells the takes from everything else.

    Takes and the rest count half each, and every take as much as any other.

    Args:
        takes: embeddings of each take in one view, ``(n, dim)``, those in noise too.
        world: the bank's reference, ``(m, dim)``.
        room: runs of the user's room.
        others: the takes of the other sounds.
        rejected: what the user rejected.
    """
    groups = [([world], 1.0), (room, ROOM_WEIGHT), (others, OTHER_WEIGHT)]
    groups.append((rejected, REJECTED_WEIGHT))
    against = [rows for found, _ in groups for rows in found]
    counts = [np.full(len(rows), weight) for found, weight in groups for rows in found]
    own = np.concatenate([np.full(len(take), 0.5 / len(take) / len(takes)) for take in takes])
    rest = np.concatenate(counts)
    rows = np.concatenate([*takes, *against]).astype(np.float64)
    weights = np.concatenate([own, 0.5 * rest / rest.sum()])
    found = _logistic(np.c_[rows, np.ones(len(rows))], len(own), weights)
    return Verifier(found[:-1].astype(np.float32), float(found[-1]))


def _logistic(rows: Floats, positives: int, weights: Floats) -> Floats:
    """Weights of ``rows (n, d)``, of which the first ``positives`` are the sound."""
    wanted = np.zeros(len(rows))
    wanted[:positives] = 1.0
    penalty = np.full(rows.shape[1], PENALTY)
    penalty[-1] = 1e-9  # the bias is free
    found = np.zeros(rows.shape[1])
    loss = _loss(rows, wanted, weights, penalty, found)
    for _ in range(STEPS):
        odds = 1.0 / (1.0 + np.exp(-np.clip(rows @ found, -30.0, 30.0)))
        slope = rows.T @ (weights * (odds - wanted)) + penalty * found
        bend = (rows * (weights * odds * (1.0 - odds))[:, None]).T @ rows + np.diag(penalty)
        step = np.linalg.solve(bend, slope)
        size = 1.0
        while size > 1e-3:  # a full step may go too far
            trial = found - size * step
            now = _loss(rows, wanted, weights, penalty, trial)
            if now <= loss:
                break
            size /= 2.0
        else:
            break
        found, loss = trial, now
        if np.abs(size * step).max() < SETTLED:
            break
    return found


def _loss(rows: Floats, wanted: Floats, weights: Floats, penalty: Floats, at: Floats) -> float:
    odds = rows @ at
    data = weights @ (np.logaddexp(0.0, odds) - wanted * odds)
    return float(data + 0.5 * penalty @ np.square(at))
