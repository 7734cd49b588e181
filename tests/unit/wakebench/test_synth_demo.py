"""The demo's sounds: what ships is what the generator makes, and it is what it claims."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wakebench.synth.demo_assets import SNR_DB, SOUNDS, make_demo
from wakebench.synth.level import power_db

SHIPPED = Path(__file__).parents[3] / "assets" / "demo"
ROUNDING = 4 / 32_768
"""What different processors' mathematics may differ by."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's sounds, made now."""
    folder = tmp_path_factory.mktemp("demo")
    make_demo(folder)
    return folder


def test_what_ships_is_what_is_made(made: Path) -> None:
    """Every shipped file comes from the generator, and nothing else ships."""
    assert {path.name for path in SHIPPED.iterdir()} == {path.name for path in made.iterdir()}
    for path in sorted(made.glob("*.flac")):
        now, now_rate = soundfile.read(path)
        shipped, shipped_rate = soundfile.read(SHIPPED / path.name)
        assert now_rate == shipped_rate == 16_000
        np.testing.assert_allclose(now, shipped, rtol=0, atol=ROUNDING)
    truth = "noisy_minute.json"
    assert (made / truth).read_text() == (SHIPPED / truth).read_text()


def test_the_folder_stays_small() -> None:
    """The demo ships with the project: under 1.5 MB."""
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 1_500_000


def test_takes_are_fit_to_enroll() -> None:
    """Half a second of quiet room on either side, no clipping, levels that differ."""
    for name in SOUNDS:
        peaks = []
        for number in (1, 2, 3):
            take, _ = soundfile.read(SHIPPED / f"{name}_{number}.flac")
            peaks.append(float(np.abs(take).max()))
            assert peaks[-1] < 0.97
            assert power_db(take[:7_600]) < -55
            assert power_db(take[-7_600:]) < -55
        assert max(peaks) / min(peaks) > 1.5


def test_the_minute_is_what_it_says() -> None:
    """60 s; five whistles, four double knocks; apart from each other and louder than the noise."""
    minute, rate = soundfile.read(SHIPPED / "noisy_minute.flac")
    truth = json.loads((SHIPPED / "noisy_minute.json").read_text())
    assert len(minute) / rate == truth["seconds"] == 60.0
    names = [event["sound"] for event in truth["events"]]
    assert {name: names.count(name) for name in names} == {n: c for n, (_, c) in SOUNDS.items()}
    everything = sorted(
        [*truth["events"], *truth["near_misses"]], key=lambda placed: float(placed["start"])
    )
    for placed, following in pairwise(everything):
        assert following["start"] - placed["end"] > 1.5
    for placed in everything:
        assert SNR_DB[0] - 0.1 <= placed["snr_db"] <= SNR_DB[1] + 0.1
        first, last = int(placed["start"] * rate), int(placed["end"] * rate)
        before = power_db(minute[first - rate // 2 : first - 400])
        assert power_db(minute[first:last]) > before + 5
