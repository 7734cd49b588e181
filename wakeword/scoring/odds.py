"""From what is known of a window to log-odds that mean the same for every sound.

The weights were fitted once, on about a hundred simulated enrollments of the train split
(``python -m training.decision``): every kind of sound, one to five takes, in quiet, in noise and
in rooms, against hours of other recordings. They are a file of their own for each encoder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.frames import FloatArray
from wakeword.embedding.weights import asset
from wakeword.errors import EncoderError

SCHEMA = 1
EVIDENCE = ("nearest", "cohort_mean", "verifier")
"""What is known of a window: the cosine of the nearest take, the mean cosine to the nearest of
everyday sound, and the log-odds of the sound's verifier. The two nearest takes' mean, the other
view, the part of the vector that carries meaning, the number of takes and what they differ by
bring nothing beside these, on recordings that the encoder was not trained on."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class OddsModel:
    """How the evidence combines, and how often it misleads."""

    weights: Floats
    """``(len(EVIDENCE),)``: what a unit of each counts."""
    bias: float
    """Added to all log-odds."""
    categories: tuple[str, ...]
    """Kinds of everyday sound that false alarms are known for."""
    grid: Floats
    """``(levels,)`` log-odds, ascending, that ``per_hour`` belongs to."""
    per_hour: Floats
    """``(len(categories), levels)``: false alarms an hour of each category, pooled over all
    simulated enrollments, at thresholds of ``grid``."""
    tail: float
    """Change of the logarithm of all rates for a unit of log-odds beyond the grid, below 0."""
    strength: float
    """So many false alarms of a sound's own count as much as the pooled figure."""

    def odds(
        self, nearest: FloatArray, cohort_mean: FloatArray, verifier: FloatArray
    ) -> FloatArray:
        """Log-odds of windows, ``(n,) float32``, of what is known of each, ``(n,)``."""
        near, crowd, verified = (float(weight) for weight in self.weights)
        found = near * nearest + crowd * cohort_mean + verified * verifier + self.bias
        return np.asarray(found, np.float32)

    def pooled(self, odds: float) -> Floats:
        """False alarms an hour of each category at a threshold, ``(len(categories),)``.

        Beyond the grid they thin out as its ``tail`` says.
        """
        return np.exp(self._log_rates(odds))

    def _log_rates(self, odds: float) -> Floats:
        logs = np.log(self.per_hour)
        rates = np.array([np.interp(odds, self.grid, row) for row in logs])
        return np.asarray(rates + self.tail * max(0.0, odds - float(self.grid[-1])))


def score_of(odds: FloatArray | float, level: Floats | float) -> FloatArray:
    """Scores 0..1 of log-odds: 0.5 where they are at the sound's level."""
    return np.asarray(1.0 / (1.0 + np.exp(level - np.asarray(odds, np.float64))), np.float32)


def odds_of(score: float, level: float) -> float:
    """Log-odds of a score, the inverse of :func:`score_of`; a score of 0 or 1 is taken as near."""
    inside = min(max(score, 1e-6), 1.0 - 1e-6)
    return level + float(np.log(inside) - np.log1p(-inside))


def model_path(encoder_id: str) -> Path:
    """Where the model for an encoder is, if there is one."""
    name = "".join(c if c.isalnum() or c in "-._" else "-" for c in encoder_id)
    return asset("decision", f"{name}.json")


def load_model(encoder_id: str, path: Path | None = None) -> OddsModel | None:
    """The model that is shipped for this encoder; None when there is none.

    Raises:
        EncoderError: the file is damaged or was made for another encoder.
    """
    path = path or model_path(encoder_id)
    if not path.is_file():
        return None
    return _read(path, encoder_id, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read(path: Path, encoder_id: str, changed: int) -> OddsModel:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        fits = content["encoder"] == encoder_id and content["schema"] == SCHEMA
        if not fits or content["checksum"] != checksum(content):
            raise EncoderError(
                f"{path} is damaged or not for {encoder_id}; install Wakesound again"
            )
        prior = content["false_alarms"]
        return OddsModel(
            weights=np.array([content["weights"][name] for name in EVIDENCE], np.float64),
            bias=float(content["bias"]),
            categories=tuple(prior["per_hour"]),
            grid=np.array(prior["odds"], np.float64),
            per_hour=np.array(list(prior["per_hour"].values()), np.float64),
            tail=min(0.0, float(prior["tail"])),
            strength=float(prior["strength"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(f"{path} is damaged; install Wakesound again") from error


def checksum(content: Mapping[str, Any]) -> str:
    """Of everything in the file but the checksum itself."""
    rest = {name: value for name, value in content.items() if name != "checksum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
