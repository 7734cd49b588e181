"""From counts to the figures that are printed, drawn and kept: plain JSON values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from wakebench.compose import CLEAN
from wakebench.misses import EVERYTHING, by_sound, det, interval, misses, share
from wakebench.pool import Pool
from wakebench.runner import Heard, Run
from wakebench.tally import OWN, Tally, tally

MOST_TRIGGERS = 40
"""So many of the most frequent causes of false alarms are kept."""


def figures(run: Run, pool: Pool) -> dict[str, Any]:
    """Everything that was heard; equal runs give equal figures."""
    light = run.without_audio()
    calls = [
        (light, heard, takes, made)
        for heard in run.systems
        for made in sorted({lib.made for lib in run.libraries})
        for takes in run.protocol.enrolled
    ]
    hours: dict[str, float] = defaultdict(float)
    for category, stream in run.negatives:
        hours[category] += stream.layout.seconds / 3600.0
    families = {e.sound.name: e.sound.family for lib in run.libraries for e in lib.entries}
    return {
        "protocol": plain(asdict(run.protocol)),
        "negative_hours": {category: round(value, 4) for category, value in hours.items()},
        "libraries": {
            lib.name: {e.sound.name: [len(e.enroll), len(e.test)] for e in lib.entries}
            for lib in run.libraries
        },
        "families": dict(sorted(families.items())),
        "origins": {
            e.sound.name: " / ".join(filter(None, e.sound.origin)) or "synthesised"
            for lib in run.libraries
            for e in lib.entries
        },
        "cells": pool.each("counting", _cell, calls),
    }


def most_takes(run: Run) -> frozenset[str]:
    """Sounds that have as many takes to enroll as the protocol asks for at most."""
    most = max(run.protocol.enrolled)
    entries = (entry for lib in run.libraries for entry in lib.entries)
    return frozenset(entry.sound.name for entry in entries if len(entry.enroll) == most)


def refusals(run: Run, heard: Heard, takes: int, made: bool) -> list[str]:
    """Takes that a system could not enroll, and why."""
    names = [lib.name for lib in run.libraries if lib.made == made]
    return sorted({line for name in names for line in heard.refused[name, takes]})


def _cell(run: Run, heard: Heard, takes: int, made: bool) -> dict[str, Any]:
    """One system with one number of takes."""
    counts = tally(run, heard, takes, made)
    everything = range(len(counts.sounds))
    family = {e.sound.name: e.sound.family for lib in run.libraries for e in lib.entries}
    full = most_takes(run)
    groups: dict[str, Sequence[int]] = {
        kind: [i for i in everything if family[counts.sounds[i]] == kind]
        for kind in sorted({family[name] for name in counts.sounds})
    }
    groups["most takes"] = [i for i in everything if counts.sounds[i] in full]
    table = {
        name: misses(counts, rows, run.protocol, intervals=False) for name, rows in groups.items()
    }
    table[EVERYTHING] = misses(counts, everything, run.protocol, intervals=True)
    return {
        "system": counts.system,
        "made": made,
        "takes": counts.takes,
        "calibrates": counts.calibrates,
        "misses": table,
        "det": det(counts, run.protocol),
        "own": _own(counts, run, sum(lib.made == made for lib in run.libraries)),
        "refused": refusals(run, heard, takes, made),
        "sounds": by_sound(counts, run.protocol),
        "confusion": {"names": list(counts.sounds), "counts": counts.matrix.tolist()},
    }


def _own(counts: Tally, run: Run, libraries: int) -> dict[str, Any]:
    """What a device does at the thresholds that the system set: all sounds of a library."""
    per_deal = libraries / run.protocol.deals
    hours = {kind: value * per_deal for kind, value in counts.hours.items()}
    rates: dict[str, Any] = {
        kind: share(float(alarms[:, OWN].sum()) / hours[kind])
        for kind, alarms in counts.alarms.items()
    }
    alarms = np.sum([alarms[:, OWN] for alarms in counts.alarms.values()], axis=0)
    listened = np.full(len(alarms), sum(hours.values()) / len(alarms))
    rates[EVERYTHING] = share(float(alarms.sum() / listened.sum()))
    rates["interval"] = interval(alarms, listened, run.protocol.seed)
    off = counts.matrix[:-1, :-1].sum() - np.trace(counts.matrix[:-1, :-1])
    late = np.array([seconds for row in counts.latencies for seconds in row])
    top = sorted(counts.triggers.items(), key=lambda item: (-item[1], item[0]))
    return {
        "sounds_per_library": round(len(alarms) / per_deal, 2),
        "false_alarms_per_hour": rates,
        "confusions_per_100_events": share(100.0 * float(off) / max(1, counts.events.sum())),
        "latency_seconds": {
            "median": share(float(np.median(late))) if len(late) else None,
            "95%": share(float(np.quantile(late, 0.95))) if len(late) else None,
        },
        "triggers": [
            {"background": label, "sound": sound, "count": count}
            for (label, sound), count in top[:MOST_TRIGGERS]
        ],
    }


def plain(value: Any) -> Any:
    """The value with the clean stream's SNR, which is infinite, by its name: JSON has no such."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return "clean" if value == CLEAN else value
