"""When is a gate in time, and how long is it open?"""

from __future__ import annotations

import numpy as np
import pytest

from wakebench.compose import CLEAN
from wakebench.gates import NAMES, Opened, gate_figures, make_gate, open_blocks, watch
from wakebench.stream import Layout, Placed
from wakebench.synth import RATE
from wakeword.audio.flac import write_flac
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.testing import noise, placed, tone


class Scripted:
    """A gate that opens in the blocks it is told."""

    def __init__(self, *blocks):
        self.blocks, self.now = set(blocks), -1

    def __call__(self, frame):
        self.now += 1
        return self.now in self.blocks

    def reset(self):
        self.now = -1


def test_a_segment_outlives_the_gate_by_the_hangover():
    config = SegmenterConfig(hop_seconds=0.1, hangover_seconds=0.3)
    opened = open_blocks(Scripted(2), np.zeros(RATE, np.float32), config)
    assert np.flatnonzero(opened).tolist() == [2, 3, 4, 5]


def test_every_gate_of_the_table_can_be_made():
    for name in NAMES:
        assert make_gate(name) is not None


def test_a_tone_opens_the_band_gate_in_time_and_silence_does_not(tmp_path):
    samples = placed(noise(6.0, level_db=-70.0), (3.0, tone(1000, 0.5)))
    (tmp_path / "streams").mkdir()
    write_flac(tmp_path / "streams" / "a.flac", samples, RATE)
    layout = Layout(len(samples), (Placed("beep", 0, 3 * RATE, round(3.5 * RATE)),), ())
    opened = watch("a", layout, tmp_path)
    band = NAMES.index("band")
    assert opened.in_time[band] == (True,)
    assert opened.at_all[band] == (True,)
    assert 0.05 < opened.open_share[band] < 0.3


def test_figures_are_shares_by_family_and_background():
    layout = Layout(10 * RATE, (Placed("a", 0, 0, 1), Placed("b", 0, 5, 6)), ())
    count = len(NAMES)
    opened = Opened(((True, False),) * count, ((True, True),) * count, (0.5,) * count)
    quiet = Opened(((),) * count, ((),) * count, (0.25,) * count)
    long = Layout(30 * RATE, (), ())
    found = gate_figures(
        [(CLEAN, layout, opened)],
        [("noise", long, quiet), ("noise", Layout(10 * RATE, (), ()), opened)],
        {"a": "bird", "b": "dog"},
    )
    assert found["in_time"] == {
        "all, clean": [0.5] * count,
        "bird, clean": [1.0] * count,
        "dog, clean": [0.0] * count,
    }
    assert found["at_all"]["dog, clean"] == [1.0] * count
    assert found["open_share"]["noise"][0] == pytest.approx(0.3125)
    assert found["events"]["all, clean"] == 2
