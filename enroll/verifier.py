"""Training a sound's verifier: its takes against the reference of the bank and all else known.

Logistic regression, ridge-penalised, by Newton's method (iteratively reweighted least squares;
Hastie, Tibshirani and Friedman, "The Elements of Statistical Learning", 4.4.1). The curvature is
the costly part, so it is kept for as long as steps with it shrink quickly; what is fitted without
one of the takes begins where the whole fit ended and with its curvature. The same rows always
give the same verifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.frames import FloatArray
from wakeword.scoring.likeness import Verifier

PENALTY = 1e-3
"""Ridge on the weights; the data's part of the loss is a mean."""
STEPS = 100
SETTLED = 1e-4
"""The largest change of a weight at which it stops."""
SHRINKS = 0.3
"""A step with an old curvature is to be no more than this much of the step before."""
EXACT = 1e-7
"""Losses this near are equal: the rows are single precision."""
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

    Args:
        takes: as for :class:`Training`, and all that follows.
        world: the bank's reference.
        room: runs of the user's room.
        others: the takes of the other sounds.
        rejected: what the user rejected.
    """
    return Training(takes, world, room, others, rejected).verifier()


class Training:
    """All rows for the verifier of one sound.

    Takes and the rest count half each, and every take as much as any other.

    Args:
        takes: embeddings of each take in one view, ``(n, dim)``, those in noise too.
        world: the bank's reference, ``(m, dim)``.
        room: runs of the user's room.
        others: the takes of the other sounds.
        rejected: what the user rejected.
    """

    def __init__(
        self,
        takes: Sequence[FloatArray],
        world: FloatArray,
        room: Sequence[FloatArray] = (),
        others: Sequence[FloatArray] = (),
        rejected: Sequence[FloatArray] = (),
    ) -> None:
        groups = [([world], 1.0), (room, ROOM_WEIGHT), (others, OTHER_WEIGHT)]
        groups.append((rejected, REJECTED_WEIGHT))
        against = [rows for found, _ in groups for rows in found]
        counts = [np.full(len(rows), weight) for found, weight in groups for rows in found]
        rest = np.concatenate(counts)
        self._rest = 0.5 * rest / rest.sum()
        self._lengths = [len(take) for take in takes]
        rows = np.concatenate([*takes, *against])
        self._rows = np.c_[rows, np.ones(len(rows), np.float32)].astype(np.float32, copy=False)

    def verifier(self, without: int | None = None) -> Verifier:
        """The verifier.

        Args:
            without: one of the takes, from 0, that it is not to know.
        """
        fit = self._whole if without is None else self._fit(without, self._whole)
        return Verifier(fit.at[:-1].astype(np.float32), float(fit.at[-1]))

    @cached_property
    def _whole(self) -> _Fit:
        return self._fit(None, None)

    def _fit(self, without: int | None, start: _Fit | None) -> _Fit:
        takes = len(self._lengths) - (without is not None)
        shares = [0.0 if i == without else 0.5 / n / takes for i, n in enumerate(self._lengths)]
        own = np.repeat(shares, self._lengths)
        return _logistic(self._rows, len(own), np.concatenate([own, self._rest]), start)


@dataclass(frozen=True, eq=False)
class _Fit:
    at: Floats
    """Weights, then the bias."""
    curvature: Floats
    """Inverse of the loss's second derivative, near there."""


def _logistic(rows: FloatArray, positives: int, weights: Floats, start: _Fit | None = None) -> _Fit:
    """Weights of ``rows (n, d) float32``, of which the first ``positives`` are the sound."""
    wanted = np.zeros(len(rows))
    wanted[:positives] = 1.0
    penalty = np.full(rows.shape[1], PENALTY)
    penalty[-1] = 1e-9  # the bias is free
    found = start.at if start else np.zeros(rows.shape[1])
    curvature = start.curvature if start else None
    odds = _odds(rows, found)
    loss = _loss(odds, wanted, weights, penalty, found)
    before = np.inf
    for _ in range(STEPS):
        sure = 1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0)))
        slope = (weights * (sure - wanted)).astype(np.float32) @ rows + penalty * found
        step = curvature @ slope if curvature is not None else None
        if curvature is None or step is None or np.abs(step).max() > SHRINKS * before:
            curvature = _curvature(rows, weights * sure * (1.0 - sure), penalty)
            step = curvature @ slope
        size = 1.0
        while size > 1e-3:  # a full step may go too far
            trial = found - size * step
            tried = _odds(rows, trial)
            now = _loss(tried, wanted, weights, penalty, trial)
            if now <= loss + EXACT:
                break
            size /= 2.0
        else:
            break
        found, odds, loss = trial, tried, now
        before = float(np.abs(step).max())
        if size * before < SETTLED:
            break
    assert curvature is not None
    return _Fit(found, curvature)


def _odds(rows: FloatArray, at: Floats) -> Floats:
    return (rows @ at.astype(np.float32)).astype(np.float64)


def _curvature(rows: FloatArray, weights: Floats, penalty: Floats) -> Floats:
    """Inverse of the loss's second derivative."""
    scaled = rows * np.sqrt(weights).astype(np.float32)[:, None]
    return np.asarray(np.linalg.inv((scaled.T @ scaled).astype(np.float64) + np.diag(penalty)))


def _loss(odds: Floats, wanted: Floats, weights: Floats, penalty: Floats, at: Floats) -> float:
    data = weights @ (np.logaddexp(0.0, odds) - wanted * odds)
    return float(data + 0.5 * penalty @ np.square(at))
