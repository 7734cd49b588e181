"""The monitor on real recordings: what the documentation says of fitted thresholds still holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakebench.monitor import Material, Stream, Watched, alerts_of, matched
from wakeword.encoders import create_encoder
from wakeword.labels.watch import AlarmConfig, WatchConfig

pytestmark = pytest.mark.slow

DATA = Path(__file__).parents[3] / "shared" / "data"
BUDGET = 0.5
MINUTES = 5.0


@pytest.fixture(scope="module")
def material() -> Material:
    if not (DATA / "manifest.csv").is_file():
        pytest.skip("the recordings of ../shared/data are not here")
    return Material(DATA, 16000)


@pytest.fixture(scope="module")
def watched() -> Watched:
    return Watched(create_encoder("mini"), WatchConfig())


@pytest.fixture(scope="module")
def alarms(watched: Watched) -> dict[str, AlarmConfig]:
    fits = watched.thresholds(BUDGET)
    return {label: AlarmConfig(fit.threshold) for label, fit in fits.items()}


def test_speech_and_home_noise_raise_next_to_nothing(
    material: Material, watched: Watched, alarms: dict[str, AlarmConfig]
) -> None:
    """None of seven labels in ten minutes; one is left for another machine."""
    quiet: list[Stream] = material.quiet(MINUTES * 60)
    assert sum(len(stream.samples) for stream in quiet) >= 2 * MINUTES * 60 * 16000
    looks = [watched.looks(stream) for stream in quiet]
    alerts = [
        (label, stream.at(confirmed - 1))
        for label, alarm in alarms.items()
        for stream, seen in zip(quiet, looks, strict=True)
        for _, confirmed in alerts_of(seen, label, alarm)
    ]
    assert len(alerts) <= 1, alerts


def test_the_right_alerts_come(
    material: Material, watched: Watched, alarms: dict[str, AlarmConfig]
) -> None:
    """Many of the sounds alert under their own label, and next to none under another."""
    stream = material.events()
    looks = watched.looks(stream)
    heard = others = 0
    for label, alarm in alarms.items():
        found, wrong = matched(stream, label, alerts_of(looks, label, alarm), 16000)
        heard, others = heard + found, others + wrong
    assert heard >= 14, heard
    assert others <= 2, others
