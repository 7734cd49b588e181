"""Any encoder alone: cosine to the nearest take, without gate, noisy takes or calibration.

``baseline:cosine:mini`` is an encoder of Wakesound, ``baseline:cosine:MODULE:FUNCTION`` any other
network: see :mod:`wakebench.foreign`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from wakebench import grid
from wakebench.foreign import any_encoder
from wakebench.identity import digest
from wakebench.synth import RATE
from wakebench.trace import Trace
from wakeword.audio.frames import FloatArray
from wakeword.encoders import DEFAULT
from wakeword.errors import ConfigError
from wakeword.library.recordings import Take
from wakeword.scoring.decision import TriggerConfig

THRESHOLD = 0.7
WINDOW = RATE

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
    encoder = any_encoder(variant or DEFAULT)
    if encoder.rate != RATE:
        raise ConfigError(f"{variant} does not hear at {RATE} Hz; for CLAP see --clap")
    return PlainCosine(variant or DEFAULT, encoder.id, encoder.embed)
