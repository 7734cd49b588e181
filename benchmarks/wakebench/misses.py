"""Miss rates by group of sounds, signal-to-noise ratio and threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakebench import metrics
from wakebench.compose import CLEAN
from wakebench.identity import generator
from wakebench.protocol import Protocol
from wakebench.tally import OWN, Tally

TARGETS = (0.1, 0.5, 1.0)
"""False alarms per hour and sound at which misses are stated."""
DET_TARGETS = tuple(float(rate) for rate in np.round(np.geomspace(0.05, 50.0, 31), 4))
EVERYTHING = "all"
OWN_THRESHOLD = "own"
"""Name of the threshold that the system set itself."""


def snr_name(snr_db: float) -> str:
    """How tables call a signal-to-noise ratio."""
    return "clean" if snr_db == CLEAN else f"{snr_db:g} dB"


def share(value: float) -> float | None:
    """A figure as it is kept: four places, None where it is undefined."""
    return round(float(value), 4) if math.isfinite(value) else None


def interval(
    top: NDArray[np.floating] | NDArray[np.integer],
    bottom: NDArray[np.floating] | NDArray[np.integer],
    seed: int,
) -> list[float | None]:
    """Bootstrap interval of ``top.sum() / bottom.sum()`` over sounds, each ``(sounds,)``."""

    def ratio(drawn: NDArray[np.int64]) -> float:
        total = float(bottom[drawn].sum())
        return float(top[drawn].sum()) / total if total else float("nan")

    low, high = metrics.bootstrap_interval(ratio, len(bottom), generator(seed, "bootstrap"))
    return [share(low), share(high)]


def misses(
    counts: Tally, rows: Sequence[int], protocol: Protocol, *, intervals: bool
) -> dict[str, Any]:
    """Miss rates of some sounds, by SNR and then by threshold.

    A threshold is named by the false alarms per hour that each sound may cause at most, or
    ``OWN_THRESHOLD``.
    """
    rates = counts.rates(protocol.uses_per_hour)
    snrs = [snr_name(snr) for snr in protocol.snrs_db]
    places = {name: [s] for s, name in enumerate(snrs)} | {EVERYTHING: list(range(len(snrs)))}
    levels = {f"{t:g}": [metrics.loosest(t, rates[i, :OWN]) for i in rows] for t in TARGETS}
    levels[OWN_THRESHOLD] = [counts.offsets.shape[1] - 1] * len(rows)
    table: dict[str, Any] = {"sounds": len(rows)}
    for place, which in places.items():
        events = counts.events[which][:, rows].sum(axis=0)
        hits = counts.hits[which][:, rows].sum(axis=0)
        row: dict[str, Any] = {"events": int(events.sum())}
        for name, chosen in levels.items():
            missed = events - hits[np.arange(len(rows)), chosen]
            row[name] = share(missed.sum() / events.sum()) if events.sum() else None
            if intervals:
                row[f"{name} interval"] = interval(missed, events, protocol.seed)
        table[place] = row
    return table


def det(counts: Tally, protocol: Protocol) -> dict[str, list[float | None]]:
    """Miss rates at ``DET_TARGETS`` by SNR."""
    rates = counts.rates(protocol.uses_per_hour)[:, :OWN]
    curves = {}
    for s, snr in enumerate(protocol.snrs_db):
        hits, events = counts.hits[s][:, :OWN], counts.events[s]
        curve = metrics.det_curve(hits, events, rates, DET_TARGETS)
        curves[snr_name(snr)] = [share(value) for value in curve]
    return curves


def by_sound(counts: Tally, protocol: Protocol) -> dict[str, dict[str, float | None]]:
    """Each sound over all SNRs, at the threshold that the system set and swept."""
    rates = counts.rates(protocol.uses_per_hour)
    hours = sum(counts.hours.values())
    events, hits = counts.events.sum(axis=0), counts.hits.sum(axis=0)
    table = {}
    for i, name in enumerate(counts.sounds):
        row: dict[str, float | None] = {"events": float(events[i])}
        for target in TARGETS:
            level = metrics.loosest(target, rates[i, :OWN])
            row[f"{target:g}"] = share(1.0 - hits[i, level] / events[i]) if events[i] else None
        row[OWN_THRESHOLD] = share(1.0 - hits[i, OWN] / events[i]) if events[i] else None
        alarms = sum(float(found[i, OWN]) for found in counts.alarms.values())
        row["false_alarms_per_hour"] = share(alarms / hours)
        table[name] = row
    return table
