"""How well an engine heard: what it fired, against what was really there.

Conventions
-----------
A stream has *events*, the places where an enrolled sound really is: ``(n, 2) float`` intervals
in seconds and a name each. An engine gives *firings*: ``(m,) float`` times in seconds and a name
each. All times count from the start of the stream.

- An event's **window** is ``[start, end + tolerance]``, both bounds included.
- Firings are taken in order of time. A firing **hits** the event of its own sound whose window
  holds it and that is not hit yet; of several, the one whose window closes first. So there is at
  most one hit per event, and overlapping events get as many hits as is possible.
- Every other firing is a **false alarm**, of one of three kinds: a **repeat** (its sound is
  there, but already hit: the light is switched twice), a **confusion** (only other sounds are
  there) or a **stray** (nothing is there).
- An event that the end of the stream cuts counts like any other; its window ends where the
  stream ends. An event that starts at or after the end is an error.
- An undefined figure (miss rate without events, latency without hits) is NaN.

Metrics
-------
- :func:`miss_rate`: share of events without a hit.
- :func:`false_alarms_per_hour`: false alarms, confusions and repeats included, per hour.
- :func:`latencies`: from the end of an event to its hit; negative when it came before the end.
- :func:`confusion_matrix`: what was there against what fired.
- :func:`det_curve`, :func:`miss_rate_at`: the trade between the two errors as thresholds move.
- :func:`bootstrap_interval`: how far a figure depends on which sounds happened to be measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TOLERANCE_SECONDS = 1.0
"""How long after an event's end a firing may still belong to it: one window of the engine."""

NOTHING = "(nothing)"
"""Row of the confusion matrix for strays, and column for misses."""


@dataclass(frozen=True, eq=False)
class Assignment:
    """Which firing belongs to which event."""

    kinds: tuple[str, ...]
    """For each firing: ``"hit"``, ``"repeat"``, ``"confusion"`` or ``"stray"``."""
    events: Ints
    """``(m,)`` for each firing the event it belongs to, -1 for strays."""
    firings: Ints
    """``(n,)`` for each event the firing that hit it, -1 for misses."""


def validate(
    intervals: ArrayLike,
    sounds: Sequence[str],
    times: ArrayLike,
    fired: Sequence[str],
    duration: float,
) -> tuple[Floats, Floats]:
    """Check one stream's events and firings.

    Args:
        intervals: ``(n, 2)`` events, seconds.
        sounds: ``n`` names.
        times: ``(m,)`` firings, seconds.
        fired: ``m`` names.
        duration: length of the stream, seconds.

    Returns:
        ``intervals``, cut at the end of the stream, and ``times``, as float arrays.

    Raises:
        ValueError: shapes do not fit, times are not finite, an event ends before it starts or
            starts outside the stream, a firing lies outside the stream.
    """
    spans = np.asarray(intervals, np.float64).reshape(-1, 2) if np.size(intervals) else _none()
    moments = np.asarray(times, np.float64).reshape(-1)
    if len(spans) != len(sounds) or len(moments) != len(fired):
        raise ValueError("every event and every firing needs one name")
    if not (np.isfinite(spans).all() and np.isfinite(moments).all() and duration > 0):
        raise ValueError("times must be finite and the stream longer than nothing")
    if (spans[:, 1] < spans[:, 0]).any():
        raise ValueError("an event ends before it starts")
    if (spans[:, 0] < 0).any() or (spans[:, 0] >= duration).any():
        raise ValueError("an event starts outside the stream")
    if (moments < 0).any() or (moments > duration).any():
        raise ValueError("a firing lies outside the stream")
    return np.minimum(spans, duration), moments


def _none() -> Floats:
    return np.zeros((0, 2))


def assign(
    intervals: ArrayLike,
    sounds: Sequence[str],
    times: ArrayLike,
    fired: Sequence[str],
    *,
    tolerance: float = TOLERANCE_SECONDS,
) -> Assignment:
    """Give every firing to an event, or to none, by the rules at the top of this module.

    Returns:
        One entry per firing and per event, in the order given.
    """
    spans = np.asarray(intervals, np.float64).reshape(-1, 2)
    moments = np.asarray(times, np.float64).reshape(-1)
    names = np.asarray(sounds, dtype=object)
    kinds, owners = [""] * len(moments), np.full(len(moments), -1, np.int64)
    hits = np.full(len(spans), -1, np.int64)
    for i in np.argsort(moments, kind="stable"):
        inside = (spans[:, 0] <= moments[i]) & (moments[i] <= spans[:, 1] + tolerance)
        own = inside & (names == fired[i])
        free = own & (hits < 0)
        for kind, candidates in (("hit", free), ("repeat", own), ("confusion", inside)):
            if candidates.any():
                among = np.flatnonzero(candidates)
                kinds[i], owners[i] = kind, among[np.argmin(spans[among, 1])]
                break
        else:
            kinds[i] = "stray"
        if kinds[i] == "hit":
            hits[owners[i]] = i
    return Assignment(tuple(kinds), owners, hits)


def miss_rate(assignment: Assignment) -> float:
    """Share of events without a hit, 0..1; NaN without events."""
    return float(np.mean(assignment.firings < 0)) if len(assignment.firings) else float("nan")


def false_alarms(assignment: Assignment) -> int:
    """Number of firings that are not hits."""
    return sum(kind != "hit" for kind in assignment.kinds)


def false_alarms_per_hour(count: float, seconds: float) -> float:
    """Rate of ``count`` false alarms in ``seconds`` of stream.

    Raises:
        ValueError: the stream has no length.
    """
    if seconds <= 0:
        raise ValueError("a rate needs a stream that is longer than nothing")
    return 3600.0 * count / seconds


