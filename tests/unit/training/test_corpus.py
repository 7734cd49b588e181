from __future__ import annotations

import json

import numpy as np
import pytest

pytest.importorskip("soxr")

from training.config import TrainConfig
from training.corpus import AFTER, BEFORE, HOP, RATE, Clip, Store, windows_of, write_store
from wakeword.audio.logmel import LogMel
from wakeword.encoders.mini import FEWEST_FRAMES, prolonged, window_levels
from wakeword.errors import ConfigError


def clip(seconds=0.5, kind="made", **more):
    samples = np.random.default_rng(0).normal(scale=0.1, size=round(seconds * RATE))
    given = {"group": "g", "clip": "c", "label": "clap", "kind": kind, "held_out": False}
    return Clip(samples.astype(np.float32), **(given | more))


def test_a_store_holds_what_the_runtime_would_hear(tmp_path):
    """The levels that training reads are those that the encoder computes, to half precision."""
    write_store(iter([clip(), clip(0.9, group="h")]), tmp_path)
    store = Store.read(tmp_path)
    sound = clip().samples
    heard = window_levels(LogMel(RATE), sound)
    kept = np.array(store.levels[BEFORE : BEFORE + len(heard)], np.float32)
    np.testing.assert_allclose(kept[2:-2], heard[2:-2], atol=0.05)


def test_items_point_at_their_sounds(tmp_path):
    """First frame, clip bounds and group of every window are right."""
    write_store(iter([clip(), clip(0.9, group="h", held_out=True)]), tmp_path)
    items = Store.read(tmp_path).items
    frames = BEFORE + 50 + AFTER
    assert items["onset"].tolist() == [BEFORE, frames + BEFORE]
    assert items["low"].tolist() == [0, frames]
    assert items["high"][0] == frames
    assert items["group"].tolist() == [0, 1]
    assert items["held"].tolist() == [0, 1]
    assert Store.read(tmp_path).kinds().tolist() == ["made", "made"]


def test_a_long_sound_gives_several_windows():
    """One at its start, then every half second while it goes on."""
    assert len(windows_of(clip(0.5))) == 1
    starts = [first for first, _ in windows_of(clip(3.0))]
    assert starts[0] == 0
    assert len(starts) > 3
    assert all(length > 0 for _, length in windows_of(clip(3.0)))


def test_steady_sound_is_cut_on_a_grid():
    """A background has no beginning: a window each second."""
    assert [first for first, _ in windows_of(clip(4.0, "background"))] == [0, 100, 200, 300]


def test_short_windows_are_prolonged():
    """A window of one sample has as many frames as the network needs."""
    levels = window_levels(LogMel(RATE), np.ones(1, np.float32))
    assert levels.shape == (FEWEST_FRAMES, 64)
    long = np.zeros((98, 64), np.float32)
    assert prolonged(long) is long


def test_hop_is_the_spectrums(tmp_path):
    """Frames of the store are counted in the hop of the one log-mel there is."""
    assert LogMel(RATE).hop == HOP


def test_unknown_settings_are_refused(tmp_path):
    """A misspelt setting is an error, not a default."""
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"minuets": 3}))
    with pytest.raises(ConfigError, match="minuets"):
        TrainConfig.read(path)
    path.write_text(json.dumps({"minutes": 3, "widths": [1, 2, 3, 4]}))
    assert TrainConfig.read(path).widths == (1, 2, 3, 4)
    with pytest.raises(ConfigError, match="cannot be read"):
        TrainConfig.read(tmp_path / "none.json")
