"""Sources at the engine's rate: contiguous frames, each sample resampled once, gaps kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from runtime.sources._resampled import Resampled
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.resampling import resample
from wakeword.protocols import Source


class Listed(Source):
    """A source of given frames."""

    name = "listed"
    live = True

    def __init__(self, rate: int, frames: list[AudioFrame]) -> None:
        self.rate = rate
        self.frames = frames
        self.closed = False

    def __iter__(self) -> Iterator[AudioFrame]:
        return iter(self.frames)

    def close(self) -> None:
        self.closed = True


def noise(n: int) -> FloatArray:
    return (0.2 * np.random.default_rng(2).standard_normal(n)).astype(np.float32)


def cut(samples: FloatArray, size: int, rate: int, start: int = 0) -> list[AudioFrame]:
    """Frames of ``size`` samples."""
    return [
        AudioFrame(samples[i : i + size], start + i, rate) for i in range(0, len(samples), size)
    ]


def test_it_is_a_source() -> None:
    """It has every member of the protocol, passes name and liveness on, and closes."""
    inner = Listed(48_000, [])
    source: Source = Resampled(inner, 16_000)
    assert isinstance(source, Source)
    assert (source.name, source.rate, source.live) == ("listed", 16_000, True)
    source.close()
    assert inner.closed


@pytest.mark.parametrize("in_rate", [48_000, 44_100, 8_000, 16_000])
@pytest.mark.parametrize("size", [160, 4096, 10**6])
def test_frames_are_contiguous_and_equal_the_whole(in_rate: int, size: int) -> None:
    """However the input is cut, the output is the recording resampled as a whole, tail and all."""
    samples = noise(in_rate + 13)
    frames = list(Resampled(Listed(in_rate, cut(samples, size, in_rate)), 16_000))
    assert frames[0].start == 0
    assert [f.start for f in frames[1:]] == [f.end for f in frames[:-1]]
    assert all(f.rate == 16_000 and len(f.samples) for f in frames)
    joined = np.concatenate([f.samples for f in frames])
    np.testing.assert_array_equal(joined, resample(samples, in_rate, 16_000))


def test_a_gap_in_the_input_is_a_gap_in_the_output() -> None:
    """Half a second lost: what was before is played out, what follows stands in its place."""
    before, after = noise(48_000), noise(24_000)
    frames = cut(before, 480, 48_000) + cut(after, 480, 48_000, start=72_000)
    source = Resampled(Listed(48_000, frames), 16_000)
    out = list(source)
    first = np.concatenate([f.samples for f in out if f.start < 20_000])
    second = np.concatenate([f.samples for f in out if f.start >= 20_000])
    np.testing.assert_array_equal(first, resample(before, 48_000, 16_000))
    np.testing.assert_array_equal(second, resample(after, 48_000, 16_000))
    jumps = [(a.end, b.start) for a, b in pairwise(out) if a.end != b.start]
    assert jumps == [(16_000, 24_000)]
    assert source.samples_lost == 8_000


def test_a_device_that_returns_at_another_rate_stays_in_time() -> None:
    """One second at 48 kHz, then from second 3 on 44.1 kHz: the output starts again at second 3."""
    frames = [
        *cut(noise(48_000), 480, 48_000),
        *cut(noise(44_100), 441, 44_100, start=3 * 44_100),
    ]
    out = list(Resampled(Listed(48_000, frames), 16_000))
    assert next(f.start for f in out if f.start >= 20_000) == 48_000
    assert out[-1].end == 64_000


def test_nothing_stays_nothing() -> None:
    """A source without frames gives none."""
    assert list(Resampled(Listed(48_000, []), 16_000)) == []
