from __future__ import annotations

import numpy as np
import pytest

from wakeword.embedding.embedder import checked
from wakeword.errors import AudioFormatError


def test_good_windows_come_back_unchanged() -> None:
    """Windows of any length from 1 sample to the longest pass, in order."""
    windows = [np.array([0.5], np.float32), np.array([0.0, -0.25, 1.0], np.float32)]
    out = checked(windows, 3)
    assert [w.tolist() for w in out] == [[0.5], [0.0, -0.25, 1.0]]
    assert all(w.dtype == np.float32 for w in out)


def test_no_windows_is_no_error() -> None:
    """An empty batch is a batch."""
    assert checked([], 3) == []


def test_a_matrix_is_a_batch_of_its_rows() -> None:
    """A (count, n) array may stand for a list of windows."""
    out = checked(np.ones((2, 4), np.float32), 4)  # type: ignore[arg-type]
    assert [w.shape for w in out] == [(4,), (4,)]


def test_strided_windows_become_contiguous() -> None:
    """What leaves is contiguous, whatever view came in."""
    (out,) = checked([np.arange(6, dtype=np.float32)[::2]], 3)
    assert out.flags.c_contiguous
    assert out.tolist() == [0.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("window", "says"),
    [
        (np.zeros(0, np.float32), "window 1 is empty"),
        (np.zeros(4, np.float32), "window 1 has 4 samples; this encoder takes 3 at most"),
        (np.zeros((1, 3), np.float32), "mono float32 arrays, not float32 of shape \\(1, 3\\)"),
        (np.zeros(3, np.float64), "not float64 of shape \\(3,\\)"),
        (np.zeros(3, np.int16), "not int16 of shape \\(3,\\)"),
        (np.array([0, np.nan, 0], np.float32), "window 1 holds NaN or infinite samples"),
        (np.array([0, -np.inf, 0], np.float32), "window 1 holds NaN or infinite samples"),
        ([0.0, 0.0], "not list"),
    ],
)
def test_a_bad_window_is_named(window: object, says: str) -> None:
    """The message tells which window is wrong and how."""
    good = np.zeros(3, np.float32)
    with pytest.raises(AudioFormatError, match=says):
        checked([good, window], 3)  # type: ignore[list-item]
