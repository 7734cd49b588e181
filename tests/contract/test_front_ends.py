"""What every front end promises. Front ends are found by walking the package."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword import plugins
from wakeword.audio import AudioFrame, FloatArray
from wakeword.errors import MissingExtra
from wakeword.front_ends import create_front_end
from wakeword.protocols import FrontEnd
from wakeword.testing import RATE, burst, frames, noise, placed, silence, tone


@pytest.fixture(params=plugins.names("wakeword.front_ends"))
def front_end(request: pytest.FixtureRequest) -> FrontEnd:
    """One of each."""
    try:
        return create_front_end(request.param, RATE)
    except MissingExtra as error:
        pytest.skip(str(error))


def stream() -> FloatArray:
    """Noise with a tone and a clap in it; its last block is short."""
    return placed(noise(3.03), (1.0, tone(440, 0.4)), (2.0, burst(0.2)))


def heard(front_end: FrontEnd, samples: FloatArray, size: int) -> FloatArray:
    """What comes out when the stream comes in frames of this size."""
    return np.concatenate([front_end(frame).samples for frame in frames(samples, size)])


def test_it_fits_the_seam(front_end: FrontEnd) -> None:
    """It has the members of the protocol, and is late by a tenth of a second at most."""
    assert isinstance(front_end, FrontEnd)
    assert 0 <= front_end.latency <= RATE // 10


def test_frame_in_frame_out(front_end: FrontEnd) -> None:
    """As many samples at the same times, whatever the size; all finite float32."""
    start = 7
    for size in (1, 77, 1600, 5000):
        given = AudioFrame(noise(1.0)[:size], start, RATE)
        got = front_end(given)
        assert (got.start, got.end, got.rate) == (given.start, given.end, RATE)
        start = given.end


def test_the_size_of_the_frames_changes_nothing(front_end: FrontEnd) -> None:
    """Cut in any way, the stream sounds the same."""
    whole = heard(front_end, stream(), 10**9)
    for size in (77, 512, 1600):
        front_end.reset()
        assert np.array_equal(heard(front_end, stream(), size), whole)


def test_a_fresh_start_forgets_all(front_end: FrontEnd) -> None:
    """After ``reset`` it is as new, so the same audio always gives the same."""
    first = heard(front_end, stream(), 1600)
    front_end.reset()
    assert np.array_equal(heard(front_end, stream(), 1600), first)


def test_it_is_as_late_as_it_says(front_end: FrontEnd) -> None:
    """A clap comes out ``latency`` samples after it went in, to a few milliseconds."""
    clap = placed(silence(2.0), (1.0, burst(0.05)))
    out = heard(front_end, clap, 1600)
    shifts = range(0, RATE // 8)
    likeness = [float(np.dot(out[shift:], clap[: len(clap) - shift])) for shift in shifts]
    assert abs(int(np.argmax(np.abs(likeness))) - front_end.latency) <= RATE // 200


def test_silence_stays_silent(front_end: FrontEnd) -> None:
    """Nothing is made up."""
    assert np.abs(heard(front_end, silence(1.0), 1600)).max() < 1e-4


def test_a_sound_comes_through(front_end: FrontEnd) -> None:
    """A loud tone loses less than half of its level."""
    out = heard(front_end, placed(noise(3.0), (1.0, tone(440, 0.4))), 1600)
    there = slice(round(1.1 * RATE), round(1.4 * RATE))
    level = np.sqrt(np.mean(np.square(out[there])))
    assert level > 0.5 * np.sqrt(np.mean(np.square(tone(440, 0.4))))
