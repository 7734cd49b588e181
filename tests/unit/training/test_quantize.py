"""The network in 8 bits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the extra 'train' is not installed")
pytest.importorskip("torch", reason="the extra 'train' is not installed")

from training.quantize import write_int8
from wakeword.audio.logmel import LogMel
from wakeword.embedding.weights import asset
from wakeword.encoders._onnx import open_session
from wakeword.encoders.mini import RATE, window_levels
from wakeword.testing import noise, placed, tone


def test_eight_bits_are_smaller_and_hear_the_same(tmp_path: Path) -> None:
    """Two thirds of the size at most, the same input and output, vectors nearly the same."""
    rng, logmel = np.random.default_rng(0), LogMel(RATE)
    windows = [
        placed(noise(1.0, seed=i, level_db=-50.0), (0.3, tone(rng.uniform(300, 5000), 0.3)))
        for i in range(10)
    ]
    plain, small = asset("models", "mini", "mini.onnx"), tmp_path / "small.onnx"
    write_int8(plain, small, windows[:8], last=False)
    assert small.stat().st_size < 0.67 * plain.stat().st_size
    assert [file.name for file in tmp_path.iterdir()] == [small.name]
    sessions = [open_session(path, 1) for path in (plain, small)]
    for window in (*windows[8:], windows[8][:8000]):
        levels = window_levels(logmel, window)[None]
        before, after = (session.run(None, {"levels": levels})[0] for session in sessions)
        assert before.shape == after.shape
        assert float((before * after).sum()) > 0.95
