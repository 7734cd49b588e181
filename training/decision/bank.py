"""The negative bank: what comes near to any sound, and the rest in samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from training.decision.simulation import Simulated, World, _unit, peak
from wakebench.identity import generator
from wakebench.negatives import thinned
from wakeword.scoring.bank import NegativeBank

NEAR = 40
"""Of every simulated enrollment so many runs, the nearest, are kept whole."""
ALIKE = 0.96
"""Windows of a run that are more alike than this count as one."""
MOST_WINDOWS = 34_000
"""Vectors in the bank: a little under 8 MB in its file."""


def with_cohort_means(bank: NegativeBank) -> NegativeBank:
    """The bank as it was read back, with what fitting would else work out each time."""
    crowded = [bank.cohort.cohort_mean(bank.vectors, short) for short in (False, True)]
    return replace(bank, crowded=np.stack(crowded, axis=1).astype(np.float16))


def make_bank(
    world: World,
    sims: Sequence[Simulated],
    weights: np.ndarray,
    reference_rows: np.ndarray,
    dim: int,
) -> NegativeBank:
    """The bank.

    Args:
        world: all negatives.
        sims: the simulated enrollments: what was near to them.
        weights: of the model, to tell how near.
        reference_rows: rows of the world that verifiers and the cohort are to know.
        dim: length of one view.
    """
    clip = world.clips
    near: set[int] = set()
    for sim in sims:
        peaks = np.array([peak(found @ weights) for found in sim.evidence])
        near.update(int(run) for run in sim.runs[np.argsort(-peaks)[:NEAR]])
    first = np.append(np.flatnonzero(np.diff(world.runs, prepend=-1)), len(world.runs))
    held_out = [run for run in range(len(clip)) if not world.known[clip[run]]]
    order = generator(0, "rest").permutation([run for run in held_out if run not in near])
    kept, left = {}, MOST_WINDOWS - len(reference_rows)
    for run in sorted(near):
        kept[run] = thinned(_unit(world.vectors[first[run] : first[run + 1]], dim), ALIKE)
        left -= len(kept[run])
    for run in order:
        rows = thinned(_unit(world.vectors[first[run] : first[run + 1]], dim), ALIKE)
        if left < len(rows):
            break
        kept[int(run)] = rows
        left -= len(rows)
    sampled = len(kept) - len(near)
    weight = len(order) / max(1, sampled)
    known_runs = np.unique(world.runs[reference_rows])
    vectors, runs, names, kinds, weighed, known = [], [], [], [], [], []
    for run in sorted([*kept, *(int(run) for run in known_runs)]):
        if run in kept:
            rows = kept[run]
        else:
            mine = reference_rows[world.runs[reference_rows] == run]
            rows = _unit(world.vectors[mine], dim)
        vectors.append(rows)
        runs.append(np.full(len(rows), len(names), np.int32))
        names.append(world.names[clip[run]])
        kinds.append(world.categories[clip[run]])
        weighed.append(1.0 if run in near or run not in kept else weight)
        known.append(run not in kept)
    held = ~world.known
    return NegativeBank(
        np.concatenate(vectors),
        np.concatenate(runs),
        float(world.seconds.sum()),
        dim,
        names=tuple(names),
        categories=np.array(kinds, np.int8),
        weights=np.array(weighed, np.float32),
        known=np.array(known),
        heard_seconds=world.hours(held) * 3600.0,
    )
