"""Every kind of wake sound by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from wakebench.synth import beeps, birds, hands, mouth, struck, whistle
from wakebench.synth.source import Instrument, SoundSource

KINDS: Mapping[str, Callable[[np.random.Generator], Instrument]] = MappingProxyType(
    {
        "whistle_rising": whistle.rising,
        "whistle_falling": whistle.falling,
        "whistle_tune": whistle.tune,
        "clap": hands.clap,
        "double_clap": hands.double_clap,
        "finger_snap": hands.snap,
        "tongue_click": mouth.tongue_click,
        "knock": struck.knock,
        "double_knock": struck.double_knock,
        "triple_knock": struck.triple_knock,
        "knock_pattern": struck.knock_pattern,
        "bell": struck.bell,
        "doorbell": struck.doorbell,
        "glass": struck.glass,
        "microwave": beeps.microwave,
        "smoke_alarm": beeps.smoke_alarm,
        "bird": birds.bird,
    }
)
"""What draws an instrument of each kind."""


def make_source(kind: str, rng: np.random.Generator) -> SoundSource:
    """Draw one person, animal or device that makes ``kind``.

    Raises:
        ValueError: no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"no sound is called {kind!r}; there are: {', '.join(KINDS)}")
    return SoundSource(kind, KINDS[kind](rng))
