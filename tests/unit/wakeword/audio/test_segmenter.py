"""Segments and windows, on a grid of one sample per block."""

from __future__ import annotations

import numpy as np

from wakeword.audio.frames import AudioFrame
from wakeword.audio.segmenter import Segmenter, SegmenterConfig
from wakeword.events import Window

CONFIG = SegmenterConfig(hop_seconds=0.1, pre_roll_seconds=0.2, hangover_seconds=0.3)
"""At 10 samples per second: blocks of 1 sample, 2 of pre-roll, 3 of hangover."""


def run(segmenter: Segmenter, active: str, start: int = 0) -> list[list[float] | None]:
    """Push blocks whose one sample is their index; ``#`` is active. Samples of each window."""
    windows: list[Window | None] = []
    for i, mark in enumerate(active, start):
        block = AudioFrame(np.array([i], np.float32), i, 10)
        windows.append(segmenter.push(block, mark == "#"))
    for window in windows:
        if window is not None:
            assert window.samples.tolist() == list(range(window.start, window.end))
    return [None if w is None else w.samples.tolist() for w in windows]


def test_nothing_comes_while_the_gate_is_shut() -> None:
    """No window without an active block."""
    assert run(Segmenter(10, 0.5, CONFIG), "......") == [None] * 6


def test_a_segment_has_pre_roll_and_hangover() -> None:
    """It begins 2 samples before the active block and outlives it by 3 blocks."""
    windows = run(Segmenter(10, 0.5, CONFIG), "....#.....")
    assert windows[4:8] == [[2, 3, 4], [2, 3, 4, 5], [2, 3, 4, 5, 6], [3, 4, 5, 6, 7]]
    assert windows[:4] == [None] * 4
    assert windows[8:] == [None] * 2


def test_a_window_slides_once_it_is_full() -> None:
    """It never grows beyond 5 samples and always ends with the block."""
    windows = run(Segmenter(10, 0.5, CONFIG), "########")
    assert windows[4:] == [[0, 1, 2, 3, 4], [1, 2, 3, 4, 5], [2, 3, 4, 5, 6], [3, 4, 5, 6, 7]]


def test_activity_in_the_hangover_goes_on() -> None:
    """A pause shorter than the hangover does not end the segment."""
    windows = run(Segmenter(10, 0.5, CONFIG), "..#..#....")
    assert [w is not None for w in windows] == [i in range(2, 9) for i in range(10)]


def test_segments_do_not_overlap() -> None:
    """The pre-roll of the next segment ends where the last one did."""
    windows = run(Segmenter(10, 1.0, CONFIG), "#....#")
    assert windows[3] == [0, 1, 2, 3]
    assert windows[4] is None
    assert windows[5] == [4, 5]


def test_windows_name_their_segment() -> None:
    """segment_start stays while the window slides on."""
    segmenter = Segmenter(10, 0.5, CONFIG)
    run(segmenter, "....")
    blocks = [AudioFrame(np.array([i], np.float32), i, 10) for i in range(4, 12)]
    windows = [segmenter.push(block, True) for block in blocks]
    assert {w.segment_start for w in windows if w} == {2}
    assert [w.start for w in windows if w] == [2, 2, 2, 3, 4, 5, 6, 7]


def test_pre_roll_cannot_reach_before_the_stream() -> None:
    """At the very start there is as much as there is, also where the stream begins late."""
    assert run(Segmenter(10, 0.5, CONFIG), "#")[0] == [0]
    assert run(Segmenter(10, 0.5, CONFIG), ".#", start=100)[1] == [100, 101]


def test_reset_forgets() -> None:
    """After a reset nothing of the old stream is in a window."""
    segmenter = Segmenter(10, 0.5, CONFIG)
    run(segmenter, "..##")
    assert segmenter.open
    segmenter.reset()
    assert not segmenter.open
    assert run(segmenter, "..#", start=50)[2] == [50, 51, 52]


def test_hangover_is_rounded_up_to_blocks() -> None:
    """0.25 s at a hop of 0.1 s are 3 blocks; exact multiples gain none."""
    assert Segmenter(10, 0.5, CONFIG).hangover_blocks == 3
    odd = SegmenterConfig(hop_seconds=0.1, hangover_seconds=0.25)
    assert Segmenter(10, 0.5, odd).hangover_blocks == 3
    none = SegmenterConfig(hangover_seconds=0.0)
    assert run(Segmenter(10, 0.5, none), "...#.")[4] is None


def test_a_short_last_block_is_a_block() -> None:
    """The tail of a recording may be shorter than a hop."""
    config = SegmenterConfig(hop_seconds=0.3, pre_roll_seconds=0.2)
    segmenter = Segmenter(10, 0.5, config)
    segmenter.push(AudioFrame(np.arange(3, dtype=np.float32), 0, 10), False)
    window = segmenter.push(AudioFrame(np.array([3], np.float32), 3, 10), True)
    assert window is not None
    assert window.samples.tolist() == [1, 2, 3]
