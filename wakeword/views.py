"""Every window is heard twice: whole, and its end alone.

A tap is a tenth of a second. In a quiet room its window is little longer, since windows begin
with the segment; in a noisy one the segment began long ago, and the tap is a tenth of a window
of noise. An encoder that hears short windows well says so with ``short_seconds``: then the last
``short_seconds`` of each window are embedded too, and short sounds are looked for there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wakeword.audio import FloatArray
from wakeword.config import SegmenterConfig
from wakeword.protocols import Encoder


def short_seconds(encoder: Encoder) -> float | None:
    """Length of the second view, in seconds; None where the encoder has no such thing."""
    seconds: float | None = getattr(encoder, "short_seconds", None)
    return seconds


def view_count(encoder: Encoder) -> int:
    """In how many ways each window is heard."""
    return 2 if short_seconds(encoder) else 1


def view_dim(encoder: Encoder) -> int:
    """Length of what :func:`embed_views` makes of a window."""
    return encoder.dim * view_count(encoder)


def embed_views(encoder: Encoder, windows: Sequence[FloatArray]) -> FloatArray:
    """Embeddings of each window, whole and of its end: ``(n, view_dim) float32``.

    Each view has length 1.

    Raises:
        AudioFormatError: as the encoder's ``embed``.
    """
    whole = encoder.embed(windows)
    seconds = short_seconds(encoder)
    if not seconds:
        return whole
    count = round(seconds * encoder.rate)
    if all(len(window) <= count for window in windows):
        return np.concatenate([whole, whole], axis=1)
    ends = encoder.embed([window[-count:] for window in windows])
    return np.concatenate([whole, ends], axis=1)


def focused(vectors: FloatArray, dim: int, short: bool) -> FloatArray:
    """The same vectors with nothing but the view that a sound is looked for in.

    The inner product of one with what :func:`embed_views` made of a window is then the cosine
    in that view.

    Args:
        vectors: ``(n, view_dim) float32``.
        dim: length of one view.
        short: whether it is the window's end rather than the whole.
    """
    if vectors.shape[1] == dim:
        return vectors
    chosen = np.zeros_like(vectors)
    view = slice(dim, 2 * dim) if short else slice(0, dim)
    chosen[:, view] = vectors[:, view]
    return chosen


def is_short(seconds: Sequence[float], encoder: Encoder, config: SegmenterConfig) -> bool:
    """Whether a sound is to be looked for in the end of the window.

    Args:
        seconds: length of the sound in each take.
        encoder: the one that hears.
        config: the windows; the short one must have room for its pre-roll too.
    """
    limit = short_seconds(encoder)
    if not limit or not len(seconds):
        return False
    return float(np.median(seconds)) + config.pre_roll_seconds <= limit + 1e-9
