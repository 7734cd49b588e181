"""What something is, with the thresholds that count in one engine: windows, beats and rows.

A row is several beats of one sound that follow each other; see :mod:`wakeword.patterns`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.embedding.embedder import embed_views
from wakeword.events import Match
from wakeword.library.enrolled import EnrolledSounds
from wakeword.protocols import Encoder

ROW_MARGIN = 0.07
"""The mean of a row's beats needs so much less than the threshold: rows are rarer than windows."""


@dataclass(frozen=True, eq=False)
class Beat:
    """What was heard at an onset."""

    samples: FloatArray | None
    """``(n,) float32``; None where no second encoder will ask for them."""
    embedding: FloatArray
    """``(view_dim,) float32``, each view of length 1."""
    match: Match | None
    """What it resembles most."""


class Matcher:
    """Says what something is, with the threshold that counts in this engine.

    Args:
        encoder: makes the embeddings.
        sounds: what is listened for.
        offset: added to every threshold.
    """

    def __init__(self, encoder: Encoder, sounds: EnrolledSounds, offset: float) -> None:
        self.sounds = sounds
        self._encoder = encoder
        self._offset = offset

    def match(self, embedding: FloatArray) -> Match | None:
        """The best match of a ``(view_dim,) float32`` embedding."""
        match = self.sounds.scorer(embedding)
        return match and replace(match, threshold=match.threshold + self._offset)

    def confirmed(self, match: Match, samples: FloatArray) -> Match:
        """A match that would wake, after the second encoder's word on it, if there is one."""
        confirmation = self.sounds.confirmation
        return match if confirmation is None else confirmation(match, samples)

    def beat(self, samples: FloatArray) -> Beat:
        """What ``(n,) float32`` samples are, no longer than the encoder's window."""
        embedding = embed_views(self._encoder, [samples])[0]
        match = self.match(embedding)
        if match is not None and match.hit and match.sound in self.sounds.patterns:
            match = self.confirmed(match, samples)
        kept = None if self.sounds.confirmation is None else samples.copy()
        return Beat(kept, embedding, match)

    def row(self, sound: str, beats: Sequence[Beat]) -> Match | None:
        """What recognises a row in which no beat is recognised alone; None if nothing does.

        Noise differs from beat to beat, so the mean of the embeddings is nearer to the takes
        than any of them. It is held against the threshold less ``ROW_MARGIN``, and the match
        says so. It does not count for sounds by their words, nor where a beat was refused or is
        recognised as another sound.
        """
        own = [(b, b.match) for b in beats if b.match is not None and b.match.sound == sound]
        if len(beats) < 2 or not own or any(match.refused for _, match in own):
            return None
        if any(b.match.hit and b.match.sound != sound for b in beats if b.match is not None):
            return None
        mean = self._mean([beat.embedding for beat in beats])
        match = None if mean is None else self.match(mean)
        if match is None or match.sound != sound or match.named:
            return None
        match = replace(match, threshold=_row_threshold(match.threshold))
        if match.hit and self.sounds.confirmation is not None:
            best, _ = max(own, key=lambda pair: pair[1].score)
            if best.samples is None:
                return None  # it was heard before there was a second encoder
            match = self.confirmed(match, best.samples)
        return match if match.hit else None

    def _mean(self, embeddings: Sequence[FloatArray]) -> FloatArray | None:
        """Their mean, ``(view_dim,) float32``, each view of length 1; None if one has no length."""
        views = np.mean(embeddings, axis=0).reshape(-1, self._encoder.dim)
        lengths = np.linalg.norm(views, axis=1, keepdims=True)
        return np.asarray(views / lengths, np.float32).ravel() if lengths.all() else None


def _row_threshold(threshold: float) -> float:
    """What the mean of a row needs; below 0 everyday sound is as like, so no margin leads there."""
    lowered = threshold - ROW_MARGIN
    return max(lowered, 0.0) if threshold >= 0 else lowered
