"""What the network of ``mini`` hears of a window; training and listening share it."""

from __future__ import annotations

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.audio.logmel import LogMel
from wakeword.embedding.embedder import filled

RATE = 16000
WINDOW_SECONDS = 1.0
FEWEST_FRAMES = 28
"""Shorter windows are prolonged to this: 0.3 s, the pre-roll and one hop."""


def window_levels(logmel: LogMel, samples: FloatArray) -> FloatArray:
    """Log-mel levels of a window, ``(frames, bands) float32`` in dBFS.

    A window shorter than one frame is filled up with silence; one of too few frames is
    prolonged by its last frame.
    """
    return prolonged(logmel(filled(samples, logmel.frame)))


def prolonged(levels: FloatArray) -> FloatArray:
    """The levels, made ``FEWEST_FRAMES`` long where they are shorter."""
    missing = max(0, FEWEST_FRAMES - len(levels))
    return np.pad(levels, ((0, missing), (0, 0)), mode="edge") if missing else levels
