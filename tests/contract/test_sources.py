"""What every source promises. Sources are found by walking the package."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.contract.recipes import make_source
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.resampling import resample
from wakeword.protocols import Source, plugin_names
from wakeword.testing import noise, placed, tone

Make = Callable[..., Source]


def tape(rate: int) -> FloatArray:
    """A second and a bit, in steps of 16 bit."""
    samples = placed(noise(1.234, rate, -40.0), (0.5, tone(440, 0.3, rate)), rate=rate)
    return np.asarray(np.rint(samples * 32768) / 32768, np.float32)


@pytest.fixture(params=plugin_names("runtime.sources"))
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    """Makes one of each, that plays a tape."""

    def made(rate: int = 16000, wanted: int = 16000, block_seconds: float = 0.1) -> Source:
        return make_source(request.param, tape(rate), rate, wanted, tmp_path, block_seconds)

    return made


def hear(source: Source, samples: int) -> list[AudioFrame]:
    """Frames until its end, or, of a live one, until so many samples came."""
    heard: list[AudioFrame] = []
    for frame in source:
        heard.append(frame)
        if source.live and frame.end >= samples:
            break
    source.close()
    return heard


def test_it_fits_the_seam(make: Make) -> None:
    """It has the members of the protocol, and a name to show."""
    source = make()
    assert isinstance(source, Source)
    assert source.name
    assert source.rate == 16000
    assert isinstance(source.live, bool)
    source.close()


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_every_sample_comes_once_and_in_its_place(make: Make, rate: int) -> None:
    """Frames begin at 0, follow each other without a gap, are never empty, and hold the audio
    resampled as one stream, to its last sample."""
    expected = resample(tape(rate), rate, 16000)
    source = make(rate)
    heard = hear(source, len(expected) - 2000 if source.live else 0)
    assert {frame.rate for frame in heard} == {16000}
    assert all(len(frame.samples) for frame in heard)
    assert [frame.start for frame in heard] == [0, *(frame.end for frame in heard[:-1])]
    samples = np.concatenate([frame.samples for frame in heard])
    assert len(samples) == len(expected) or source.live
    np.testing.assert_allclose(samples, expected[: len(samples)], atol=1e-6)


def test_the_size_of_its_blocks_changes_nothing(make: Make) -> None:
    """Short blocks, long ones: the same samples, bit for bit."""
    count = len(resample(tape(48000), 48000, 16000)) - 2000
    heard = []
    for block_seconds in (0.01, 0.1, 10.0):
        frames = hear(make(48000, block_seconds=block_seconds), count)
        heard.append(np.concatenate([frame.samples for frame in frames])[:count])
    np.testing.assert_array_equal(heard[0], heard[1])
    np.testing.assert_array_equal(heard[0], heard[2])


def test_close_ends_it(make: Make) -> None:
    """Before it began, or from another thread in the middle; closing twice is harmless."""
    source = make()
    source.close()
    source.close()
    assert list(source) == []
    source = make()
    heard: list[AudioFrame] = []
    thread = threading.Thread(target=lambda: heard.extend(source))
    thread.start()
    source.close()
    thread.join(10)
    assert not thread.is_alive()
    source.close()
