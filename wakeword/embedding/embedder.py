"""What every encoder checks before it embeds: that its windows are sound it can use.

Every window is heard twice: whole, and its end alone.

A tap is a tenth of a second. In a quiet room its window is little longer, since windows begin
with the segment; in a noisy one the segment began long ago, and the tap is a tenth of a window
of noise. An encoder that hears short windows well says so with ``short_seconds``: then the last
``short_seconds`` of each window are embedded too, and short sounds are looked for there.

Embeds the windows of a stream as they come; what they share is computed once.

From one hop to the next nine tenths of a window stay the same, and its end is heard a second
time: see :mod:`wakeword.embedding.embedder`. An encoder that says how it cuts windows into frames
(``frame_samples`` of :class:`wakeword.protocols.Encoder`) is asked for new frames only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.errors import AudioFormatError
from wakeword.events import Window
from wakeword.protocols import Encoder


def checked(windows: Sequence[FloatArray], max_samples: int) -> list[FloatArray]:
    """The same windows as a list of contiguous arrays, once they have been looked at.

    Args:
        windows: each ``(n,) float32`` with 1 to ``max_samples`` samples, all finite. A
            ``(count, n) float32`` array is as good as a list of its rows.
        max_samples: length of the encoder's longest window.

    Raises:
        AudioFormatError: a window is empty, too long, not mono float32 or not finite.
    """
    return [_checked(window, index, max_samples) for index, window in enumerate(windows)]


def filled(window: FloatArray, fewest: int) -> FloatArray:
    """The window, with silence behind it where it has less than ``fewest`` samples."""
    missing = fewest - len(window)
    return np.pad(window, (0, missing)) if missing > 0 else window


def _checked(window: FloatArray, index: int, max_samples: int) -> FloatArray:
    if not isinstance(window, np.ndarray) or window.ndim != 1 or window.dtype != np.float32:
        found = (
            f"{window.dtype} of shape {window.shape}"
            if isinstance(window, np.ndarray)
            else type(window).__name__
        )
        raise AudioFormatError(f"window {index}: windows are mono float32 arrays, not {found}")
    if not len(window):
        raise AudioFormatError(f"window {index} is empty")
    if len(window) > max_samples:
        raise AudioFormatError(
            f"window {index} has {len(window)} samples; this encoder takes {max_samples} at most"
        )
    if not np.isfinite(window).all():
        raise AudioFormatError(f"window {index} holds NaN or infinite samples")
    return np.ascontiguousarray(window)


def view_count(encoder: Encoder) -> int:
    """In how many ways each window is heard."""
    return 2 if encoder.short_seconds else 1


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
    seconds = encoder.short_seconds
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
    limit = encoder.short_seconds
    if not limit or not len(seconds):
        return False
    return float(np.median(seconds)) + config.pre_roll_seconds <= limit + 1e-9


class StreamEmbedder:
    """What :func:`wakeword.embedding.embedder.embed_views` gives, within the rounding of float32.

    One stream, one ear.

    Args:
        encoder: any; one without frames embeds each window anew.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._framed = encoder.hears_frames
        self._longest = round(encoder.window_seconds * encoder.rate)
        self._short = round((encoder.short_seconds or 0.0) * encoder.rate)
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._segment: int | None = None
        self._start = 0
        self._known: FloatArray | None = None

    def __call__(self, window: Window) -> FloatArray:
        """The window's embedding, ``(view_dim,) float32``.

        Args:
            window: begins no earlier than the last one; windows of a segment share their audio.

        Raises:
            AudioFormatError: as the encoder's ``embed``.
        """
        encoder = self._encoder
        if not self._framed or len(window.samples) < encoder.frame_samples:
            return np.asarray(embed_views(encoder, [window.samples])[0])
        checked([window.samples], self._longest)
        frames = self._frames(window)
        whole = encoder.embed_frames([frames])[0]
        if not self._short:
            return np.asarray(whole)
        rest = len(window.samples) - self._short
        if rest <= 0:
            return np.concatenate([whole, whole])
        skipped, between = divmod(rest, encoder.frame_hop)
        end = encoder.frames(window.samples[rest:]) if between else frames[skipped:]
        return np.concatenate([whole, encoder.embed_frames([end])[0]])

    def _frames(self, window: Window) -> FloatArray:
        """All frames of a window; those of the last one are not asked for again."""
        hop, frames = self._encoder.frame_hop, self._encoder.frames
        passed, between = divmod(window.start - self._start, hop)
        if self._known is None or window.segment_start != self._segment or between or passed < 0:
            self._known = frames(window.samples)
        else:
            known = self._known[passed:]
            self._known = np.concatenate([known, frames(window.samples[len(known) * hop :])])
        self._segment, self._start = window.segment_start, window.start
        return self._known
