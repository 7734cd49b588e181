"""Log-mel spectra."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.audio.frames import SILENCE_DB, level_db
from wakeword.audio.logmel import (
    LogMel,
    decibels,
    hz_to_mel,
    mel_to_hz,
)
from wakeword.testing import noise, silence, tone


def test_mel_and_back() -> None:
    """The two formulas are inverse; 1000 Hz is about 1000 mel."""
    hz = np.array([50.0, 440.0, 1000.0, 8000.0])
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(hz)), hz)
    assert hz_to_mel(np.array([1000.0]))[0] == pytest.approx(1000.0, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_frames_are_counted_exactly(rate: int) -> None:
    """1 + (n - frame) // hop frames, none when there is less than one."""
    spectrum = LogMel(rate)
    assert spectrum.frame == rate // 40
    assert spectrum.hop == rate // 100
    for n in (0, 1, spectrum.frame - 1):
        assert spectrum.power(np.zeros(n, np.float32)).shape == (0, 64)
    for n in (spectrum.frame, spectrum.frame + spectrum.hop - 1):
        assert spectrum.power(np.zeros(n, np.float32)).shape == (1, 64)
    assert len(spectrum.power(np.zeros(spectrum.frame + spectrum.hop, np.float32))) == 2


@pytest.mark.parametrize("rate", [16000, 48000])
@pytest.mark.parametrize("hz", [200.0, 1000.0, 3000.0])
def test_a_tone_has_its_level_in_its_band(rate: int, hz: float) -> None:
    """The bands of a tone add up to its mean square, and the loudest is where it belongs."""
    spectrum = LogMel(rate)
    power = spectrum.power(tone(hz, 0.5, rate, -20.0))[10:-10]
    assert np.allclose(10 * np.log10(power.sum(axis=1)), -20.0, atol=0.3)
    low, high = hz_to_mel(np.array([50.0, 8000.0]))
    edges = mel_to_hz(np.linspace(low, high, 66))
    loudest = int(power.mean(axis=0).argmax())
    assert edges[loudest] < hz < edges[loudest + 2]


def test_noise_keeps_its_level() -> None:
    """The scale holds for noise as well: the bands hold what lies between their edges."""
    samples = noise(1.0, level_db=-30.0)
    total = LogMel(16000).power(samples).sum(axis=1).mean()
    assert 10 * np.log10(total) == pytest.approx(level_db(samples), abs=0.3)


def test_silence_has_a_floor() -> None:
    """Digital silence is SILENCE_DB everywhere, never minus infinity."""
    np.testing.assert_allclose(LogMel(16000)(silence(0.1)), SILENCE_DB, atol=1e-4)
    assert decibels(np.array([0.0, 1.0], np.float32)) == pytest.approx([SILENCE_DB, 0.0])


def test_no_filter_is_empty() -> None:
    """Every band of the default spectrum hears something at the rates in use."""
    for rate in (16000, 48000):
        assert (LogMel(rate).filters.sum(axis=0) > 0).all()


def test_the_highest_band_ends_at_half_the_rate() -> None:
    """At 8 kHz the bands end at 4 kHz, not in thin air."""
    assert LogMel(8000).high_hz == 4000
