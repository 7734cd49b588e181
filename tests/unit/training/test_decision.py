"""Fitting the model of log-odds to simulated enrollments."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from training.decision.fitting import finished, fit_model
from training.decision.hearing import Negative
from training.decision.simulation import Simulated, World, make_world, peak
from wakeword.scoring.bank import CATEGORIES
from wakeword.scoring.odds import EVIDENCE, load_model

RNG = np.random.default_rng(0)


def negative(runs: int, label: str, source: str) -> Negative:
    """One recording with so many runs of three windows, half an hour long."""
    clip = {"label": label, "kind": "event", "source": source, "group": "", "start": 0,
            "path": f"{label}.ogg", "held": False}  # fmt: skip
    numbers = np.repeat(np.arange(runs), 3)
    vectors = RNG.normal(size=(len(numbers), 8)).astype(np.float16)
    return Negative(vectors, numbers, np.zeros(len(numbers), np.int64), [clip], 100, 1800.0)


def world() -> World:
    """Music, and dishes."""
    parts = [negative(300, "music", "a"), negative(300, "plates", "b")]
    return make_world(parts, frozenset())


def simulated(number: int, everything: World, apart: float) -> Simulated:
    """An enrollment whose events have a cosine and a verifier that are so much higher."""
    runs = np.arange(len(everything.clips))
    other = [RNG.normal((0.3, 0.3, -4.0), (0.1, 0.1, 2.0), (3, 3)).astype(np.float32) for _ in runs]
    heard = [(20.0, RNG.normal((0.3 + apart, 0.3, 0.0), (0.1, 0.1, 2.0), (4, 3)).astype(np.float32))
             for _ in range(6)]  # fmt: skip
    return Simulated(f"sound {number}", "c", 3, heard, runs, other)


def test_what_tells_sounds_apart_is_weighed_and_false_alarms_are_counted(tmp_path: Path) -> None:
    """Cosines count for a sound; rates fall with the log-odds, and the file can be read."""
    everything = world()
    sims = [simulated(i, everything, 0.3) for i in range(12)]
    content = fit_model(sims, everything, np.ones(2, bool))
    assert content["weights"]["nearest"] > 1.0
    assert content["weights"]["verifier"] > 0.0
    assert set(content["weights"]) == set(EVIDENCE)
    path = tmp_path / "model.json"
    path.write_text(json.dumps(finished(content, "some-1")))
    model = load_model("some-1", path)
    assert model is not None
    assert model.categories == CATEGORIES
    assert np.all(np.diff(model.per_hour, axis=1) <= 0)
    assert model.tail < 0.0
    # Half an hour of music and of dishes: what was seen there is what is pooled.
    level = len(model.grid) // 2

    def odds(found: np.ndarray) -> np.ndarray:
        return (found @ model.weights + model.bias).astype(np.float32)

    seen = np.mean([
        sum(peak(odds(found)) >= model.grid[level] for found in sim.evidence) for sim in sims
    ])  # fmt: skip
    hours = np.array([0.5 * (name in ("music", "kitchen")) for name in CATEGORIES])
    assert model.per_hour[:, level] @ hours == pytest.approx(seen, rel=0.1)


def test_hours_are_kept_by_category() -> None:
    """Each recording stands for its time in its category."""
    found = world().hours(np.ones(2, bool))
    assert dict(zip(CATEGORIES, found, strict=True)) == {
        name: 0.5 if name in ("music", "kitchen") else 0.0 for name in CATEGORIES
    }
