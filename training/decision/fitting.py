"""From simulated enrollments to the model of log-odds, and how often it misleads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.decision.simulation import Simulated, World, peak
from wakeword.audio.frames import FloatArray
from wakeword.scoring.bank import CATEGORIES
from wakeword.scoring.odds import EVIDENCE, SCHEMA, checksum

Floats = NDArray[np.float64]

ROUNDS = 4
"""Of choosing the windows that decide by the last fit, and fitting to them."""
PENALTY = 1e-4
EVENT_WEIGHT, RUN_WEIGHT = 1.0, 0.01
"""What an enrollment's events count together, and each run that is none of them."""
STEP = 0.25
HIGHEST = 12.0
STRENGTH_RATES = (0.05, 1.0)
"""The factor between sounds is estimated where the pooled rate is between these, an hour."""
TAIL = 1.0
"""Beyond the grid false alarms thin out as they do over so much of its end."""
CATEGORY = 5.0
"""So many false alarms of a category count as much as the rate of all of them together."""
FEWEST = 20
"""Levels with fewer false alarms over all enrollments are no longer read off but carried on."""
LEAST_STRENGTH = 1.0
"""The pooled rates count at least as much as one false alarm of a sound's own: with 0.3, estimates
on other recordings were six times too low."""


def fit_model(sims: Sequence[Simulated], world: World, tested: NDArray[np.bool_]) -> dict[str, Any]:
    """The content of a model's file, all but encoder and checksum.

    Args:
        sims: the simulated enrollments.
        world: what they were held against.
        tested: ``(recordings,)`` which of its recordings.
    """
    weights, bias = np.array([1.0, -1.0, 0.03]), 0.0
    for _ in range(ROUNDS):
        weights, bias = _refit(sims, weights, bias)
    grid, rates, tail, strength = _false_alarms(sims, world, tested, weights, bias)
    return {
        "weights": dict(zip(EVIDENCE, np.round(weights, 5).tolist(), strict=True)),
        "bias": round(float(bias), 5),
        "false_alarms": {
            "odds": grid.tolist(),
            "per_hour": {
                name: [float(f"{rate:.4g}") for rate in row]
                for name, row in zip(CATEGORIES, rates, strict=True)
            },
            "tail": round(tail, 4),
            "strength": round(max(strength, LEAST_STRENGTH), 3),
        },
        "enrollments": len(sims),
        "sounds": len({sim.name for sim in sims}),
        "hours": round(float(world.hours(tested).sum()), 2),
    }


def finished(content: dict[str, Any], encoder_id: str) -> dict[str, Any]:
    """The same with the encoder and a checksum."""
    whole = {"schema": SCHEMA, "encoder": encoder_id, **content}
    return {**whole, "checksum": checksum(whole)}


def _deciding(evidence: FloatArray, weights: Floats, bias: float) -> FloatArray:
    """Of the best two windows in a row the worse one's evidence."""
    odds = evidence @ weights + bias
    pairs = np.minimum(odds[:-1], odds[1:])
    at = int(pairs.argmax())
    return np.asarray(evidence[at if odds[at] <= odds[at + 1] else at + 1])


def _refit(sims: Sequence[Simulated], weights: Floats, bias: float) -> tuple[Floats, float]:
    rows, wanted, counts = [], [], []
    for sim in sims:
        heard = [_deciding(found, weights, bias) for _, found in sim.events if len(found) > 1]
        other = [_deciding(found, weights, bias) for found in sim.evidence if len(found) > 1]
        rows += heard + other
        wanted += [1.0] * len(heard) + [0.0] * len(other)
        counts += [EVENT_WEIGHT / max(1, len(heard))] * len(heard) + [RUN_WEIGHT] * len(other)
    return _logistic(np.array(rows, np.float64), np.array(wanted), np.array(counts))


def _logistic(rows: Floats, wanted: Floats, counts: Floats) -> tuple[Floats, float]:
    """Ridge-penalised logistic regression by Newton's method; weights and bias."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    design = np.c_[(rows - mean) / spread, np.ones(len(rows))]
    counts = counts / counts.sum()
    penalty = np.diag([PENALTY] * rows.shape[1] + [0.0])
    found = np.zeros(design.shape[1])
    for _ in range(50):
        sure = 1.0 / (1.0 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (counts * (sure - wanted)) + penalty @ found
        curve = (design * (counts * sure * (1 - sure))[:, None]).T @ design + penalty
        step = np.linalg.solve(curve, slope)
        found -= step
        if np.abs(step).max() < 1e-8:
            break
    weights = found[:-1] / spread
    return weights, float(found[-1] - weights @ mean)


def _false_alarms(
    sims: Sequence[Simulated],
    world: World,
    tested: NDArray[np.bool_],
    weights: Floats,
    bias: float,
) -> tuple[Floats, Floats, float, float]:
    """Grid of log-odds, rates an hour ``(categories, levels)``, the tail, and the strength."""
    peaks = [np.array([peak(found @ weights + bias) for found in sim.evidence]) for sim in sims]
    # Below the highest log-odds that some enrollment keeps no run of, counts are not whole.
    lowest = float(np.median([found.min() for found in peaks]))
    grid = np.arange(np.ceil(lowest / STEP) * STEP, HIGHEST + STEP / 2, STEP)
    hours = []
    for sim in sims:
        mine = tested & (world.sources != sim.source)
        hours.append(world.hours(mine))
    total = np.sum(hours, axis=0)
    counts = np.zeros((len(sims), len(CATEGORIES), len(grid)))
    for i, (sim, found) in enumerate(zip(sims, peaks, strict=True)):
        kinds = world.categories[world.clips[sim.runs]]
        for level, odds in enumerate(grid):
            counts[i, :, level] = np.bincount(kinds[found >= odds], minlength=len(CATEGORIES))
    over_all = counts.sum(axis=(0, 1))
    last = int(np.flatnonzero(over_all >= FEWEST)[-1]) + 1
    grid, counts = grid[:last], counts[:, :, :last]
    pooled = counts.sum(axis=0)
    # What a category has too few of to tell is as rare as in all of them together.
    usual = pooled.sum(axis=0) / total.sum()
    rates = (pooled + CATEGORY) / (total[:, None] + CATEGORY / usual[None])
    expected = np.array([hour @ rates for hour in hours])
    seen = counts.sum(axis=1)
    rate = usual
    inside = (rate >= STRENGTH_RATES[0]) & (rate <= STRENGTH_RATES[1])
    if not inside.any():
        inside[-1] = True
    strengths = [_strength(seen[:, i], expected[:, i]) for i in np.flatnonzero(inside)]
    rates = np.maximum.accumulate(rates[:, ::-1], axis=1)[:, ::-1]
    back = max(0, len(grid) - 1 - round(TAIL / STEP))
    tail = float(np.log(usual[-1] / usual[back]) / (grid[-1] - grid[back]))
    return grid, rates, tail, float(np.median(strengths))


def _strength(seen: Floats, expected: Floats) -> float:
    """Shape of the gamma law of the factors between sounds, by moments."""
    extra = float(np.mean((seen - expected) ** 2 - expected)) / float(np.mean(expected**2))
    return 1.0 / max(extra, 0.01)
