"""Order inside a sound: low-high or high-low, a tune or its reversal.

Embeddings are pooled over time and forget order. Here what was heard is aligned in time with
each take of a sound, and with the take played backwards: if that fits much better, it was
another sound. Only spectra count, not loudness, so what sounds the same either way, as claps
and most calls do, is never in question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import permutations

import numpy as np

from wakeword.audio import FloatArray
from wakeword.logmel import LogMel
from wakeword.resampler import resample
from wakeword.takes import Take

STEP_FRAMES = 2
"""Spectra are averaged over 20 ms."""
BANDS = 64
FLOOR_PERCENTILE = 20.0
"""The level of a band that counts as the room's."""
MARGIN_DB = 10.0
"""A band is heard from this far above it on ..."""
RANGE_DB = 15.0
"""... unless it is this far below the loudest band of its frame."""
HEARD = 0.35
"""Frames this strong, as a share of the strongest, belong to the sound; weaker ones are not
heard."""
SHORTEST_SECONDS = 0.3
"""Of shorter sounds nobody hears the order."""
ORDERED = 0.08
"""A sound has an order if a take is so unlike its reversal, 0..1 ..."""
CLEARER = 1.3
"""... and by so much more than takes are unlike each other."""
BETTER = 0.9
"""One direction fits better if its distance is at most this share of the other's."""
ENOUGH = 0.7
"""While neither fits better, this share of the take is waited for."""
ENDED_FRAMES = 8
"""So many frames of nothing (160 ms) end a sound."""
MOST_TAKES = 8
"""So many takes are compared with; more would only take longer."""
FRAME_SECONDS = 0.01 * STEP_FRAMES
LEAD_SECONDS = 0.4
"""So much is listened to before the longest that the sound may take."""


def spectra(samples: FloatArray, rate: int) -> FloatArray:
    """What is heard in each 20 ms, ``(frames, BANDS) float32``; rows are of length 1 (L2).

    Silence is a row of zeros.
    """
    power = LogMel(rate, BANDS).power(samples)
    frames = len(power) // STEP_FRAMES
    if not frames:
        return np.zeros((0, BANDS), np.float32)
    power = power[: frames * STEP_FRAMES].reshape(frames, STEP_FRAMES, BANDS).mean(axis=1)
    levels = 10.0 * np.log10(np.maximum(power, 1e-9))
    floor = np.percentile(levels, FLOOR_PERCENTILE, axis=0)
    lowest = np.maximum(floor + MARGIN_DB, levels.max(axis=1, keepdims=True) - RANGE_DB)
    above = np.maximum(levels - lowest, 0.0)
    norms = np.linalg.norm(above, axis=1, keepdims=True)
    heard = norms >= max(HEARD * float(norms.max()), 1e-6)
    return np.asarray(np.where(heard, above / np.maximum(norms, 1e-6), 0.0), np.float32)


def heard_part(rows: FloatArray) -> FloatArray:
    """The rows from the first to the last in which something is heard."""
    strong = np.flatnonzero(rows.any(axis=1))
    return rows[strong[0] : strong[-1] + 1] if len(strong) else rows[:0]


def distance(heard: FloatArray, take: FloatArray) -> float:
    """How unlike what is heard is to the beginning of a take, 0 (the same) to 1.

    Both are aligned in time, each up to twice as fast as the other. All of ``heard`` must find
    a place; the take may go on. What comes before it costs as much as it is loud.

    Args:
        heard: rows ``(n, bands)`` of :func:`spectra`.
        take: ``(m, bands)``.
    """
    if not len(heard) or not len(take):
        return 1.0
    cost = 0.5 * (
        np.square(heard).sum(axis=1)[:, None] + np.square(take).sum(axis=1) - 2.0 * heard @ take.T
    )
    skipped = np.concatenate([[0.0], np.cumsum(0.5 * np.square(heard).sum(axis=1))])
    far = np.full(len(take), np.inf)
    before, last = far, far  # the rows for two frames and one frame ago
    for i, here in enumerate(cost):
        now = np.full(len(take), np.inf)
        now[:2] = skipped[i] + here[:2]
        now[1:] = np.minimum(now[1:], last[:-1] + here[1:])
        now[2:] = np.minimum(now[2:], last[:-2] + here[2:])
        if i:
            now[1:] = np.minimum(now[1:], before[:-1] + cost[i - 1][1:] + here[1:])
        before, last = last, now
    return float(min(last.min(), skipped[-1]) / len(heard))


class SoundOrder:
    """The order of one sound, known from its takes; they are read when it is first asked for.

    Args:
        takes: gives the sound's takes, those that can be read.
        rate: samples per second of what will be heard.
    """

    def __init__(self, takes: Callable[[], Sequence[Take]], rate: int) -> None:
        self._load = takes
        self._rate = rate

    @cached_property
    def _takes(self) -> list[FloatArray]:
        """Each take as rows; none if the sound is the same backwards."""
        takes = list(self._load())[:MOST_TAKES]
        found = [heard_part(spectra(_at(take, self._rate), self._rate)) for take in takes]
        found = [rows for rows in found if len(rows)]
        if not found:
            return []
        shortest = float(np.median([len(rows) for rows in found])) * FRAME_SECONDS
        backwards = float(np.median([distance(rows, rows[::-1]) for rows in found]))
        pairs = [distance(one, other) for one, other in permutations(found, 2)]
        needed = max(ORDERED, CLEARER * float(np.median(pairs or [0.0])))
        return found if shortest >= SHORTEST_SECONDS and backwards >= needed else []

    @property
    def ordered(self) -> bool:
        """Whether the sound and its reversal are two."""
        return bool(self._takes)

    @property
    def span(self) -> int:
        """So many samples before now are worth looking at."""
        longest = max((len(rows) for rows in self._takes), default=0) * FRAME_SECONDS
        return round((1.5 * longest + LEAD_SECONDS) * self._rate)

    def refuses(self, samples: FloatArray) -> str:
        """Why what was heard up to now is not the sound; empty when it may be.

        Args:
            samples: ``(n,) float32`` up to now.
        """
        if not self.ordered:
            return ""
        rows = spectra(samples, self._rate)
        heard = heard_part(rows)
        if not len(heard):
            return ""
        forward = min(distance(heard, take) for take in self._takes)
        backward = min(distance(heard, take[::-1]) for take in self._takes)
        if backward < BETTER * forward:
            return "the order inside it is another"
        if forward < BETTER * backward:
            return ""
        quiet = len(rows) - 1 - int(np.flatnonzero(rows.any(axis=1))[-1])
        needed = ENOUGH * float(np.median([len(take) for take in self._takes]))
        over = quiet >= ENDED_FRAMES or len(heard) >= needed
        return "" if over else "its order is not clear yet"


def _at(take: Take, rate: int) -> FloatArray:
    return resample(take.samples, take.rate, rate)
