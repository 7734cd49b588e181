"""The level of a sound on the scale that all sounds share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enroll.drift import MOST_ODDS, bounded
from enroll.files import enroll_files
from enroll.fitting import USUAL, Calibration, calibrate
from enroll.home import HOURS_A_DAY, HomeOutlook
from enroll.negatives import Negatives
from enroll.quality import unheard
from enroll.recalibration import to_levels
from wakeword.embedding.weights import asset
from wakeword.encoders import create_encoder
from wakeword.library.library import SoundLibrary
from wakeword.library.records import SoundRecord, TakeRecord
from wakeword.scoring.bank import CATEGORIES, NegativeBank
from wakeword.scoring.odds import OddsModel, odds_of

DIM, RUNS = 8, 120
GRID = np.arange(-4.0, 6.0)
MODEL = OddsModel(
    np.array([5.0, -5.0, 0.3]),
    0.0,
    CATEGORIES,
    GRID,
    np.tile(np.exp(-1.5 * (GRID + 4.0)), (len(CATEGORIES), 1)),
    -1.5,
    1.0,
)


def near(centre: np.ndarray, spread: float, count: int, seed: int) -> np.ndarray:
    """Unit vectors around a centre."""
    rows = centre + spread * np.random.default_rng(seed).normal(size=(count, DIM))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


SOUND, OTHER = np.eye(DIM)[0] * 2.0, np.eye(DIM)[1]


def bank() -> NegativeBank:
    """Ten hours of each category; every third run is the reference."""
    vectors = near(OTHER, 0.6, 3 * RUNS, 1)
    runs = np.repeat(np.arange(RUNS, dtype=np.int32), 3)
    return NegativeBank(
        vectors, runs, 90 * 3600.0, DIM,
        categories=(np.arange(RUNS) % len(CATEGORIES)).astype(np.int8),
        weights=np.ones(RUNS, np.float32),
        known=np.arange(RUNS) % 3 == 0,
        heard_seconds=np.full(len(CATEGORIES), 36_000.0),
        model=MODEL,
    )  # fmt: skip


def takes(spread: float, count: int = 4) -> list[np.ndarray]:
    """Takes in five variants of three windows."""
    return [near(SOUND, spread, 15, 10 + number) for number in range(count)]


def per_hour(fit: Calibration) -> float:
    """What is expected, where something is."""
    assert fit.false_alarms_per_hour is not None
    return fit.false_alarms_per_hour


def test_every_sound_wakes_at_half_and_keeps_to_its_budget() -> None:
    """The budget is a ceiling: what is expected is no more, and of a clear sound far less."""
    clear, vague = (calibrate(takes(s), Negatives(bank()), 1 / 24) for s in (0.1, 1.2))
    for fit in (clear, vague):
        assert fit.threshold == USUAL
        assert fit.false_alarms_per_hour is not None
        assert fit.false_alarms_per_hour * HOURS_A_DAY <= 1.0 + 1e-3
    assert per_hour(clear) < 0.5 * per_hour(vague)
    assert (clear.missed, clear.miss_rate) == ([], 0.0)
    assert min(clear.scores) > USUAL


def test_a_smaller_budget_asks_for_more() -> None:
    """Of a sound that needs all of it."""
    levels: list[float] = []
    for per_day in (10.0, 1.0, 0.1):
        verifier = calibrate(takes(1.2), Negatives(bank()), per_day / 24).verifier
        assert verifier is not None
        assert verifier.level is not None
        levels.append(verifier.level)
    assert levels == sorted(levels)
    assert levels[0] < levels[2]


def test_what_was_rejected_raises_the_threshold_and_costs_no_take() -> None:
    """Above half, the level being what the home asks for."""
    plain = calibrate(takes(0.5), Negatives(bank()), 1 / 24)
    example = near(SOUND, 0.3, 4, 99)
    fit = calibrate(takes(0.5), Negatives(bank(), rejected=[example]), 1 / 24)
    assert fit.threshold > USUAL
    assert len(fit.missed) <= len(plain.missed)
    held = calibrate(takes(0.5), Negatives(bank()), 1 / 24, lowest=0.7)
    assert held.threshold == 0.7


def test_another_level_moves_scores_and_expectation() -> None:
    """The log-odds of the takes stay what they are."""
    fit = calibrate(takes(0.5), Negatives(bank()), 1 / 24)
    assert fit.verifier is not None
    assert fit.verifier.level is not None
    moved = fit.at_level(fit.verifier.level + 1.0)
    assert isinstance(moved.negative_scores, HomeOutlook)
    before = [odds_of(score, fit.verifier.level) for score in fit.scores]
    after = [odds_of(score, fit.verifier.level + 1.0) for score in moved.scores]
    assert after == pytest.approx(before, abs=1e-3)
    assert per_hour(moved) < per_hour(fit)


def test_takes_that_none_of_the_others_would_hear_are_told() -> None:
    """Unless rows of them are what is listened for."""
    fit = calibrate(takes(0.1), Negatives(bank()), 1 / 24)
    assert unheard(fit, ()) == []
    assert fit.verifier is not None
    deaf = replace(fit, scores=tuple(0.1 for _ in fit.scores))
    (finding,) = unheard(deaf, ())
    assert finding.stops
    assert "none of the 4 takes" in finding.message
    assert unheard(deaf, ("a pattern",)) == []


def test_the_room_moves_a_level_only_so_far() -> None:
    """A sound that follows the room keeps its threshold; its level is bounded, and no take that
    was heard before is lost."""
    fit = calibrate(takes(0.1), Negatives(bank()), 1 / 24)
    assert fit.verifier is not None
    assert fit.verifier.level is not None
    take = TakeRecord(file="0" * 16 + ".flac", seconds=1.0, start_seconds=0.1, end_seconds=0.5,
                      level_db=-20.0, snr_db=40.0)  # fmt: skip
    sound = SoundRecord(name="x", budget_per_hour=1 / 24, takes=(take,), **fit.changes("some-1"))
    far = fit.at_level(fit.verifier.level + 2.0)
    loud = sound.model_copy(update=far.changes("some-1"))
    after = bounded((sound, fit), (loud, far))
    assert after.threshold == sound.threshold
    assert after.level == pytest.approx(fit.verifier.level + MOST_ODDS, abs=1e-3)
    lost = replace(far, scores=tuple(0.01 for _ in far.scores))
    assert bounded((sound, fit), (loud, lost)) == sound


def test_a_library_from_before_goes_over_and_can_go_back(tmp_path: Path) -> None:
    """Sounds without a level are fitted anew, once; the record until then is kept beside."""
    library, encoder = SoundLibrary(tmp_path), create_encoder("mini")
    files = sorted(asset("demo").glob("whistle_*.flac"))
    enroll_files(library, encoder, "whistle", files)
    fresh = library.get("whistle")
    assert fresh.verifier is not None
    old = fresh.model_copy(
        update={"threshold": 0.31, "verifier": fresh.verifier.model_copy(update={"level": None})}
    )
    library.amend([(fresh, old)])
    (path,) = tmp_path.glob("sounds/*/sound.json")
    before = path.read_bytes()
    (done,) = to_levels(library, encoder)
    assert (done.before, done.after.threshold) == (old, USUAL)
    assert library.get("whistle").level == pytest.approx(fresh.level)
    assert path.with_name("sound.before.json").read_bytes() == before
    assert to_levels(library, encoder) == []
    path.write_bytes(before)
    assert library.get("whistle") == old
