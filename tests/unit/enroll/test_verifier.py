"""Training a sound's verifier."""

from __future__ import annotations

import numpy as np
import pytest

from enroll.verifier import PENALTY, Training, train_verifier
from wakeword.scoring.likeness import Verifier


def rows(count: int, seed: int, towards: int | None = None, dim: int = 16) -> np.ndarray:
    """Random directions, or such near an axis."""
    found = np.random.default_rng(seed).normal(size=(count, dim))
    if towards is not None:
        found[:, towards] += 6.0
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


WORLD = rows(2000, 0)
TAKES = [rows(6, 1, towards=0), rows(9, 2, towards=0)]


def odds(verifier: Verifier, found: np.ndarray) -> np.ndarray:
    """What it says of these rows."""
    return np.asarray(found @ verifier.weights + verifier.bias)


def test_it_tells_the_sound_from_the_world():
    """Also a take it has not seen."""
    verifier = train_verifier(TAKES, WORLD)
    assert odds(verifier, rows(50, 3, towards=0)).min() > 0
    assert np.mean(odds(verifier, rows(1000, 4)) > 0) < 0.02


def test_it_is_the_minimum():
    """The slope of the penalised loss is zero there: checked against its definition."""
    verifier = train_verifier(TAKES, WORLD)
    own = np.concatenate(TAKES).astype(float)
    weights = np.concatenate([np.full(len(t), 0.5 / len(t) / len(TAKES)) for t in TAKES])
    missing = weights / (1 + np.exp(odds(verifier, own)))
    wrong = 0.5 / len(WORLD) / (1 + np.exp(-odds(verifier, WORLD)))
    slope = WORLD.T @ wrong - own.T @ missing + PENALTY * verifier.weights
    assert slope == pytest.approx(np.zeros(16), abs=1e-5)
    assert wrong.sum() == pytest.approx(missing.sum(), abs=1e-5)


def test_the_same_rows_give_the_same_verifier():
    """Nothing is drawn at random."""
    one, other = train_verifier(TAKES, WORLD), train_verifier(TAKES, WORLD)
    assert np.array_equal(one.weights, other.weights)
    assert one.bias == other.bias


@pytest.mark.parametrize("given", ["room", "others", "rejected"])
def test_what_it_is_not_counts(given):
    """The room, other sounds and rejected examples near the takes lower what is like them."""
    near = rows(4, 5, towards=0)
    near[:, 1] += 0.5
    near /= np.linalg.norm(near, axis=1, keepdims=True)
    gap = [
        float(odds(found, np.concatenate(TAKES)).mean() - odds(found, near).mean())
        for found in (train_verifier(TAKES, WORLD), train_verifier(TAKES, WORLD, **{given: [near]}))
    ]
    assert gap[1] > gap[0]


def test_without_a_take_it_is_as_if_that_had_never_been():
    """What is fitted from the whole fit on is what is fitted from nothing, to 1e-3 in log-odds."""
    takes, room, others = [*TAKES, rows(12, 6, towards=0)], [rows(300, 7)], [rows(5, 8, towards=1)]
    training = Training(takes, WORLD, room, others)
    for left in range(len(takes)):
        known = [take for i, take in enumerate(takes) if i != left]
        afresh = train_verifier(known, WORLD, room, others)
        found = training.verifier(without=left)
        heard = np.concatenate([WORLD, *takes])
        assert odds(found, heard) == pytest.approx(odds(afresh, heard), abs=1e-3)
