"""Gates: is anything there? A module each, with ``create(rate: int) -> Gate``."""

from __future__ import annotations

from typing import cast

from wakeword.protocols import Gate, load_plugin


def create_gate(name: str, rate: int) -> Gate:
    """The gate ``name`` for audio at ``rate`` samples per second.

    Raises:
        ConfigError: there is no such gate, or it cannot work at that rate.
    """
    return cast(Gate, load_plugin(__name__, name).create(rate))
