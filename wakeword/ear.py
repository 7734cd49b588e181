"""Embeds the windows of a stream as they come; what they share is computed once.

From one hop to the next nine tenths of a window stay the same, and its end is heard a second
time: see :mod:`wakeword.views`. An encoder that says how it cuts windows into frames
(:class:`wakeword.protocols.FrameEncoder`) is asked for new frames only.
"""

from __future__ import annotations

import numpy as np

from wakeword.audio import FloatArray
from wakeword.events import Window
from wakeword.protocols import Encoder, FrameEncoder
from wakeword.views import embed_views, short_seconds
from wakeword.windows import checked


class Ear:
    """What :func:`wakeword.views.embed_views` gives, within the rounding of float32.

    One stream, one ear.

    Args:
        encoder: any; one without frames embeds each window anew.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._framed = encoder if isinstance(encoder, FrameEncoder) else None
        self._longest = round(encoder.window_seconds * encoder.rate)
        self._short = round((short_seconds(encoder) or 0.0) * encoder.rate)
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
        encoder = self._framed
        if encoder is None or len(window.samples) < encoder.frame_samples:
            return np.asarray(embed_views(self._encoder, [window.samples])[0])
        checked([window.samples], self._longest)
        frames = self._frames(encoder, window)
        whole = encoder.embed_frames([frames])[0]
        if not self._short:
            return np.asarray(whole)
        rest = len(window.samples) - self._short
        if rest <= 0:
            return np.concatenate([whole, whole])
        skipped, between = divmod(rest, encoder.frame_hop)
        end = encoder.frames(window.samples[rest:]) if between else frames[skipped:]
        return np.concatenate([whole, encoder.embed_frames([end])[0]])

    def _frames(self, encoder: FrameEncoder, window: Window) -> FloatArray:
        """All frames of a window; those of the last one are not asked for again."""
        hop = encoder.frame_hop
        passed, between = divmod(window.start - self._start, hop)
        frames = encoder.frames
        if self._known is None or window.segment_start != self._segment or between or passed < 0:
            self._known = frames(window.samples)
        else:
            known = self._known[passed:]
            self._known = np.concatenate([known, frames(window.samples[len(known) * hop :])])
        self._segment, self._start = window.segment_start, window.start
        return self._known
