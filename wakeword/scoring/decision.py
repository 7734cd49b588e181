"""The engine's judge: windows, beats, and rows of beats, held against what is asked for.

From matches to events: patience, refractory time and one event for each occurrence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.embedding.embedder import embed_views
from wakeword.errors import require_not_negative, require_positive
from wakeword.events import Match
from wakeword.protocols import Encoder
from wakeword.scoring.scorer import Scorer


@dataclass(frozen=True)
class TriggerConfig:
    """When a run of matches becomes one event."""

    patience: int = 2
    """Windows in a row that must match."""
    refractory_seconds: float = 1.0
    """Shortest time between two events of one sound."""

    def __post_init__(self) -> None:
        require_positive(self, "patience")
        require_not_negative(self, "refractory_seconds")


EASE = 0.07
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


class Judge:
    """Says what something is, with the threshold that counts in this engine.

    Args:
        encoder: makes the embeddings.
        scorer: knows the sounds, and whom to ask for a second opinion.
        offset: added to every threshold.
    """

    def __init__(self, encoder: Encoder, scorer: Scorer, offset: float) -> None:
        self.scorer = scorer
        self._encoder = encoder
        self._offset = offset

    def match(self, embedding: FloatArray) -> Match | None:
        """The best match of a ``(view_dim,) float32`` embedding."""
        match = self.scorer(embedding)
        return match and replace(match, threshold=match.threshold + self._offset)

    def confirmed(self, match: Match, samples: FloatArray) -> Match:
        """A match that would wake, after the second encoder's word on it, if there is one."""
        confirmation = self.scorer.confirmation
        return match if confirmation is None else confirmation(match, samples)

    def beat(self, samples: FloatArray) -> Beat:
        """What ``(n,) float32`` samples are, no longer than the encoder's window."""
        embedding = embed_views(self._encoder, [samples])[0]
        match = self.match(embedding)
        if match is not None and match.hit and match.sound in self.scorer.patterns:
            match = self.confirmed(match, samples)
        kept = None if self.scorer.confirmation is None else samples.copy()
        return Beat(kept, embedding, match)

    def row(self, sound: str, beats: Sequence[Beat]) -> Match | None:
        """What recognises a row in which no beat is recognised alone; None if nothing does.

        Noise differs from beat to beat, so the mean of the embeddings is nearer to the takes
        than any of them. It is held against the threshold less ``EASE``, and the match says so.
        It does not count for sounds by their words, nor where a beat was refused or is
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
        match = replace(match, threshold=_eased(match.threshold))
        if match.hit and self.scorer.confirmation is not None:
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


def _eased(threshold: float) -> float:
    """What the mean of a row needs; below 0 everyday sound is as like, so no ease leads there."""
    eased = threshold - EASE
    return max(eased, 0.0) if threshold >= 0 else eased


@dataclass
class _State:
    run: int = 0
    """Matching windows in a row."""
    away: int = 0
    """Windows in a row that did not match."""
    armed: bool = True
    """Whether the sound went away since its last event."""
    fired_at: int | None = None
    """End of the window that fired last."""


class Trigger:
    """Fires when a sound matches ``patience`` windows in a row.

    After firing, the sound must first stop matching for as many windows, and the refractory
    time must be over, before it can fire again: a long ring is one event, even where it
    wavers. Each sound has its own state.

    Args:
        rate: samples per second of the positions.
        config: patience and refractory time.
    """

    def __init__(self, rate: int, config: TriggerConfig) -> None:
        self._patience = config.patience
        self._refractory = round(config.refractory_seconds * rate)
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._states: dict[str, _State] = {}

    def skip(self, count: int) -> None:
        """Audio of ``count`` windows was lost: no run reaches across it.

        A sound that fired before counts as gone when the gap is long enough for that.
        """
        for state in self._states.values():
            state.run, state.away = 0, state.away + count
            state.armed = state.armed or state.away >= self._patience

    def ready(self, match: Match, position: int) -> bool:
        """Whether :meth:`push` would fire; nothing changes.

        Args:
            match: the best match of a window.
            position: index just past the window.
        """
        state = self._states.get(match.sound, _State())
        return match.hit and self._fires(state, state.run + 1, position)

    def push(
        self, match: Match | None, position: int, present: Callable[[str], bool] | None = None
    ) -> bool:
        """Whether ``match`` fires.

        Args:
            match: the best match of a window, or None where there was no window.
            position: index just past the window.
            present: whether a sound that fired still goes on, though it does not match: it does
                not count as gone then.
        """
        matching = match.sound if match is not None and match.hit else None
        for sound, state in self._states.items():
            if sound != matching:
                state.run = 0
                gone = state.armed or present is None or not present(sound)
                state.away = state.away + 1 if gone else 0
                state.armed = state.armed or state.away >= self._patience
        if matching is None:
            return False
        state = self._states.setdefault(matching, _State())
        state.run, state.away = state.run + 1, 0
        if not self._fires(state, state.run, position):
            return False
        state.armed, state.fired_at = False, position
        return True

    def _fires(self, state: _State, run: int, position: int) -> bool:
        rested = state.fired_at is None or position - state.fired_at >= self._refractory
        return state.armed and rested and run >= self._patience
