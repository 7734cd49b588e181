"""A plain CLAP encoder: cosine to the nearest take, without gate or verifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from wakebench import grid
from wakebench.identity import digest
from wakebench.synth import RATE
from wakebench.trace import Trace
from wakeword.audio.frames import FloatArray
from wakeword.audio.resampling import resample
from wakeword.encoders import create_encoder
from wakeword.errors import ConfigError
from wakeword.library.recordings import Take
from wakeword.protocols import Encoder
from wakeword.scoring.decision import TriggerConfig

THRESHOLD = 0.7
WINDOW_SECONDS = 1.0


class PlainClap:
    """CLAP + cosine.

    Args:
        checkpoint: a hub name or a local folder.
    """

    calibrates = False

    def __init__(self, checkpoint: str) -> None:
        self.name = f"CLAP + cosine ({Path(checkpoint).name})"
        self._encoder: Encoder = create_encoder(f"clap:{checkpoint}")

    @property
    def key(self) -> str:
        """Changes with the checkpoint."""
        return digest("clap", self._encoder.id, grid.code())

    def enroll(self, takes: Mapping[str, Sequence[Take]], folder: Path) -> list[str]:
        """Keep the takes."""
        grid.keep(takes, folder)
        return []

    def hear(self, samples: FloatArray, folders: Sequence[Path]) -> list[Trace]:
        """Embed every audible window once, then look up each library."""
        window, ends = round(WINDOW_SECONDS * RATE), grid.ends(samples)
        audible = grid.loud(samples, ends, window)
        stream = np.zeros((len(ends), self._encoder.dim), np.float32)
        for i in np.flatnonzero(audible):
            stream[i] = self._embed(samples[max(0, ends[i] - window) : ends[i]])
        traces = []
        for folder in folders:
            takes = grid.kept(folder)
            scores = [
                np.max(stream @ np.stack([self._embed(t[-window:]) for t in sound]).T, axis=1)
                for sound in takes.values()
            ]
            table = np.stack(scores, axis=1)
            names, trigger = list(takes), TriggerConfig()
            traces.append(grid.trace(names, table, samples, audible, THRESHOLD, trigger))
        return traces

    def _embed(self, samples: FloatArray) -> FloatArray:
        return np.asarray(self._encoder.embed([resample(samples, RATE, self._encoder.rate)])[0])


def create(variant: str) -> PlainClap:
    """The baseline with a checkpoint.

    Raises:
        ConfigError: none was named.
    """
    if not variant:
        raise ConfigError("the clap baseline needs a checkpoint: baseline:clap:FOLDER")
    return PlainClap(variant)
