"""Nearest takes: FAISS behind an interface that cannot fail silently.

How much does a window resemble each sound?
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.frames import FloatArray
from wakeword.embedding.embedder import focused, view_dim
from wakeword.embedding.variants import clear_rows
from wakeword.errors import AudioFormatError, LibraryCorrupt
from wakeword.events import Match
from wakeword.patterns.order import SoundOrder
from wakeword.patterns.pattern import SoundPatterns
from wakeword.protocols import Encoder
from wakeword.scoring.confirmation import Confirmation
from wakeword.scoring.likeness import Cohort, Likeness, Verifier
from wakeword.scoring.veto import Veto
from wakeword.scoring.words import NamedLikeness, NamedSounds, likeliest


class VectorIndex:
    """Exact inner-product search over unit vectors (``IndexFlatIP``), so scores are cosines.

    Args:
        vectors: ``(n, dim) float32``, each row of length 1; ``n`` may be 0.

    Raises:
        LibraryCorrupt: the vectors are not finite or have no columns.
    """

    def __init__(self, vectors: FloatArray) -> None:
        import faiss

        if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
            raise LibraryCorrupt("the stored vectors are damaged; run 'wakesound reindex'")
        self.dim = int(vectors.shape[1])
        self._index = faiss.IndexFlatIP(self.dim)
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def search(self, query: FloatArray, k: int) -> tuple[FloatArray, NDArray[np.int64]]:
        """The ``k`` nearest vectors, best first; fewer when the index holds fewer.

        Args:
            query: ``(dim,) float32``.
            k: how many are wanted.

        Returns:
            Scores ``(m,) float32`` and row numbers ``(m,) int64``, ``m = min(k, len(self))``.

        Raises:
            AudioFormatError: the query has another dimension or is not finite.
        """
        if query.shape != (self.dim,) or not np.isfinite(query).all():
            raise AudioFormatError(f"an embedding of {self.dim} finite numbers is needed")
        m = min(k, len(self))
        if m == 0:
            return np.zeros(0, np.float32), np.zeros(0, np.int64)
        scores, rows = self._index.search(query[None].astype(np.float32), m)
        return scores[0], rows[0]


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
    """Embeddings by file, ``(n, view_dim)``, as
    :func:`wakeword.embedding.variants.embed_take` makes them."""
    threshold: float
    verifier: Verifier | None = None
    short: bool = False
    """Whether it is looked for in the end of the window."""
    named: NamedLikeness | None = None
    """What scores its words, if it has any."""


class Scorer:
    """Finds the nearest take, then lets its sound judge and holds that against its threshold.

    Sounds that have words are candidates too: see :func:`wakeword.scoring.words.likeliest`.

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
        named: what scores the words of those that have any, by name.
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
        named: Mapping[str, NamedLikeness] | None = None,
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
        in_words = {name: judge for name, judge in (named or {}).items() if name in thresholds}
        listened = dict.fromkeys([*(owner.sound for owner in self._owners), *in_words])
        self._thresholds = {sound: thresholds[sound] for sound in listened}
        self._named = NamedSounds(in_words, self._thresholds)
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
        scores = {match.sound: match.score for match in self.recorded(embedding)}
        for sound, score in self._named.scores(embedding).items():
            scores[sound] = max(score, scores.get(sound, score))
        return scores

    def __call__(self, embedding: FloatArray) -> Match | None:
        """The match of a ``(view_dim,) float32`` embedding with the sound that it is likeliest.

        That is the sound of the nearest take, or one by its words. None when there are no sounds.
        """
        nearest = [
            self._match(embedding, self._owners[int(row)], float(cosine))
            for cosine, row in zip(*self._index.search(embedding, 1), strict=True)
        ]
        return likeliest([*nearest, *self._named.matches(embedding)])

    def recorded(self, embedding: FloatArray) -> list[Match]:
        """The matches of a ``(view_dim,) float32`` embedding with each sound that has takes."""
        nearest: dict[str, tuple[Owner, float]] = {}
        for cosine, row in zip(*self._index.search(embedding, len(self._index)), strict=True):
            owner = self._owners[int(row)]
            nearest.setdefault(owner.sound, (owner, float(cosine)))
        return [self._match(embedding, owner, at) for owner, at in nearest.values()]

    def _match(self, embedding: FloatArray, owner: Owner, cosine: float) -> Match:
        """The match with the sound whose nearest take this is."""
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
    named = {sound.name: sound.named for sound in sounds if sound.named is not None}
    rows: list[FloatArray] = [np.zeros((0, view_dim(encoder)), np.float32)]
    owners: list[Owner] = []
    likenesses = {}
    for sound in sounds:
        verified = sound.verifier is not None and cohort is not None
        takes = [clear_rows(found) if verified else found for found in sound.takes.values()]
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
        named=named,
    )
