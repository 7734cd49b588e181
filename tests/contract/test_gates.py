"""What every gate promises. Gates are found by walking the package."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.audio.frames import FloatArray
from wakeword.gates import create_gate
from wakeword.protocols import Gate, plugin_names
from wakeword.testing import RATE, burst, frames, noise, placed, silence, tone

HOP = RATE // 10


@pytest.fixture(params=plugin_names("wakeword.gates"))
def gate(request: pytest.FixtureRequest) -> Gate:
    """One of each."""
    return create_gate(request.param, RATE)


def stream() -> FloatArray:
    """Noise with a tone and a clap in it; its last block is short."""
    return placed(noise(3.03), (1.0, tone(440, 0.4)), (2.0, burst(0.2)))


def decide(gate: Gate, samples: FloatArray) -> list[bool]:
    """Its word on each block of 0.1 s."""
    return [gate(block) for block in frames(samples, HOP)]


def test_it_fits_the_seam(gate: Gate) -> None:
    """It has the members of the protocol and answers with a plain bool."""
    assert isinstance(gate, Gate)
    assert {type(word) for word in decide(gate, stream())} <= {bool}


def test_it_is_shut_in_silence_and_open_for_something(gate: Gate) -> None:
    """Digital silence is nothing; a loud buzz with many harmonics is something to anyone."""
    assert not any(decide(gate, silence(2.0)))
    gate.reset()
    buzz = sum((tone(150.0 * n, 1.0, level_db=-20.0 - n) for n in range(1, 21)), silence(1.0))
    assert any(decide(gate, placed(noise(2.0), (0.7, buzz))))


def test_reset_makes_it_new(gate: Gate) -> None:
    """The same stream gets the same words after a reset, whatever came in between."""
    first = decide(gate, stream())
    gate.reset()
    decide(gate, noise(1.0, level_db=-10.0, seed=9))
    gate.reset()
    assert decide(gate, stream()) == first


def test_two_of_a_kind_do_not_share_anything(gate: Gate) -> None:
    """Each stream has its own gate, and interleaving two changes neither."""
    name = type(gate).__module__.rpartition(".")[2]
    alone = decide(create_gate(name, RATE), stream())
    other = create_gate(name, RATE)
    words = []
    for block, distraction in zip(
        frames(stream(), HOP), frames(noise(3.03, level_db=-10.0), HOP), strict=True
    ):
        words.append(gate(block))
        other(distraction)
    assert words == alone


@pytest.mark.parametrize("size", [1, 7, 160, 400])
def test_short_blocks_are_no_error(gate: Gate, size: int) -> None:
    """The last block of a stream may be of any length, also the only one."""
    gate(next(frames(noise(1.0), size)))
    decide(gate, stream())


def test_blocks_are_left_alone(gate: Gate) -> None:
    """The samples are not written to and may be read-only."""
    samples = stream()
    samples.setflags(write=False)
    before = samples.copy()
    decide(gate, samples)
    np.testing.assert_array_equal(samples, before)
