"""Every background by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from wakebench.synth import beds, crockery, music, speech
from wakebench.synth.samples import Signal, count, gain, peak, rms
from wakeword.audio.frames import FloatArray

LEVEL_DB = -26.0
"""RMS level of a background as it is handed out, in dBFS."""

BACKGROUNDS: Mapping[str, Callable[[int, np.random.Generator], Signal]] = MappingProxyType(
    {
        "quiet": beds.quiet,
        "pink": beds.pink,
        "fan": beds.fan,
        "hum": beds.hum,
        "rain": beds.rain,
        "street": beds.street,
        "music": music.music,
        "speech": speech.speech,
        "babble": speech.babble,
        "crockery": crockery.crockery,
    }
)
"""What makes each background."""


def background(kind: str, seconds: float, rng: np.random.Generator) -> FloatArray:
    """A stretch of background.

    Args:
        kind: one of ``BACKGROUNDS``.
        seconds: how long; a few minutes at most, since it is made in one piece.
        rng: what it is drawn with.

    Returns:
        ``(n,) float32`` at 16 kHz, RMS at ``LEVEL_DB``; where peaks would pass 0.97 it is
        quieter.

    Raises:
        ValueError: no such kind, or no length.
    """
    if kind not in BACKGROUNDS:
        raise ValueError(f"no background is called {kind!r}; there are: {', '.join(BACKGROUNDS)}")
    if not seconds > 0:
        raise ValueError(f"a background must have a length, not {seconds} seconds")
    made = BACKGROUNDS[kind](count(seconds), rng)
    made = made * gain(LEVEL_DB) / rms(made)
    return np.asarray(made * min(1.0, 0.97 / peak(made)), np.float32)