def latencies(assignment: Assignment, intervals: ArrayLike, times: ArrayLike) -> Floats:
    """``(hits,)`` seconds from the end of each event that was hit to its firing."""
    spans = np.asarray(intervals, np.float64).reshape(-1, 2)
    hit = assignment.firings >= 0
    moments = np.asarray(times, np.float64).reshape(-1)
    return np.asarray(moments[assignment.firings[hit]] - spans[hit, 1])


def confusion_matrix(
    assignment: Assignment, sounds: Sequence[str], fired: Sequence[str], names: Sequence[str]
) -> Ints:
    """``(n + 1, n + 1)`` counts, what was there (rows) against what fired (columns).

    The last row counts strays, the last column misses. Repeats are left out: they are right
    about the sound. An event on which only a wrong sound fired is both a confusion and a miss.

    Args:
        names: the sounds, in the order of rows and columns.
    """
    place = {name: i for i, name in enumerate(names)}
    table = np.zeros((len(names) + 1, len(names) + 1), np.int64)
    for kind, owner, name in zip(assignment.kinds, assignment.events, fired, strict=True):
        if kind != "repeat":
            table[place[sounds[owner]] if owner >= 0 else -1, place[name]] += 1
    for name, firing in zip(sounds, assignment.firings, strict=True):
        if firing < 0:
            table[place[name], -1] += 1
    return table


def loosest(target: float, rates: ArrayLike) -> int:
    """The loosest threshold that keeps ``target``, as all stricter ones do.

    Args:
        target: false alarms per hour.
        rates: ``(thresholds,)`` false alarms per hour, thresholds ascending.

    Returns:
        Its index; ``len(rates)`` when not even the strictest keeps the target. Nothing is
        interpolated: it is a threshold that was measured.
    """
    over = np.flatnonzero(np.asarray(rates, np.float64) > target)
    return int(over[-1]) + 1 if len(over) else 0


def miss_rate_at(target: float, rates: ArrayLike, misses: ArrayLike) -> float:
    """Miss rate at the loosest threshold with at most ``target`` false alarms per hour.

    It is 1 when no threshold keeps the target, since an engine that never fires always does.

    Args:
        rates: ``(thresholds,)`` false alarms per hour, thresholds ascending.
        misses: ``(thresholds,)`` miss rates.
    """
    chosen = loosest(target, rates)
    found = np.asarray(misses, np.float64)
    return float(found[chosen]) if chosen < len(found) else 1.0


def det_curve(hits: ArrayLike, events: ArrayLike, rates: ArrayLike, targets: ArrayLike) -> Floats:
    """Miss rate against false alarms per hour, over several sounds with thresholds of their own.

    At each target every sound is taken at its own loosest threshold that keeps the target; all
    events count alike.

    Args:
        hits: ``(sounds, thresholds)`` events hit, thresholds ascending.
        events: ``(sounds,)`` events that there were.
        rates: ``(sounds, thresholds)`` false alarms per hour of each sound.
        targets: ``(n,)`` false alarms per hour and sound.

    Returns:
        ``(n,)`` miss rates; NaN without events.
    """
    counts, found = np.asarray(events, np.float64), np.asarray(hits, np.float64)
    wanted = np.asarray(targets, np.float64).reshape(-1)
    alarms = np.asarray(rates, np.float64)
    if counts.sum() == 0:
        return np.full(len(wanted), np.nan)
    # One more column: no threshold keeps the target, nothing is hit.
    padded = np.concatenate([found, np.zeros((len(found), 1))], axis=1)
    return np.array(
        [
            1.0
            - sum(row[loosest(target, rate)] for row, rate in zip(padded, alarms, strict=True))
            / counts.sum()
            for target in wanted
        ]
    )


def bootstrap_interval(
    statistic: Callable[[Ints], float],
    size: int,
    rng: np.random.Generator,
    *,
    repeats: int = 1000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile bootstrap: the figure again for samples of sounds drawn with replacement.

    Args:
        statistic: takes ``(size,)`` indices of sounds, gives the figure; NaN is left out.
        size: number of sounds.
        rng: a seeded generator; the same seed gives the same interval.
        repeats: number of samples.
        level: share of the samples inside the interval.

    Returns:
        Lower and upper bound; NaN when the figure was never defined.
    """
    figures = [statistic(rng.integers(0, size, size)) for _ in range(repeats)] if size else []
    defined = np.asarray([figure for figure in figures if np.isfinite(figure)])
    if not len(defined):
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def evaluate(
    intervals: ArrayLike,
    sounds: Sequence[str],
    times: ArrayLike,
    fired: Sequence[str],
    duration: float,
    *,
    tolerance: float = TOLERANCE_SECONDS,
) -> dict[str, float]:
    """Every figure of one stream, by name.

    Raises:
        ValueError: see :func:`validate`.
    """
    spans, moments = validate(intervals, sounds, times, fired, duration)
    assignment = assign(spans, sounds, moments, fired, tolerance=tolerance)
    late = latencies(assignment, spans, moments)
    alarms = false_alarms(assignment)
    return {
        "Events": float(len(spans)),
        "Hits": float(assignment.kinds.count("hit")),
        "Miss Rate": miss_rate(assignment),
        "False Alarms": float(alarms),
        "False Alarms Per Hour": false_alarms_per_hour(alarms, duration),
        "Repeats": float(assignment.kinds.count("repeat")),
        "Confusions": float(assignment.kinds.count("confusion")),
        "Strays": float(assignment.kinds.count("stray")),
        "Median Latency": float(np.median(late)) if len(late) else float("nan"),
        "Latency 95": float(np.quantile(late, 0.95)) if len(late) else float("nan"),
    }
