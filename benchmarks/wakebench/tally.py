"""Counting hits, misses and false alarms of one system at every threshold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wakebench import metrics
from wakebench.protocol import Library
from wakebench.runner import Heard, Run
from wakebench.stream import Layout
from wakebench.synth import RATE
from wakebench.trace import Firing, Trace

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]

LEVELS = 64
"""Thresholds that are tried for each sound, besides its own."""
LOOSEST_RANK = 4000
"""At the loosest of them, this many negative windows match: some hundred false alarms."""
JUST_ABOVE = 1e-9
"""More than what adding up rounds off, less than any difference between scores."""
OWN = -1
"""Index of the thresholds that the system itself set."""


@dataclass(eq=False)
class Tally:
    """Counts of one system with one number of enrolled takes.

    Axes: SNRs, sounds, levels, in that order, where they apply. Levels are thresholds, each
    sound's own way from loose to strict; the last one, ``OWN``, is what the system set itself.
    """

    system: str
    calibrates: bool
    takes: int
    sounds: tuple[str, ...]
    offsets: Floats
    """``(sounds, levels)`` added to the threshold that the system set."""
    heard: Counts
    """``(sounds,)`` events of all sounds in the streams that were listened to for this one."""
    hours: dict[str, float]
    """Hours of each kind of background that were listened to for each sound."""
    events: Counts
    """``(snrs, sounds)`` events that there were."""
    hits: Counts
    """``(snrs, sounds, levels)`` events that were hit."""
    wrong: Counts
    """``(sounds, levels)`` false alarms of each sound in the streams with events."""
    alarms: dict[str, Counts]
    """``(sounds, levels)`` false alarms by kind of background, in the negative streams."""
    matrix: Counts
    """Confusion matrix at the own thresholds, over all SNRs."""
    latencies: list[list[float]] = field(default_factory=list)
    """By SNR, at the own thresholds, seconds."""
    triggers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """False alarms at the own thresholds, by label of the background and sound."""

    def rates(self, uses_per_hour: float) -> Floats:
        """``(sounds, levels)`` false alarms per hour that each sound causes.

        Those in the negative streams by the clock; those in the streams with events, confusions
        above all, by the event, as if the device's sounds were made ``uses_per_hour`` times.
        """
        clock = sum(self.alarms.values()) / sum(self.hours.values())
        by_event = self.wrong / np.maximum(self.heard, 1)[:, None]
        return np.asarray(clock + uses_per_hour * by_event, np.float64)


def tally(run: Run, heard: Heard, takes: int, made: bool) -> Tally:
    """Count everything that a system did with ``takes`` enrolled.

    Args:
        made: libraries of synthesised sounds instead of recorded ones.
    """
    shelves = [lib for lib in run.libraries if lib.made == made]
    sounds = tuple(sorted({entry.sound.name for lib in shelves for entry in lib.entries}))
    quiet = [
        (i, Trace.read(heard.negatives[(lib.name, takes), i]))
        for lib in shelves
        for i in range(len(run.negatives))
    ]
    offsets = _offsets(sounds, [trace for _, trace in quiet])
    snrs, shape = len(run.protocol.snrs_db), offsets.shape
    kinds = sorted({category for category, _ in run.negatives})
    result = Tally(
        system=heard.name,
        calibrates=heard.calibrates,
        takes=takes,
        sounds=sounds,
        offsets=offsets,
        heard=np.zeros(len(sounds), np.int64),
        hours=dict.fromkeys(kinds, 0.0),
        events=np.zeros((snrs, len(sounds)), np.int64),
        hits=np.zeros((snrs, *shape), np.int64),
        wrong=np.zeros(shape, np.int64),
        alarms={kind: np.zeros(shape, np.int64) for kind in kinds},
        matrix=np.zeros((len(sounds) + 1, len(sounds) + 1), np.int64),
        latencies=[[] for _ in range(snrs)],
    )
    for category, stream in run.negatives:
        result.hours[category] += run.protocol.deals * stream.layout.seconds / 3600.0
    for i, trace in quiet:
        category, stream = run.negatives[i]
        _count_alarms(result, category, stream.layout, trace)
    for lib in shelves:
        for s, snr_db in enumerate(run.protocol.snrs_db):
            trace = Trace.read(heard.events[(lib.name, takes), snr_db])
            _count_events(result, s, lib, run.events[lib.name, snr_db].layout, trace)
    return result


def _offsets(sounds: tuple[str, ...], traces: list[Trace]) -> Floats:
    """Levels for each sound, between its margins in the negative streams, densest at the top."""
    offsets = np.zeros((len(sounds), LEVELS + 1))
    for row, sound in zip(offsets, sounds, strict=True):
        found = [
            trace.margins[trace.sounds == trace.names.index(sound)]
            for trace in traces
            if sound in trace.names
        ]
        margins = np.sort(np.concatenate([np.zeros(0), *found]))
        row[0], row[1:OWN] = -np.inf, np.inf
        if len(margins) > LOOSEST_RANK:
            row[0] = margins[-LOOSEST_RANK]
        if len(margins):
            deepest = min(len(margins), LOOSEST_RANK)
            ranks = np.rint(np.geomspace(1, deepest, LEVELS - 2)).astype(int)[::-1]
            # Just above a margin: the window that has it no longer matches.
            row[1 : LEVELS - 1] = margins[-ranks] + JUST_ABOVE
    return offsets


def _fired(result: Tally, trace: Trace, level: int) -> list[Firing]:
    rows = [result.sounds.index(name) for name in trace.names]
    return trace.firings(result.offsets[rows, level])


def _count_alarms(result: Tally, category: str, layout: Layout, trace: Trace) -> None:
    for level in range(result.offsets.shape[1]):
        for firing in _fired(result, trace, level):
            result.alarms[category][result.sounds.index(firing.sound), level] += 1
    for firing in _fired(result, trace, OWN):
        result.triggers[layout.section_at(firing.seconds), firing.sound] += 1


def _count_events(result: Tally, s: int, library: Library, layout: Layout, trace: Trace) -> None:
    place = {name: i for i, name in enumerate(result.sounds)}
    names = [event.sound for event in layout.events]
    intervals = np.array([(e.start, e.end) for e in layout.events], np.float64) / RATE
    for name in names:
        result.events[s, place[name]] += 1
    for entry in library.entries:
        result.heard[place[entry.sound.name]] += len(names)
    for level in range(result.offsets.shape[1]):
        fired = _fired(result, trace, level)
        times, sounds = [f.seconds for f in fired], [f.sound for f in fired]
        spans, moments = metrics.validate(intervals, names, times, sounds, layout.seconds)
        assignment = metrics.assign(spans, names, moments, sounds)
        for kind, event, name in zip(assignment.kinds, assignment.events, sounds, strict=True):
            if kind == "hit":
                result.hits[s, place[names[event]], level] += 1
            else:
                result.wrong[place[name], level] += 1
    # The last level was the system's own.
    late = metrics.latencies(assignment, spans, moments)
    result.latencies[s] += [float(seconds) for seconds in late]
    result.matrix += metrics.confusion_matrix(assignment, names, sounds, result.sounds)
