"""Finding the events in a recording by loudness alone.

The benchmark does not ask the engine's gate where a sound is: the measure would then depend on
what it measures.
"""

from __future__ import annotations

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.audio.logmel import decibels

FRAME_SECONDS = 0.01
SMOOTHING_FRAMES = 3
FLOOR_PERCENTILE = 10
ABOVE_FLOOR_DB = 12.0
"""An event rises this far above the recording's floor ..."""
BELOW_PEAK_DB = 25.0
"""... and comes this near to the recording's peak."""
QUIETER_DB = 12.0
"""Pieces this much quieter than the loudest are not another repeat."""
JOIN_SECONDS = 0.25
"""Shorter pauses belong to the event."""
SHORTEST_SECONDS, LONGEST_SECONDS = 0.03, 3.0
"""Pieces outside of this are no events."""


def levels(samples: FloatArray, rate: int) -> FloatArray:
    """Level in dBFS of each 10 ms, averaged over 30 ms, ``(ceil(n / hop),) float32``."""
    hop = round(FRAME_SECONDS * rate)
    padded = np.pad(samples, (0, -len(samples) % hop)).reshape(-1, hop)
    power = np.mean(np.square(padded), axis=1)
    ones = np.ones(SMOOTHING_FRAMES)
    count = np.convolve(np.ones(len(power)), ones, mode="same")[: len(power)]
    smooth = np.convolve(power, ones, mode="same")[: len(power)] / count
    return decibels(smooth.astype(np.float32))


def cut(samples: FloatArray, rate: int) -> list[tuple[int, int]]:
    """Where the events of a recording begin and end, ``(start, end)`` sample indices.

    A recording without quieter parts is one event when it is short enough and none when not.

    Args:
        samples: ``(n,) float32``, any length.
        rate: samples per second.
    """
    if not len(samples) or not np.any(samples):
        return []
    level = levels(samples, rate)
    peak = float(level.max())
    floor = float(np.percentile(level, FLOOR_PERCENTILE))
    if peak - floor < ABOVE_FLOOR_DB:
        spans = [(0, len(level))]
    else:
        spans = _runs(level > max(floor + ABOVE_FLOOR_DB, peak - BELOW_PEAK_DB))
    hop = round(FRAME_SECONDS * rate)
    found = []
    for first, last in _joined(spans, round(JOIN_SECONDS / FRAME_SECONDS)):
        long_enough = SHORTEST_SECONDS <= (last - first) * FRAME_SECONDS <= LONGEST_SECONDS
        if long_enough and level[first:last].max() >= peak - QUIETER_DB:
            found.append((first * hop, min(last * hop, len(samples))))
    return found


def _runs(active: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.pad(active.astype(np.int8), 1)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _joined(spans: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] < gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined
