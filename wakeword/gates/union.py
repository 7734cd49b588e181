"""Both gates together: open when either is."""

from __future__ import annotations

from wakeword.audio.frames import AudioFrame
from wakeword.gates.band import BandGate
from wakeword.gates.vad import VadGate
from wakeword.protocols import Gate


class UnionGate:
    """Open when any of its gates is.

    Args:
        gates: asked in order; each sees every block.
    """

    def __init__(self, *gates: Gate) -> None:
        self.gates = gates

    def reset(self) -> None:
        """Forget the past."""
        for gate in self.gates:
            gate.reset()

    def __call__(self, frame: AudioFrame) -> bool:
        """Whether any gate is open for the block."""
        decisions = [gate(frame) for gate in self.gates]
        return any(decisions)


def create(rate: int) -> UnionGate:
    """Band gate or voice gate, for audio at ``rate`` samples per second."""
    return UnionGate(BandGate(rate), VadGate(rate))
