"""Any encoder alone: cosine to the nearest take, without gate, noisy takes or calibration.

``baseline:cosine:mini`` is an encoder of Wakesound, ``baseline:cosine:MODULE:FUNCTION`` any other
network: the function takes nothing and returns a callable from ``(n, 16000) float32`` at 16 kHz to
``(features (n, f), anything)``, as ``python -m training teach`` wants it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wakebench import grid
from wakebench.identity import digest
from wakebench.synth import RATE
from wakebench.trace import Trace
from wakeword import plugins
from wakeword.audio import FloatArray
from wakeword.config import TriggerConfig
from wakeword.encoders import DEFAULT, create_encoder
from wakeword.errors import ConfigError
from wakeword.takes import Take

THRESHOLD = 0.7
WINDOW = RATE
BATCH = 64
PEAK = 0.5
"""A foreign network hears every window at this peak: many were trained at one level."""

Embed = Callable[[Sequence[FloatArray]], FloatArray]
"""Windows of up to a second to unit vectors."""


class PlainCosine:
    """An encoder + cosine.

    Args:
        name: what tables call it.
        identity: of the vectors it makes.
        embed: makes them.
    """

    calibrates = False

    def __init__(self, name: str, identity: str, embed: Embed) -> None:
        self.name = f"{name} + cosine"
        self._identity, self._embed = identity, embed

    @property
    def key(self) -> str:
        """Changes with the encoder."""
        return digest("cosine", self._identity, grid.code())

    def enroll(self, takes: Mapping[str, Sequence[Take]], folder: Path) -> list[str]:
        """Keep the takes."""
        grid.keep(takes, folder)
        return []

    def hear(self, samples: FloatArray, folders: Sequence[Path]) -> list[Trace]:
        """Embed every audible window once, then look up each library."""
        ends = grid.ends(samples)
        audible = grid.loud(samples, ends, WINDOW)
        rows = np.flatnonzero(audible)
        heard = self._embed([samples[max(0, end - WINDOW) : end] for end in ends[rows]])
        return [self._match(heard, rows, samples, audible, grid.kept(f)) for f in folders]

    def _match(
        self,
        heard: FloatArray,
        rows: np.ndarray,
        samples: FloatArray,
        audible: np.ndarray,
        takes: grid.Takes,
    ) -> Trace:
        table = np.full((len(audible), len(takes)), -1.0)
        if len(rows):
            for column, sound in enumerate(takes.values()):
                enrolled = self._embed([take[-WINDOW:] for take in sound])
                table[rows, column] = (heard @ enrolled.T).max(axis=1)
        return grid.trace(list(takes), table, samples, audible, THRESHOLD, TriggerConfig())


def create(variant: str) -> PlainCosine:
    """The baseline with an encoder, the product's own where none is named.

    Raises:
        ConfigError: there is none of that name.
    """
    variant = variant or DEFAULT
    if variant.partition(":")[0] in plugins.names("wakeword.encoders"):
        encoder = create_encoder(variant)
        if encoder.rate != RATE:
            raise ConfigError(f"{variant} does not hear at {RATE} Hz; for CLAP see --clap")
        return PlainCosine(variant, encoder.id, lambda windows: encoder.embed(list(windows)))
    return _foreign(variant)


def _foreign(variant: str) -> PlainCosine:
    name, _, function = variant.partition(":")
    try:
        module = importlib.import_module(name)
        network: Callable[[FloatArray], Any] = getattr(module, function)()
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"there is no encoder {variant!r}: {error}") from error

    def embed(windows: Sequence[FloatArray]) -> FloatArray:
        found = [
            np.asarray(network(_evened(windows[first : first + BATCH]))[0], np.float32)
            for first in range(0, len(windows), BATCH)
        ]
        vectors = np.concatenate(found) if found else np.zeros((0, 1), np.float32)
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(length, 1e-9), np.float32)

    source = Path(str(module.__file__)).read_bytes()
    return PlainCosine(variant, digest(variant, source), embed)


def _evened(windows: Sequence[FloatArray]) -> FloatArray:
    """``(n, WINDOW)``: silence before the shorter ones, all at one peak."""
    rows = np.zeros((len(windows), WINDOW), np.float32)
    for row, window in zip(rows, windows, strict=True):
        row[WINDOW - len(window) :] = window * (PEAK / max(1e-4, float(np.abs(window).max())))
    return rows
