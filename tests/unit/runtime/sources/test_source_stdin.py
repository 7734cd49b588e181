"""Raw PCM on standard input, through real pipes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from numpy.typing import NDArray

from runtime.sources import SourceOptions
from runtime.sources.stdin import StdinSource, create
from wakeword.errors import SourceError


@contextmanager
def pipe(data: bytes, size: int = 4096) -> Iterator[BinaryIO]:
    """The reading end of a pipe that ``data`` comes through in writes of ``size`` bytes."""
    reading, writing = os.pipe()

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as file:
            for i in range(0, len(data), size):
                file.write(data[i : i + size])

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reading, "rb") as file:
        yield file
    thread.join()


def pcm(n: int) -> NDArray[np.int16]:
    """Every 16-bit value that fits."""
    return (np.arange(n) % 65536 - 32768).astype("<i2")


@pytest.mark.parametrize("size", [1, 3, 320, 4096, 200_000])
def test_samples_are_exact_whatever_the_writes(size: int) -> None:
    """Written byte by byte or at once: each sample comes, contiguous, as value / 32768."""
    values = pcm(9_001 if size < 100 else 70_000)
    with pipe(values.tobytes(), size) as stream:
        frames = list(StdinSource(stream))
    assert frames[0].start == 0
    assert [f.start for f in frames[1:]] == [f.end for f in frames[:-1]]
    joined = np.concatenate([f.samples for f in frames])
    np.testing.assert_array_equal(joined, values / np.float32(32768))


def test_channels_are_averaged() -> None:
    """Interleaved channels become their mean; the rate is that of one channel."""
    with pipe(np.array([100, 300, -100, -300], "<i2").tobytes()) as stream:
        source = StdinSource(stream, rate=48_000, channels=2)
        (frame,) = list(source)
    assert frame.rate == source.rate == 48_000
    np.testing.assert_array_equal(frame.samples * 32768, [200, -200])


def test_half_a_sample_at_the_end_is_an_error() -> None:
    """Whole samples are delivered, then the odd byte is told."""
    with pipe(b"\0\0\0") as stream:
        frames = iter(StdinSource(stream))
        assert len(next(frames).samples) == 1
        with pytest.raises(SourceError, match="middle of a sample"):
            next(frames)


@pytest.mark.parametrize(
    ("data", "says"), [(b"", "no audio"), (b"RIFF....WAVEfmt ", "a WAV file"), (b"fLaC", "FLAC")]
)
def test_what_is_no_pcm_is_an_error(data: bytes, says: str) -> None:
    """Nothing at all, or a file with a header that would be heard as noise."""
    with pipe(data) as stream, pytest.raises(SourceError, match=says):
        list(StdinSource(stream))


def test_closing_ends_a_reader_that_waits() -> None:
    """Closed from another thread while the pipe is silent, the iteration ends without an error."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream:
        source = StdinSource(stream)
        timer = threading.Timer(0.1, source.close)
        timer.start()
        assert list(source) == []
        timer.join()
    os.close(writing)


def test_a_stream_without_descriptor_will_do() -> None:
    """A stand-in for standard input, as test runners put there, is read too."""
    (frame,) = list(StdinSource(io.BytesIO(b"\0\x40")))
    assert frame.samples == [0.5]


@pytest.mark.parametrize(
    "rest", ["?rate=0", "?rate=fast", "?bits=8", "?channels=-1", "?rate=", "?rate=99999999"]
)
def test_nonsense_in_the_uri_is_an_error(rest: str) -> None:
    """Settings that do not exist or make no sense are named."""
    with pytest.raises(SourceError, match="makes no sense"):
        create(rest, SourceOptions(16_000))


def test_the_uri_states_rate_and_channels() -> None:
    """``-?rate=8000&channels=2`` in a real process: half a second in, half a second out."""
    code = (
        "from runtime.sources import open_source\n"
        "source = open_source('-?rate=8000&channels=2', 16000)\n"
        "print(source.name, source.live, sum(len(f.samples) for f in source))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=bytes(4000 * 4),
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[4],
    )
    assert done.stdout.decode().split() == ["stdin", "False", "8000"]
