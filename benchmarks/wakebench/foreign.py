"""Somebody else's network as an encoder, named by the function that makes it.

The function takes nothing and returns a callable from ``(n, 16000) float32`` at 16 kHz to
``(features (n, f), anything)``, as ``python -m training teach`` wants it; or an encoder of our
own kind that is not among Wakesound's, which is then taken as it is.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wakebench.identity import digest
from wakebench.synth import RATE
from wakeword.audio.frames import FloatArray
from wakeword.embedding.embedder import checked
from wakeword.encoders import create_encoder
from wakeword.errors import ConfigError
from wakeword.protocols import Encoder, plugin_names

BATCH = 64
PEAK = 0.5
"""Every window is heard at this peak: many networks were trained at one level."""


class ForeignEncoder(Encoder):
    """A network behind the seam of our encoders; its features are scaled to length 1.

    Args:
        spec: ``MODULE:FUNCTION``.

    Raises:
        ConfigError: it is not to be found.
    """

    rate = RATE
    window_seconds = 1.0

    def __init__(self, spec: str) -> None:
        self._network: Callable[[FloatArray], Any] = _made(spec)
        module = sys.modules[spec.partition(":")[0]]
        self.id = digest(spec, Path(str(module.__file__)).read_bytes())
        self.dim = self.embed([np.zeros(RATE, np.float32)]).shape[1]

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """See :class:`wakeword.protocols.Encoder`."""
        found = checked(windows, RATE)
        if not found:
            return np.zeros((0, self.dim), np.float32)
        rows = [
            np.asarray(self._network(_evened(found[first : first + BATCH]))[0], np.float32)
            for first in range(0, len(found), BATCH)
        ]
        vectors = np.concatenate(rows)
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)


def _made(spec: str) -> Any:
    """What the function that a spec names gives."""
    name, _, function = spec.partition(":")
    try:
        return getattr(importlib.import_module(name), function)()
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"there is no encoder {spec!r}: {error}") from error


def any_encoder(spec: str) -> Encoder:
    """One of Wakesound's encoders (``mini``, ``logmel``, ...), or a ``MODULE:FUNCTION``.

    Raises:
        ConfigError: there is none of that name.
    """
    if spec.partition(":")[0] in plugin_names("wakeword.encoders"):
        return create_encoder(spec)
    found = _made(spec)
    return found if isinstance(found, Encoder) else ForeignEncoder(spec)


def _evened(windows: Sequence[FloatArray]) -> FloatArray:
    """``(n, RATE)``: silence before the shorter ones, all at one peak."""
    rows = np.zeros((len(windows), RATE), np.float32)
    for row, window in zip(rows, windows, strict=True):
        row[RATE - len(window) :] = window * (PEAK / max(1e-4, float(np.abs(window).max())))
    return rows
