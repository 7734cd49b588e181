"""What is told of each moment to those who watch: the level, and what it sounds like."""

from __future__ import annotations

from typing import Any

import numpy as np

from wakeword.audio import AudioFrame, level_db
from wakeword.events import Match, Window
from wakeword.logmel import LogMel, decibels
from wakeword.scorer import Scorer

BANDS = 32
CLIPPED = 0.99


def level_moment(source: str, frame: AudioFrame) -> dict[str, Any]:
    """Level and spectrum of a short frame.

    ``bands`` are levels in dBFS of mel bands from 50 Hz up, lowest first: a column of a
    spectrogram.
    """
    logmel = LogMel(frame.rate, BANDS)
    short = max(0, logmel.frame - len(frame.samples))
    power = logmel.power(np.pad(frame.samples, (0, short)))
    bands = decibels(power.mean(axis=0)).round().astype(int)
    return {
        "event": "level",
        "source": source,
        "time": round(frame.end / frame.rate, 3),
        "level_db": round(level_db(frame.samples), 1),
        "clipped": bool(len(frame.samples) and np.abs(frame.samples).max() >= CLIPPED),
        "bands": bands.tolist(),
    }


def scores_moment(
    source: str, window: Window, match: Match | None, scorer: Scorer
) -> dict[str, Any]:
    """Likeness of a window to each sound, while the gate is open."""
    scores = {} if window.embedding is None else scorer.scores(window.embedding)
    return {
        "event": "scores",
        "source": source,
        "time": round(window.end / window.rate, 3),
        "scores": {name: round(score, 4) for name, score in scores.items()},
        "best": match.sound if match else None,
        "hit": match.hit if match else False,
    }
