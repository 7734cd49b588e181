"""How much does a window resemble each sound?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wakeword.audio import FloatArray
from wakeword.cohort import Cohort
from wakeword.confirm import Confirmation
from wakeword.events import Match
from wakeword.index import VectorIndex
from wakeword.likeness import Likeness, Verifier
from wakeword.patterns import SoundPatterns
from wakeword.protocols import Encoder
from wakeword.sequence import SoundOrder
from wakeword.takes import quiet_rows
from wakeword.veto import Veto
from wakeword.views import focused, view_dim


@dataclass(frozen=True)
class Owner:
    """Whose a stored vector is."""

    sound: str
    """Name of the sound."""
    take: str
    """File name of the take."""


@dataclass(frozen=True, eq=False)
class Enrolled:
    """What is listened for under one name."""

    name: str
    takes: Mapping[str, FloatArray]
    """Embeddings by file, ``(n, view_dim)``, as :func:`wakeword.takes.embed_take` makes them."""
    threshold: float
    verifier: Verifier | None = None
    short: bool = False
    """Whether it is looked for in the end of the window."""


class Scorer:
    """Finds the nearest take, then lets its sound judge and holds that against its threshold.

    Args:
        vectors: ``(n, view_dim) float32``, the embeddings of all takes, focused on the view
            that their sound is looked for in.
        owners: whose each row is.
        thresholds: threshold by name of sound; a sound without one, or without vectors, is
            not listened for.
        likenesses: how to score each sound, by name; the cosine of the nearest take for those
            that are not named.
        patterns: of the sounds that have any, by name.
        vetoes: what refuses windows, of the sounds that have such a thing, by name.
        orders: of the sounds whose order may matter, by name.
    """

    def __init__(
        self,
        vectors: FloatArray,
        owners: Sequence[Owner],
        thresholds: dict[str, float],
        *,
        likenesses: Mapping[str, Likeness] | None = None,
        patterns: Mapping[str, SoundPatterns] | None = None,
        vetoes: Mapping[str, Veto] | None = None,
        orders: Mapping[str, SoundOrder] | None = None,
    ) -> None:
        self.confirmation: Confirmation | None = None
        """A second opinion on what is about to wake."""
        self.orders: Mapping[str, SoundOrder] = orders or {}
        """What is known of the order inside each sound, by name."""
        self._likenesses = likenesses or {}
        self._vetoes = vetoes or {}
        self.patterns: Mapping[str, SoundPatterns] = patterns or {}
        """Those of each sound that has any, by name."""
        rows = [i for i, owner in enumerate(owners) if owner.sound in thresholds]
        self._owners = [owners[i] for i in rows]
        self._thresholds = {owner.sound: thresholds[owner.sound] for owner in self._owners}
        self._index = VectorIndex(vectors[rows])

    @property
    def events(self) -> list[str]:
        """Names of the events that may come: of sounds, or of their patterns."""
        plain = [name for name in self.sounds if name not in self.patterns]
        found = [self.patterns[name].patterns for name in self.sounds if name in self.patterns]
        return sorted([*plain, *(pattern.name for patterns in found for pattern in patterns)])

    @property
    def sounds(self) -> list[str]:
        """Names of the sounds that are listened for."""
        return sorted(self._thresholds)

    @property
    def thresholds(self) -> dict[str, float]:
        """Threshold of each sound that is listened for, by name."""
        return dict(self._thresholds)

    def scores(self, embedding: FloatArray) -> dict[str, float]:
        """Score of a ``(view_dim,) float32`` embedding for each sound, by name: for meters."""
        nearest: dict[str, float] = {}
        for cosine, row in zip(*self._index.search(embedding, len(self._index)), strict=True):
            nearest.setdefault(self._owners[int(row)].sound, float(cosine))
        return {sound: self._score(sound, embedding, at) for sound, at in nearest.items()}

    def __call__(self, embedding: FloatArray) -> Match | None:
        """The match of a ``(view_dim,) float32`` embedding with the sound of the nearest take.

        None when there are no sounds.
        """
        cosines, rows = self._index.search(embedding, 1)
        if not len(rows):
            return None
        owner, cosine = self._owners[int(rows[0])], float(cosines[0])
        veto = self._vetoes.get(owner.sound)
        return Match(
            sound=owner.sound,
            score=self._score(owner.sound, embedding, cosine),
            threshold=self._thresholds[owner.sound],
            take=owner.take,
            likeness=cosine,
            refused=veto(embedding, cosine) if veto is not None else "",
        )

    def _score(self, sound: str, embedding: FloatArray, cosine: float) -> float:
        likeness = self._likenesses.get(sound)
        if likeness is None or not likeness.verified:
            return cosine
        return float(likeness(embedding[None], cosines=np.array([cosine], np.float32))[0])


def make_scorer(
    sounds: Sequence[Enrolled],
    encoder: Encoder,
    cohort: Cohort | None,
    *,
    patterns: Mapping[str, SoundPatterns] | None = None,
    vetoes: Mapping[str, Veto] | None = None,
    orders: Mapping[str, SoundOrder] | None = None,
) -> Scorer:
    """The scorer of these sounds.

    Without a cohort no verifier counts, and takes are known in noise too; a verifier was shown
    the noise, so there the takes alone are enough.

    Args:
        sounds: what is listened for.
        encoder: made the embeddings.
        cohort: everyday sound, where the encoder has a bank.
        patterns: see :class:`Scorer`.
        vetoes: see :class:`Scorer`.
        orders: see :class:`Scorer`.
    """
    rows: list[FloatArray] = [np.zeros((0, view_dim(encoder)), np.float32)]
    owners: list[Owner] = []
    likenesses = {}
    for sound in sounds:
        verified = sound.verifier is not None and cohort is not None
        takes = [quiet_rows(found) if verified else found for found in sound.takes.values()]
        for file, found in zip(sound.takes, takes, strict=True):
            rows.append(focused(found, encoder.dim, sound.short))
            owners += [Owner(sound.name, file)] * len(found)
        if takes and verified:
            likenesses[sound.name] = Likeness(
                np.concatenate(takes), encoder.dim, sound.short, sound.verifier, cohort
            )
    thresholds = {sound.name: sound.threshold for sound in sounds}
    return Scorer(
        np.concatenate(rows),
        owners,
        thresholds,
        likenesses=likenesses,
        patterns=patterns,
        vetoes=vetoes,
        orders=orders,
    )
