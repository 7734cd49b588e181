"""How much does a window resemble each sound? All of them are asked, each for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

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
    """The vectors of all takes, by which every sound is judged in one matrix product.

    Args:
        vectors: ``(n, dim) float32``, each row of length 1; ``n`` may be 0.

    Raises:
        LibraryCorrupt: the vectors are not finite or have no columns.
    """

    def __init__(self, vectors: FloatArray) -> None:
        if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
            raise LibraryCorrupt("the stored vectors are damaged; run 'wakesound reindex'")
        self.dim = int(vectors.shape[1])
        self._vectors = np.ascontiguousarray(vectors, dtype=np.float32)

    def __len__(self) -> int:
        return len(self._vectors)

    def cosines(self, query: FloatArray) -> FloatArray:
        """The cosine of each vector, ``(n,) float32``.

        Args:
            query: ``(dim,) float32``.

        Raises:
            AudioFormatError: the query has another dimension or is not finite.
        """
        if query.shape != (self.dim,) or not np.isfinite(query).all():
            raise AudioFormatError(f"an embedding of {self.dim} finite numbers is needed")
        return np.asarray(self._vectors @ query.astype(np.float32, copy=False), np.float32)


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
    """Lets every sound judge a window and holds what it says against its threshold.

    A window goes to the sound that is furthest above its own threshold. Sounds that have words are candidates too: see :func:`wakeword.scoring.words.likeliest`.

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
        self._spans = _spans(self._owners)
        leveled = [name for name in self._spans if name in self._likenesses]
        leveled = [name for name in leveled if self._likenesses[name].leveled]
        self._panel = Panel({name: self._likenesses[name] for name in leveled}, self._spans)

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

        That is a sound by its takes, or one by its words. None when there are no sounds.
        """
        return likeliest([*self.recorded(embedding), *self._named.matches(embedding)])

    def recorded(self, embedding: FloatArray) -> list[Match]:
        """The matches of a ``(view_dim,) float32`` embedding with each sound that has takes."""
        cosines = self._index.cosines(embedding)
        scores = self._panel.scores(embedding, cosines)
        matches = []
        for sound, span in self._spans.items():
            nearest = span.start + int(cosines[span].argmax())
            cosine = float(cosines[nearest])
            score = scores.get(sound)
            if score is None:
                score = self._score(sound, embedding, cosine)
            matches.append(self._match(embedding, self._owners[nearest], cosine, score))
        return matches

    def _match(self, embedding: FloatArray, owner: Owner, cosine: float, score: float) -> Match:
        """The match with the sound whose nearest take this is."""
        veto = self._vetoes.get(owner.sound)
        return Match(
            sound=owner.sound,
            score=score,
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


class Panel:
    """The log-odds of many sounds at once: what :meth:`Likeness.odds` says, sound by sound.

    Args:
        likenesses: sounds with a level, by name.
        spans: which rows of the index each sound has.
    """

    def __init__(self, likenesses: Mapping[str, Likeness], spans: Mapping[str, slice]) -> None:
        self._names = list(likenesses)
        if not likenesses:
            return
        judges = list(likenesses.values())
        self._crowdings = {judge.short: judge.crowding for judge in judges}
        self._shorts = np.array([judge.short for judge in judges])
        firsts, places, self._meanings = [], [], []
        for number, (name, judge) in enumerate(likenesses.items()):
            firsts += [spans[name].start + int(at) for at in judge.first_rows]
            places += [number] * len(judge.first_rows)
            self._meanings.append(judge.meaning)
        starts = [spans[name] for name in likenesses]
        self._rows = np.concatenate([np.arange(span.start, span.stop) for span in starts])
        order = {int(row): i for i, row in enumerate(self._rows)}
        self._firsts = np.array([order[row] for row in firsts])
        most = max(len(judge.first_rows) for judge in judges)
        self._takes = np.full((len(judges), max(2, most)), -1)
        counts = np.zeros(len(judges), int)
        for take, number in enumerate(places):
            self._takes[number, counts[number]] = take
            counts[number] += 1
        self._single = counts < 2
        self._shares = np.stack([judge.shares for judge in judges])
        self._weights = np.stack([judge.weights for judge in judges])
        self._biases = np.array([judge.bias for judge in judges], np.float32)
        self._levels = np.array([judge.level for judge in judges], np.float64)

    def scores(self, embedding: FloatArray, cosines: FloatArray) -> dict[str, float]:
        """Score 0..1 of each sound, by name.

        Args:
            embedding: ``(view_dim,) float32``.
            cosines: ``(rows,)`` of all rows of the index.
        """
        if not self._names:
            return {}
        by_take = np.append(np.maximum.reduceat(cosines[self._rows], self._firsts), -np.inf)
        by_sound = np.sort(by_take[self._takes], axis=1)
        nearest = by_sound[:, -1]
        second = np.where(self._single, nearest, by_sound[:, -2:].mean(axis=1))
        crowded = {short: judge(embedding) for short, judge in self._crowdings.items()}
        crowding = np.array([crowded[bool(short)] for short in self._shorts], np.float32)
        verified = self._weights @ embedding + self._biases
        meaning = np.array([judge(embedding) for judge in self._meanings], np.float32)
        evidence = np.stack([nearest, second, crowding, verified, meaning], axis=1)
        odds = (evidence * self._shares).sum(axis=1, dtype=np.float32)
        found = 1.0 / (1.0 + np.exp(self._levels - odds))
        return dict(zip(self._names, (float(score) for score in found), strict=True))


def _spans(owners: Sequence[Owner]) -> dict[str, slice]:
    """The rows of each sound, which lie together, by name."""
    spans: dict[str, slice] = {}
    for row, owner in enumerate(owners):
        known = spans.get(owner.sound)
        spans[owner.sound] = slice(row if known is None else known.start, row + 1)
    return spans


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
                takes, encoder.dim, sound.short, sound.verifier, cohort
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
