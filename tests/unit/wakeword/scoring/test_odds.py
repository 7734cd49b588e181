"""The model of log-odds, and scores on one scale."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from wakeword.errors import EncoderError
from wakeword.scoring.likeness import Cohort, Likeness, Verifier
from wakeword.scoring.odds import (
    OddsModel,
    checksum,
    load_model,
    odds_of,
    score_of,
)
from wakeword.scoring.scorer import Owner, Scorer

CONTENT = {
    "schema": 1,
    "encoder": "some-1",
    "weights": {"nearest": 5.0, "cohort_mean": -5.0, "verifier": 0.2},
    "bias": -1.0,
    "false_alarms": {
        "odds": [0.0, 1.0, 2.0],
        "per_hour": {"talk": [4.0, 2.0, 1.0], "music": [1.0, 1.0, 1.0]},
        "tail": -0.7,
        "strength": 0.5,
    },
}


def written(path: Path, content: dict[str, object]) -> Path:
    """The model's file."""
    path.write_text(json.dumps({**content, "checksum": checksum(content)}))
    return path


def model(tmp_path: Path) -> OddsModel:
    """The model of ``CONTENT``."""
    found = load_model("some-1", written(tmp_path / "model.json", CONTENT))
    assert found is not None
    return found


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows whose halves are both of length 1."""
    views = rows.reshape(len(rows), 2, -1)
    views = views / np.linalg.norm(views, axis=2, keepdims=True)
    return np.asarray(views.reshape(len(rows), -1), np.float32)


def test_a_score_is_half_at_the_level_and_comes_back() -> None:
    """Between 0 and 1, and the log-odds can be had from it."""
    assert float(score_of(2.5, 2.5)) == 0.5
    scores = score_of(np.array([-3.0, 2.5, 6.0], np.float32), 2.5)
    assert np.all(np.diff(scores) > 0)
    assert [odds_of(float(score), 2.5) for score in scores] == pytest.approx([-3, 2.5, 6], abs=1e-3)
    assert np.isfinite([odds_of(0.0, 1.0), odds_of(1.0, 1.0)]).all()


def test_evidence_is_weighed(tmp_path: Path) -> None:
    """The three together, and the bias."""
    nearest, cohort_mean, verifier = (np.array([x], np.float32) for x in (0.8, 0.3, 4.0))
    odds = model(tmp_path).odds(nearest, cohort_mean, verifier)
    assert odds == pytest.approx([5 * 0.8 - 5 * 0.3 + 0.2 * 4.0 - 1.0])


def test_false_alarms_thin_out_beyond_the_grid(tmp_path: Path) -> None:
    """By the same factor for each unit."""
    known = model(tmp_path)
    assert known.pooled(0.5) == pytest.approx([np.sqrt(8.0), 1.0])
    assert known.pooled(4.0) == pytest.approx(np.exp(-1.4) * np.ones(2))
    assert known.pooled(-7.0) == pytest.approx([4.0, 1.0])


def test_a_damaged_or_foreign_model_is_an_error(tmp_path: Path) -> None:
    """A weight that somebody changed is not used."""
    path = written(tmp_path / "model.json", CONTENT)
    with pytest.raises(EncoderError, match="not for other-1"):
        load_model("other-1", path)
    changed = tmp_path / "changed.json"
    changed.write_text(path.read_text().replace("0.2", "0.3"))
    with pytest.raises(EncoderError, match="damaged"):
        load_model("some-1", changed)
    changed.write_text("{")
    with pytest.raises(EncoderError, match="damaged"):
        load_model("some-1", changed)
    assert load_model("some-1", tmp_path / "none.json") is None


def test_many_sounds_at_once_say_what_each_says_alone(tmp_path: Path) -> None:
    """Live and in tables the same number, for sounds of both views."""
    rng = np.random.default_rng(0)
    cohort = Cohort(unit(rng.normal(size=(50, 16))), 8, model(tmp_path))
    judges, rows, owners = {}, [], []
    for number in range(6):
        takes = unit(rng.normal(size=(3 + number, 16)))
        verifier = Verifier(rng.normal(size=8).astype(np.float32), 0.3, level=0.1 * number)
        judge = Likeness(takes, 8, number % 2 == 1, verifier, cohort)
        assert judge.leveled
        judges[f"sound {number}"] = judge
        rows.append(judge.takes)
        owners += [Owner(f"sound {number}", f"{take}.flac") for take in range(len(takes))]
    thresholds = dict.fromkeys(judges, 0.5)
    scorer = Scorer(np.concatenate(rows), owners, thresholds, likenesses=judges, cohort=cohort)
    for window in unit(rng.normal(size=(5, 16))):
        found = scorer.scores(window)
        alone = {name: float(judge(window[None])[0]) for name, judge in judges.items()}
        assert found == pytest.approx(alone, abs=1e-5)
        best = scorer(window)
        assert best is not None
        assert best.score == pytest.approx(max(alone.values()), abs=1e-5)


def test_no_sound_hides_behind_its_nearest_sibling(tmp_path: Path) -> None:
    """Of two sounds, the one that matches wakes, though the other one's take is nearer."""
    axes = unit(np.concatenate([np.eye(8)[:3], np.eye(8)[:3]], axis=1))
    cohort = Cohort(axes[2:], 8, model(tmp_path))
    still = np.zeros(8, np.float32)
    strict, easy = (Verifier(still, 0.0, level=level) for level in (6.0, -1.0))
    judges = {"bell": Likeness(axes[:1], 8, False, strict, cohort),
              "clap": Likeness(axes[1:2], 8, False, easy, cohort)}  # fmt: skip
    vectors = np.concatenate([judge.takes for judge in judges.values()])
    owners = [Owner("bell", "1.flac"), Owner("clap", "2.flac")]
    thresholds = dict.fromkeys(judges, 0.5)
    scorer = Scorer(vectors, owners, thresholds, likenesses=judges, cohort=cohort)
    match = scorer(unit((0.8 * axes[:1] + 0.6 * axes[1:2])[:, :16])[0])
    assert match is not None
    assert (match.sound, match.take, match.hit) == ("clap", "2.flac", True)


def test_a_sound_from_before_keeps_its_scale(tmp_path: Path) -> None:
    """Without a level the score is what it was: cosine less cohort mean and a share of log-odds."""
    rng = np.random.default_rng(1)
    rows = unit(rng.normal(size=(4, 16)))
    verifier = Verifier(rng.normal(size=8).astype(np.float32), 0.3)
    old = Likeness(rows[:2], 8, False, verifier, Cohort(rows[2:], 8))
    now = Likeness(rows[:2], 8, False, verifier, Cohort(rows[2:], 8, model(tmp_path)))
    assert not now.leveled
    assert now(rows) == pytest.approx(old(rows))
