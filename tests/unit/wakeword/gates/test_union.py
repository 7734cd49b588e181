"""Several gates as one."""

from __future__ import annotations

from wakeword.gates.union import UnionGate
from wakeword.testing import ScriptedGate, frames, silence


def test_open_when_any_is() -> None:
    """The union of the gates' words, block by block."""
    gate = UnionGate(ScriptedGate([True, False, False]), ScriptedGate([False, False, True]))
    assert [gate(block) for block in frames(silence(0.4), 1600)] == [True, False, True, False]


def test_every_gate_sees_every_block() -> None:
    """An open first gate does not keep blocks from the second, which learns from them."""
    first, second = ScriptedGate([True] * 3), ScriptedGate([])
    gate = UnionGate(first, second)
    for block in frames(silence(0.3), 1600):
        gate(block)
    assert len(first.asked) == len(second.asked) == 3


def test_reset_reaches_all() -> None:
    """All gates forget."""
    gates = ScriptedGate([True]), ScriptedGate([])
    union = UnionGate(*gates)
    (block,) = frames(silence(0.1), 1600)
    assert union(block)
    assert not union(block)
    union.reset()
    assert union(block)
