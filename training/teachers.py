"""Networks to learn from. A teacher maps waveforms to features and to AudioSet's classes.

A teacher is named ``module:function``. The function takes nothing and returns a callable:
``(n, 16000) float32`` at 16 kHz in, ``(features (n, f), logits (n, 527) or None)`` out. The
module is looked for on ``PYTHONPATH``; no teacher's code or weights are part of this project.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from training.corpus import HOP, LEAD, RATE, Store
from wakeword.audio.frames import FloatArray
from wakeword.audio.resampling import resample
from wakeword.encoders import create_encoder
from wakeword.errors import ConfigError

log = logging.getLogger(__name__)

Teacher = Callable[[FloatArray], tuple[FloatArray, FloatArray | None]]
BATCH = 64


def load_teacher(name: str) -> Teacher:
    """The teacher called ``module:function``; ``clap`` is the one that comes with Wakesound.

    Raises:
        ConfigError: it is not to be found.
    """
    if name == "clap" or name.startswith("clap:/"):
        return _clap(name)
    module, _, function = name.partition(":")
    try:
        create = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"there is no teacher {name!r}: give module:function") from error
    return cast(Teacher, create())


def teach(store: Store, teacher: Teacher, folder: Path) -> None:
    """Ask the teacher about every window; writes ``features.npy`` and ``logits.npy``."""
    onsets = store.items["onset"]
    features: NDArray[np.float16] | None = None
    logits: NDArray[np.float16] | None = None
    for first in range(0, len(onsets), BATCH):
        rows = slice(first, first + BATCH)
        batch = np.stack([_second(store, int(onset)) for onset in onsets[rows]])
        found, classes = teacher(batch)
        if features is None:
            features = np.zeros((len(onsets), found.shape[1]), np.float16)
        features[rows] = found
        if classes is not None:
            if logits is None:
                logits = np.zeros((len(onsets), classes.shape[1]), np.float16)
            logits[rows] = classes
        if first % (100 * BATCH) == 0:
            log.info("%d of %d windows", first, len(onsets))
    for name, array in (("features", features), ("logits", logits)):
        if array is not None:
            np.save(folder / f"{name}.npy", array)


def _second(store: Store, onset: int) -> FloatArray:
    start = (onset - LEAD) * HOP
    return store.audio[start : start + RATE].astype(np.float32) / np.float32(32768)


def _clap(name: str) -> Teacher:
    encoder = create_encoder(name)

    def ask(windows: FloatArray) -> tuple[FloatArray, None]:
        return encoder.embed([resample(row, RATE, encoder.rate) for row in windows]), None

    return ask
