"""Resampling: the same samples however the audio arrives."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from wakeword.audio.frames import FloatArray
from wakeword.audio.resampling import Resampler, resample
from wakeword.errors import AudioFormatError

PAIRS = [(48_000, 16_000), (44_100, 16_000), (8_000, 16_000), (16_000, 48_000), (16_000, 16_000)]


def noise(n: int) -> FloatArray:
    """Reproducible noise."""
    return (0.2 * np.random.default_rng(1).standard_normal(n)).astype(np.float32)


def streamed(resampler: Resampler, samples: FloatArray, size: int) -> FloatArray:
    """Push in chunks of ``size`` and flush."""
    chunks = [resampler.push(samples[i : i + size]) for i in range(0, len(samples), size)]
    return np.concatenate([*chunks, resampler.flush()])


@pytest.mark.parametrize(("in_rate", "out_rate"), PAIRS)
def test_chunk_size_changes_no_bit(in_rate: int, out_rate: int) -> None:
    """1, 160, 512, 4096 samples or all at once: equal bit for bit, to the last sample."""
    samples = noise(in_rate + 7)
    whole = resample(samples, in_rate, out_rate)
    assert whole.dtype == np.float32
    assert len(whole) == round(len(samples) * out_rate / in_rate)
    for size in (1, 160, 512, 4096, len(samples)):
        chunked = streamed(Resampler(in_rate, out_rate), samples, size)
        np.testing.assert_array_equal(chunked, whole)


@pytest.mark.parametrize(("in_rate", "out_rate"), PAIRS)
def test_a_tone_stays_in_place(in_rate: int, out_rate: int) -> None:
    """Resampling shifts nothing in time and changes no level: 60 dB or better."""

    def tone(rate: int) -> FloatArray:
        return np.sin(2 * np.pi * 1000 * np.arange(rate) / rate).astype(np.float32)

    error = resample(tone(in_rate), in_rate, out_rate) - tone(out_rate)
    middle = error[out_rate // 4 : -out_rate // 4]
    assert np.abs(middle).max() < 1e-3


def test_streaming_equals_the_library() -> None:
    """The stream gives what soxr's one-shot function gives."""
    samples = noise(48_000)
    np.testing.assert_array_equal(
        streamed(Resampler(48_000, 16_000), samples, 480),
        soxr.resample(samples, 48_000, 16_000, quality="HQ"),
    )


def test_flush_begins_a_new_stream() -> None:
    """After a flush, and after a reset, the past is forgotten."""
    resampler = Resampler(48_000, 16_000)
    first = streamed(resampler, noise(4800), 480)
    np.testing.assert_array_equal(streamed(resampler, noise(4800), 480), first)
    resampler.push(np.ones(1000, np.float32))
    resampler.reset()
    np.testing.assert_array_equal(streamed(resampler, noise(4800), 480), first)


def test_nothing_gives_nothing() -> None:
    """Empty input is harmless, before and in a stream."""
    empty = np.zeros(0, np.float32)
    assert len(resample(empty, 48_000, 16_000)) == 0
    assert len(resample(empty, 16_000, 16_000)) == 0
    resampler = Resampler(48_000, 16_000)
    assert len(resampler.push(empty)) == 0
    assert len(resampler.flush()) == 0


@pytest.mark.parametrize(("in_rate", "out_rate"), [(0, 16_000), (16_000, -1)])
def test_impossible_rates_are_refused(in_rate: int, out_rate: int) -> None:
    """A rate that is not positive is an error, not an endless stream."""
    with pytest.raises(AudioFormatError):
        Resampler(in_rate, out_rate)
