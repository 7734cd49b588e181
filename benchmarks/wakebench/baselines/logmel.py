"""Mean and deviation of a window's log-mel spectrum, cosine to the nearest take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

THRESHOLD = 0.9
WINDOW = RATE


class LogMelStatistics:
    """Log-mel statistics + cosine."""

    name = "log-mel statistics + cosine"
    calibrates = False
    key = digest("logmel", grid.code())

    def __init__(self) -> None:
        self._logmel = LogMel(RATE, bands=40)

    def enroll(self, takes: Mapping[str, Sequence[Take]], folder: Path) -> list[str]:
        """Keep the takes."""
        grid.keep(takes, folder)
        return []

    def hear(self, samples: FloatArray, folders: Sequence[Path]) -> list[Trace]:
        """Embed the stream once, then look up each library."""
        ends = grid.ends(samples)
        stream = self._stream(samples, ends)
        audible = grid.loud(samples, ends, WINDOW)
        return [self._match(stream, samples, audible, grid.kept(f)) for f in folders]

    def _match(
        self, stream: FloatArray, samples: FloatArray, audible: np.ndarray, takes: grid.Takes
    ) -> Trace:
        scores = [
            np.max(stream @ np.stack([self.embed(take) for take in sound]).T, axis=1)
            for sound in takes.values()
        ]
        return grid.trace(
            list(takes), np.stack(scores, axis=1), samples, audible, THRESHOLD, TriggerConfig()
        )

    def embed(self, samples: FloatArray) -> FloatArray:
        """``(80,) float32`` of length 1, of the last second of ``samples``."""
        padded = np.pad(samples[-WINDOW:], (max(0, self._logmel.frame - len(samples)), 0))
        return np.asarray(_unit(self._logmel(padded)[None])[0])

    def _stream(self, samples: FloatArray, ends: np.ndarray) -> FloatArray:
        starts = np.maximum(ends - WINDOW, 0)
        pieces = (samples[a:b] for a, b in zip(starts, ends, strict=True))
        return np.stack([self.embed(piece) for piece in pieces])


def _unit(levels: FloatArray) -> FloatArray:
    """``(n, frames, bands)`` levels to ``(n, 2 * bands)`` statistics of length 1."""
    mean, deviation = levels.mean(axis=1), levels.std(axis=1)
    shape = mean - mean.mean(axis=1, keepdims=True)
    both = np.concatenate([shape, deviation], axis=1)
    return np.asarray(both / (np.linalg.norm(both, axis=1, keepdims=True) + 1e-9), np.float32)


def create(variant: str) -> LogMelStatistics:
    """The baseline; it has no variants."""
    return LogMelStatistics()
