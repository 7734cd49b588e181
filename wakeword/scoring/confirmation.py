"""A second opinion: another encoder is asked about what is about to wake, and only about that.

It hears the same audio as the first, in the same windows and at the same rate, and so it did
the takes; then it may be as slow as it likes, since it is asked a few times a day.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.audio.resampling import resample
from wakeword.embedding.variants import noisiest_rows, quiet_rows
from wakeword.events import Match
from wakeword.protocols import Encoder, EncoderWrapper
from wakeword.scoring.bank import NegativeBank

_log = logging.getLogger(__name__)

SLACK = 0.5
"""A candidate may be so much further from the takes than the worst of them is from the others,
as a share of that distance: the first encoder has agreed already."""
EVERYDAY_SHARE = 0.95
"""So much of everyday sound is refused even where the slack would let it pass, but no take."""


class ResampledEncoder(EncoderWrapper):
    """The second encoder, as if it heard what the first one hears: whole windows.

    Args:
        second: makes the embeddings.
        first: its rate and its windows are those of the audio.
    """

    changes = frozenset(
        {"id", "rate", "window_seconds", "spec", "short_seconds", "longest_seconds"}
        | {"frame_samples", "frame_hop"}
    )

    def __init__(self, second: Encoder, first: Encoder) -> None:
        super().__init__(second)
        self._longest = round(second.window_seconds * second.rate)
        self.rate = first.rate
        self.window_seconds = min(first.window_seconds, second.window_seconds)
        self.spec, self.short_seconds, self.longest_seconds = "", None, None
        self.frame_samples = self.frame_hop = 0
        self.id = f"{second.id} of {self.rate} Hz, {self.window_seconds:g} s"

    def embed(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Embed a batch: see :meth:`wakeword.protocols.Encoder.embed`."""
        heard = [resample(window, self.rate, self.wrapped.rate) for window in windows]
        return self.wrapped.embed([samples[-self._longest :] for samples in heard])

    def embed_as_pipeline(self, windows: Sequence[FloatArray]) -> FloatArray:
        """The same."""
        return self.embed(windows)


@dataclass(frozen=True, eq=False)
class SecondOpinion:
    """What the second encoder knows of one sound."""

    takes: FloatArray
    """Embeddings of all takes, ``(n, dim) float32``."""
    threshold: float
    """The cosine of the nearest of them that a candidate needs."""
    seconds: float | None = None
    """So much of the window's end is listened to; None for all of it."""


class Confirmation:
    """Refuses candidates that the second encoder does not find like the sound.

    Args:
        name: what the second encoder is called in the refusal.
        encoder: the second encoder; it must take the first one's windows.
        sounds: what it knows, by name; a sound that it does not know passes.
    """

    def __init__(self, name: str, encoder: Encoder, sounds: Mapping[str, SecondOpinion]) -> None:
        self.name = name
        self._encoder = encoder
        self._sounds = sounds
        self._longest = round(encoder.window_seconds * encoder.rate)

    @property
    def thresholds(self) -> dict[str, float]:
        """What each sound needs, by name."""
        return {name: known.threshold for name, known in self._sounds.items()}

    def __call__(self, match: Match, samples: FloatArray) -> Match:
        """The match, refused if it is not confirmed.

        Args:
            match: of a window, about to wake.
            samples: the window, ``(n,) float32`` at the first encoder's rate.
        """
        known = self._sounds.get(match.sound)
        if known is None or match.named:
            return match
        rate = self._encoder.rate
        count = self._longest if known.seconds is None else round(known.seconds * rate)
        vector = self._encoder.embed([samples[-min(count, self._longest) :]])[0]
        likeness = float((known.takes @ vector).max())
        _log.debug("%s: likeness %.3f to %s", self.name, likeness, match.sound)
        if likeness >= known.threshold:
            return match
        return replace(match, refused=f"not confirmed by {self.name}")


def learned(
    takes: Sequence[FloatArray], bank: NegativeBank | None = None, seconds: float | None = None
) -> SecondOpinion:
    """What the second encoder makes of a sound, with a lenient threshold.

    Each take, as it is and in noise, is held against the others. The worst of them and some
    slack give the threshold; where a bank shows that most of everyday sound would come through,
    it is as strict as the worst take allows.

    Args:
        takes: as :func:`wakeword.embedding.variants.embed_take` makes them,
            ``(n, dim) float32`` each; one at least.
        bank: everyday sound, as the second encoder hears it.
        seconds: so much of a window's end is listened to.
    """
    rows = np.concatenate(list(takes))
    worst = min(_among_themselves(takes))
    threshold = worst - SLACK * (1.0 - worst)
    if bank is not None:
        threshold = max(threshold, min(worst, _everyday(rows, bank)))
    return SecondOpinion(rows, max(-1.0, threshold), seconds)


def _among_themselves(takes: Sequence[FloatArray]) -> list[float]:
    """The best cosine of each take to the others, as it is and in noise."""
    if len(takes) == 1:
        return [float((noisiest_rows(takes[0]) @ quiet_rows(takes[0]).T).max())]
    found = []
    for index, take in enumerate(takes):
        others = np.concatenate([other for i, other in enumerate(takes) if i != index])
        for heard in (quiet_rows(take), noisiest_rows(take)):
            found += [float((heard @ others.T).max())] if len(heard) else []
    return found


def _everyday(rows: FloatArray, bank: NegativeBank) -> float:
    """The cosine that ``EVERYDAY_SHARE`` of the runs of everyday sound stay below."""
    scores = (bank.vectors[:, : bank.dim] @ rows.T).max(axis=1)
    starts = np.flatnonzero(np.diff(bank.runs, prepend=-1))
    return float(np.quantile(np.maximum.reduceat(scores, starts), EVERYDAY_SHARE))
