"""Choosing a gate by name."""

from __future__ import annotations

import pytest

from wakeword.errors import ConfigError
from wakeword.gates import create_gate
from wakeword.gates.band import BandGate


def test_a_gate_is_made_by_its_name() -> None:
    """The module's name is the gate's."""
    assert isinstance(create_gate("band", 16000), BandGate)


def test_an_unknown_gate_is_told_with_those_there_are() -> None:
    """The message lists the names."""
    with pytest.raises(ConfigError, match="'silero'; known: band, union, vad"):
        create_gate("silero", 16000)
