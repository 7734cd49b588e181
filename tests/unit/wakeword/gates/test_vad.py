"""The voice gate."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.errors import ConfigError
from wakeword.gates.vad import VadGate
from wakeword.testing import RATE, frames, silence, tone


def voice(seconds: float) -> np.ndarray:
    """A vowel of a kind: a buzz at 120 Hz with its harmonics."""
    partials = [tone(120.0 * n, seconds, level_db=-20.0 - n) for n in range(1, 25)]
    return np.asarray(np.sum(partials, axis=0), np.float32)


def test_silence_stays_shut() -> None:
    """No voice in silence."""
    gate = VadGate(RATE)
    assert not any(gate(block) for block in frames(silence(1.0), 1600))


def test_a_buzzing_voice_opens_it() -> None:
    """Something with a voice's harmonics counts as speech."""
    gate = VadGate(RATE)
    assert any(gate(block) for block in frames(voice(1.0), 1600))


def test_it_remembers_what_does_not_fill_a_frame() -> None:
    """Blocks that are no multiple of 30 ms lose no sample: decisions come as from one piece."""
    samples = voice(0.9)
    gate = VadGate(RATE)
    decided = sum(len(block.samples) for block in frames(samples, 1600) if gate(block))
    assert decided
    gate.reset()
    assert gate(next(frames(samples, len(samples))))


@pytest.mark.parametrize("rate", [11025, 22050, 44100])
def test_any_rate_will_do(rate: int) -> None:
    """The detector knows four rates; audio of another is brought to one of them."""
    gate = VadGate(rate)
    partials = [tone(120.0 * n, 1.0, rate, -20.0 - n) for n in range(1, 25)]
    buzz = np.asarray(np.sum(partials, axis=0), np.float32)
    assert not any(gate(block) for block in frames(silence(1.0, rate), rate // 10, rate))
    assert any(gate(block) for block in frames(buzz, rate // 10, rate))


def test_a_mode_it_does_not_know_is_told() -> None:
    """There are four."""
    with pytest.raises(ConfigError, match="mode"):
        VadGate(16000, 4)
