"""Statistics of the log-mel spectrum, no network.

Levels are taken relative to the window's loudest band and cut off 40 dB below it, so that
gain does not matter and quiet background counts for little. The spectrum's shape (its first
20 cosine coefficients) is then summed up in three ways: at its peak, on average over the
loud frames, and by how much it varies. Where in the window a sound lies does not matter.
The vector is whitened with a small table, fitted to everyday sound, so that what most sounds
share does not make them alike.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.audio.logmel import LogMel
from wakeword.embedding.embedder import checked, filled
from wakeword.embedding.weights import asset
from wakeword.encoders._whitening import Whitening
from wakeword.errors import ConfigError
from wakeword.protocols import Encoder

RATE = 16000
WINDOW_SECONDS = 1.0
RANGE_DB = 40.0
"""What lies this far below the loudest band of the window counts as silence."""
COEFFICIENTS = 20
VARIATION_WEIGHT = 0.7
"""How much variation counts beside the two shapes, chosen on training recordings."""


class LogMelEncoder(Encoder):
    """Peak, mean and variation of the spectral shape over a window of up to 1 s.

    Args:
        whitening: the table; by default the one that is shipped.

    Raises:
        EncoderError: the shipped table is missing or damaged.
    """

    id = "logmel-1"
    spec = "logmel"
    rate = RATE
    window_seconds = WINDOW_SECONDS
    dim = 3 * COEFFICIENTS

    def __init__(self, whitening: Whitening | None = None) -> None:
        self._whitening = whitening or Whitening.read(asset("models", "logmel", "whitening.npz"))
        self._logmel = LogMel(RATE)
        self.frame_samples, self.frame_hop = self._logmel.frame, self._logmel.hop
        band = np.arange(self._logmel.bands) + 0.5
        order = np.arange(1, COEFFICIENTS + 1)
        self._cosines = np.cos(np.pi * np.outer(band, order) / len(band)).astype(np.float32)

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embeddings ``(len(windows), dim) float32``; see :class:`wakeword.protocols.Encoder`.

        Raises:
            AudioFormatError: a window is empty, too long, not mono float32 or not finite.
        """
        whole = round(WINDOW_SECONDS * RATE)
        return self.embed_frames(
            [self._logmel(filled(window, self._logmel.frame)) for window in checked(windows, whole)]
        )

    def frames(self, samples: FloatArray) -> FloatArray:
        """Log-mel levels; see :class:`wakeword.protocols.Encoder`."""
        return self._logmel(samples)

    def embed_frames(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embeddings ``(len(windows), dim) float32`` of windows whose levels are known."""
        rows = [self._embed(levels) for levels in windows]
        return np.stack(rows) if rows else np.zeros((0, self.dim), np.float32)

    def _embed(self, levels: FloatArray) -> FloatArray:
        levels = np.maximum(levels - levels.max() + RANGE_DB, 0.0) / RANGE_DB
        shapes = levels @ self._cosines
        weights = levels.max(axis=1, keepdims=True) + 1e-3
        weights /= weights.sum()
        mean = np.sum(weights * shapes, axis=0)
        variation = np.sqrt(np.sum(weights * np.square(shapes - mean), axis=0))
        vector = np.concatenate(
            [
                _unit(levels.max(axis=0) @ self._cosines),
                _unit(mean),
                VARIATION_WEIGHT * _unit(variation - variation.mean()),
            ]
        )
        whitened = _unit(self._whitening(_unit(vector)))
        return whitened if whitened.any() else np.full(self.dim, self.dim**-0.5, np.float32)


def _unit(vector: FloatArray) -> FloatArray:
    """The vector with length 1; zeros where it has none."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length > 1e-6 else 0.0 * vector, dtype=np.float32)


def create(variant: str, device: str) -> LogMelEncoder:
    """The log-mel statistics encoder; it has no variants and runs on the CPU.

    Raises:
        ConfigError: a variant was asked for.
        EncoderError: its table is missing or damaged.
    """
    if variant:
        raise ConfigError(f"the logmel encoder has no variant {variant!r}")
    return LogMelEncoder()
