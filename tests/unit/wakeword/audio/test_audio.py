"""Frames, blocks, mixing and levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wakeword.audio.frames import (
    SILENCE_DB,
    AudioFrame,
    Blocker,
    level_db,
    mono,
)
from wakeword.errors import AudioFormatError


def ramp(n: int, start: int = 0) -> AudioFrame:
    """Samples whose values are their indices."""
    return AudioFrame(np.arange(start, start + n, dtype=np.float32), start, 10)


def test_a_frame_knows_its_place() -> None:
    """End and length follow from start and samples."""
    frame = ramp(5, 20)
    assert (frame.end, frame.seconds) == (25, 0.5)


@pytest.mark.parametrize(
    ("samples", "rate", "says"),
    [
        (np.zeros(3, np.float32), 0, "must be positive"),
        (np.zeros((3, 2), np.float32), 10, "mono float32"),
        (np.zeros(3, np.int16), 10, "not int16"),
        (np.zeros(3), 10, "not float64"),
        (np.array([0, np.nan], np.float32), 10, "NaN"),
        (np.array([np.inf], np.float32), 10, "infinite"),
    ],
)
def test_a_frame_refuses_what_is_no_audio(samples: np.ndarray, rate: int, says: str) -> None:
    """Wrong shape, type, rate or value is an error at once, not nonsense later."""
    with pytest.raises(AudioFormatError, match=says):
        AudioFrame(samples, 0, rate)


def test_blocks_are_cut_and_the_rest_is_kept() -> None:
    """Whole blocks come at once; flush gives what is left, once."""
    blocker = Blocker(4)
    blocks = list(blocker.push(ramp(6)))
    assert [(b.start, b.samples.tolist()) for b in blocks] == [(0, [0, 1, 2, 3])]
    assert blocker.position == 6
    assert [b.samples.tolist() for b in blocker.push(ramp(3, 6))] == [[4, 5, 6, 7]]
    assert [(b.start, b.samples.tolist()) for b in blocker.flush(10)] == [(8, [8])]
    assert list(blocker.flush(10)) == []
    assert blocker.position == 9


@given(sizes=st.lists(st.integers(0, 9), max_size=30), block=st.integers(1, 7))
def test_the_cut_does_not_depend_on_the_chunks(sizes: list[int], block: int) -> None:
    """Whatever the chunks, the blocks are those of the whole stream, and none is lost."""
    total, blocker = 0, Blocker(block)
    blocks: list[AudioFrame] = []
    for size in sizes:
        blocks += blocker.push(ramp(size, total))
        total += size
    blocks += blocker.flush(10)
    expected = [list(range(i, min(i + block, total))) for i in range(0, total, block)]
    assert [b.samples.tolist() for b in blocks] == expected
    assert [b.start for b in blocks] == list(range(0, total, block))


def test_reset_begins_where_it_is_told() -> None:
    """After a reset the buffer is empty and the next sample is the given one."""
    blocker = Blocker(4)
    list(blocker.push(ramp(3)))
    blocker.reset(100)
    assert blocker.position == 100
    assert [b.start for b in blocker.push(ramp(4, 100))] == [100]


def test_channels_are_averaged() -> None:
    """Stereo becomes the mean, whichever axis holds the channels."""
    stereo = np.array([[1.0, 0.0], [0.5, -0.5], [0.0, 1.0]], np.float32)
    assert mono(stereo).tolist() == [0.5, 0.0, 0.5]
    assert mono(stereo.T, channels_last=False).tolist() == [0.5, 0.0, 0.5]
    assert mono(np.array([0.25])).dtype == np.float32


@pytest.mark.parametrize("samples", [np.zeros((2, 2, 2)), np.array([[np.nan, 0.0]]), np.array(1.0)])
def test_mono_refuses_what_is_no_audio(samples: np.ndarray) -> None:
    """Three dimensions, none, or NaN in one channel are errors."""
    with pytest.raises(AudioFormatError):
        mono(samples)


def test_levels() -> None:
    """Full scale is 0 dB, a tenth -20; nothing and silence have the floor."""
    assert level_db(np.ones(10, np.float32)) == pytest.approx(0.0)
    assert level_db(np.full(10, 0.1, np.float32)) == pytest.approx(-20.0, abs=1e-5)
    assert level_db(np.zeros(10, np.float32)) == SILENCE_DB
    assert level_db(np.zeros(0, np.float32)) == SILENCE_DB
    assert level_db(np.full(4, 1e-20, np.float32)) == SILENCE_DB
