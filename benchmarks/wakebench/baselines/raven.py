"""MFCC and dynamic time warping, in the manner of Rhasspy Raven.

Every take is a template. Each window of the stream as long as the template is aligned with it; the
score of a sound is how near its nearest template comes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from wakebench import grid
from wakebench.identity import digest
from wakebench.synth import RATE
from wakebench.trace import Trace
from wakeword.audio.frames import FloatArray
from wakeword.audio.logmel import LogMel
from wakeword.library.recordings import Take
from wakeword.scoring.decision import TriggerConfig

COEFFICIENTS = 13
BANDS = 26
BAND = 5
"""The alignment stays this many frames (of 10 ms) from the diagonal."""
THRESHOLD = -0.22
"""Raven's own distance threshold, negated."""
TRIGGER = TriggerConfig(patience=1, refractory_seconds=2.0)
STEP = 10
"""Frames per hop."""


class Raven:
    """MFCC + DTW."""

    name = "MFCC + DTW (as Raven)"
    calibrates = False
    key = digest("raven", grid.code())

    def enroll(self, takes: Mapping[str, Sequence[Take]], folder: Path) -> list[str]:
        """Keep the takes."""
        grid.keep(takes, folder)
        return []

    def hear(self, samples: FloatArray, folders: Sequence[Path]) -> list[Trace]:
        """Align every window with every template once, whichever libraries share it."""
        stream = mfcc(samples)
        ends = grid.ends(samples)
        known: dict[bytes, FloatArray] = {}
        traces = []
        for folder in folders:
            takes = grid.kept(folder)
            for take in (t for sound in takes.values() for t in sound):
                if take.tobytes() not in known:
                    known[take.tobytes()] = distances(stream, mfcc(take), len(ends))
            scores = np.stack(
                [-np.min([known[t.tobytes()] for t in sound], axis=0) for sound in takes.values()],
                axis=1,
            )
            audible = grid.loud(samples, ends, RATE // 2)
            names = list(takes)
            traces.append(grid.trace(names, scores, samples, audible, THRESHOLD, TRIGGER))
        return traces


@lru_cache(maxsize=1)
def _front() -> tuple[LogMel, FloatArray]:
    order = np.arange(COEFFICIENTS)[:, None]
    cosines = np.cos(np.pi * order * (np.arange(BANDS) + 0.5) / BANDS) * np.sqrt(2.0 / BANDS)
    return LogMel(RATE, bands=BANDS, low_hz=0.0), cosines.T.astype(np.float32)


def mfcc(samples: FloatArray) -> FloatArray:
    """``(frames, 13) float32`` at a 10 ms step, each of length 1; at least one frame."""
    logmel, cosines = _front()
    padded = np.pad(samples, (0, max(0, logmel.frame - len(samples))))
    found = np.log(logmel.power(padded) + 1e-10) @ cosines
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


def distances(stream: FloatArray, template: FloatArray, windows: int) -> FloatArray:
    """Normalised DTW distance of each window to the template, ``(windows,) float32``.

    Window ``w`` has as many frames as the template and ends ``STEP * (w + 1)`` frames into the
    stream; those that would begin before it are infinitely far. All windows advance together, a
    cell of the alignment at a time.
    """
    m = len(template)
    first = STEP * (np.arange(windows) + 1) - m
    usable = np.flatnonzero((first >= 0) & (first + m <= len(stream)))
    result = np.full(windows, np.inf, np.float32)
    if not len(usable):
        return result
    start, count = int(first[usable[0]]), len(usable)
    apart = 1.0 - template @ stream.T
    far = np.full(count, np.inf, np.float32)
    before: dict[int, FloatArray] = {}
    for i in range(m):
        row: dict[int, FloatArray] = {}
        for j in range(max(0, i - BAND), min(m, i + BAND + 1)):
            cost = apart[i, start + j : start + j + STEP * (count - 1) + 1 : STEP]
            if i == j == 0:
                row[j] = cost
                continue
            best = np.minimum(before.get(j, far), row.get(j - 1, far))
            row[j] = cost + np.minimum(best, before.get(j - 1, far))
        before = row
    result[usable] = before[m - 1] / (2 * m)
    return result


def create(variant: str) -> Raven:
    """The baseline; it has no variants."""
    return Raven()
