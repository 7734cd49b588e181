"""Pink noise."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.audio.simulation import pink_noise


def test_it_has_the_level_that_was_asked_for():
    assert np.sqrt(np.mean(pink_noise(16000, 16000, 0.1) ** 2)) == pytest.approx(0.1, rel=1e-4)


def test_each_octave_has_the_same_power():
    power = np.square(np.abs(np.fft.rfft(pink_noise(160_000, 16000, 1.0))))
    hz = np.fft.rfftfreq(160_000, 1 / 16000)
    octaves = [power[(hz >= low) & (hz < 2 * low)].sum() for low in (250, 500, 1000, 2000)]
    assert max(octaves) / min(octaves) < 1.3


@pytest.mark.parametrize("count", [0, 1, 2, 100])
def test_it_is_always_the_same(count):
    """Also when it is too short to be pink."""
    noise = pink_noise(count, 16000, 0.1)
    assert noise.shape == (count,)
    assert np.isfinite(noise).all()
    assert np.array_equal(noise, pink_noise(count, 16000, 0.1))
