"""The band gate: deaf to steady noise, awake for anything sudden in any band."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.audio.frames import FloatArray
from wakeword.gates.band import BandGate
from wakeword.testing import RATE, burst, frames, noise, placed, silence, tone

HOP = RATE // 10


def opened(gate: BandGate, samples: FloatArray) -> list[int]:
    """Blocks of 0.1 s in which it is open."""
    return [i for i, block in enumerate(frames(samples, HOP)) if gate(block)]


def test_silence_stays_shut() -> None:
    """Digital silence never opens it, from the first block on."""
    assert opened(BandGate(RATE), silence(3.0)) == []


@pytest.mark.parametrize("level_db", [-60.0, -40.0, -20.0])
def test_steady_noise_is_background(level_db: float) -> None:
    """However loud, noise that does not change leaves it shut, 98 times of 100."""
    gate = BandGate(RATE)
    assert len(opened(gate, noise(60.0, level_db=level_db))) <= 12


def test_noise_that_begins_becomes_background() -> None:
    """A fan that starts opens it, and is background within a few seconds."""
    fan = noise(12.0, level_db=-40.0)
    found = opened(BandGate(RATE), np.concatenate([noise(2.0, level_db=-70.0), fan]))
    assert found[0] in (19, 20)
    assert found == list(range(found[0], found[-1] + 1))
    assert found[-1] < 60


@pytest.mark.parametrize("hz", [200.0, 1000.0, 3000.0, 7000.0])
def test_a_tone_in_noise_opens_it(hz: float) -> None:
    """A tone 3 dB above the noise as a whole is heard, since its band stands out; also above
    4 kHz, where voice detectors are deaf."""
    samples = placed(noise(4.0, level_db=-40.0), (2.0, tone(hz, 0.3, level_db=-37.0)))
    found = opened(BandGate(RATE), samples)
    assert {20, 21, 22} <= set(found)
    assert set(found) <= {19, 20, 21, 22, 23}


def test_a_clap_opens_it_at_once() -> None:
    """The block that holds the beginning is open already."""
    samples = placed(noise(3.0, level_db=-50.0), (2.02, burst(0.05)))
    assert 20 in opened(BandGate(RATE), samples)


def test_what_nobody_could_hear_is_nothing() -> None:
    """Over digital silence, below about -75 dBFS, it stays shut."""
    samples = placed(silence(3.0), (1.0, tone(1000, 0.5, level_db=-85.0)))
    assert opened(BandGate(RATE), samples) == []


def test_reset_forgets_the_room() -> None:
    """After a reset it decides as if it were new."""
    samples = placed(noise(3.0, level_db=-50.0), (1.5, tone(1000, 0.3)))
    gate = BandGate(RATE)
    first = opened(gate, samples)
    opened(gate, noise(1.0, level_db=-10.0))
    gate.reset()
    assert opened(gate, samples) == first


def test_primed_it_hears_a_sound_at_the_very_start() -> None:
    """With the floor of the whole recording known, a beginning in mid-sound is no floor."""
    samples = placed(noise(2.0, level_db=-60.0), (0.0, tone(1000, 0.4)))
    gate = BandGate(RATE)
    gate.prime(samples)
    assert {0, 1, 2} <= set(opened(gate, samples))


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
def test_any_rate_will_do(rate: int) -> None:
    """It hears the tone, and next to nothing else, at the rates in use."""
    samples = placed(noise(4.0, rate, -50.0), (2.0, tone(1000, 0.3, rate, -25.0)), rate=rate)
    gate = BandGate(rate)
    found = [i for i, block in enumerate(frames(samples, rate // 10, rate)) if gate(block)]
    assert {20, 21, 22} <= set(found)
    assert len(found) <= 6
