"""How much does a window resemble each sound? All of them are asked, each for itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wakeword.audio.frames import FloatArray
from wakeword.embedding.embedder import focused, view_dim
from wakeword.embedding.variants import clear_rows
from wakeword.errors import AudioFormatError, VectorsDamaged
from wakeword.events import Match
from wakeword.protocols import Encoder
from wakeword.scoring.likeness import Cohort, Likeness, Verifier
from wakeword.scoring.odds import score_of
from wakeword.scoring.veto import Veto
from wakeword.scoring.words import NamedLikeness, NamedSounds


class VectorIndex:
    """The embeddings of all takes in an exact FAISS index (``IndexFlatIP``): products are cosines.

    Args:
        vectors: ``(n, dim) float32``, each row of length 1; ``n`` may be 0.

    Raises:
        VectorsDamaged: the vectors are not finite or have no columns.
    """

    def __init__(self, vectors: FloatArray) -> None:
        import faiss

        if vectors.ndim != 2 or not vectors.shape[1] or not np.isfinite(vectors).all():
            raise VectorsDamaged()
        self.dim = int(vectors.shape[1])
        self._index = faiss.IndexFlatIP(self.dim)
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def cosines(self, query: FloatArray) -> FloatArray:
        """The cosine of each vector, ``(n,) float32``.

        Args:
            query: ``(dim,) float32``.

        Raises:
            AudioFormatError: the query has another dimension or is not finite.
        """
        if query.shape != (self.dim,) or not np.isfinite(query).all():
            raise AudioFormatError(f"an embedding of {self.dim} finite numbers is needed")
        cosines = np.empty(len(self), np.float32)
        if len(cosines):
            found, rows = self._index.search(query[None].astype(np.float32), len(cosines))
            cosines[rows[0]] = found[0]
        return cosines


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
    """Lets every sound score a window and holds the score against the sound's threshold.

    A window goes to the sound that is furthest above its own threshold. Sounds that have words
    are candidates too: see :func:`likeliest`.

    Args:
        vectors: ``(n, view_dim) float32``, the embeddings of all takes, focused on the view
            that their sound is looked for in.
        owners: whose each row is.
        thresholds: threshold by name of sound; a sound without one, or without vectors, is
            not listened for.
        likenesses: how to score each sound, by name; the cosine of the nearest take for those
            that are not named.
        vetoes: what refuses windows, of the sounds that have such a thing, by name.
        named: what scores the words of those that have any, by name.
        cohort: everyday sound, for the sounds that have a level.
    """

    def __init__(
        self,
        vectors: FloatArray,
        owners: Sequence[Owner],
        thresholds: dict[str, float],
        *,
        likenesses: Mapping[str, Likeness] | None = None,
        vetoes: Mapping[str, Veto] | None = None,
        named: Mapping[str, NamedLikeness] | None = None,
        cohort: Cohort | None = None,
    ) -> None:
        self._likenesses = likenesses or {}
        self._vetoes = vetoes or {}
        rows = [i for i, owner in enumerate(owners) if owner.sound in thresholds]
        self._owners = [owners[i] for i in rows]
        in_words = {name: judge for name, judge in (named or {}).items() if name in thresholds}
        listened = dict.fromkeys([*(owner.sound for owner in self._owners), *in_words])
        self._thresholds = {sound: thresholds[sound] for sound in listened}
        self._named = NamedSounds(in_words, self._thresholds) if in_words else None
        self._index = VectorIndex(vectors[rows])
        self._spans = _spans(self._owners)
        heard = {name: self._likenesses[name] for name in self._spans if name in self._likenesses}
        self._panel = Panel({name: judge for name, judge in heard.items() if judge.leveled}, cohort)

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
        if self._named is not None:
            for sound, score in self._named.scores(embedding).items():
                scores[sound] = max(score, scores.get(sound, score))
        return scores

    def __call__(self, embedding: FloatArray) -> Match | None:
        """The match of a ``(view_dim,) float32`` embedding with the sound that it is likeliest.

        That is a sound by its takes, or one by its words. Of sounds without a level, whose scores
        cannot be compared, only the one with the nearest take counts. None without any sounds.
        """
        found = self.recorded(embedding)
        others = [match for match in found if match.sound not in self._panel]
        nearest = max(others, key=lambda match: match.likeness, default=None)
        found = [match for match in found if match.sound in self._panel or match is nearest]
        named = [] if self._named is None else self._named.matches(embedding)
        return likeliest([*found, *named])

    def recorded(self, embedding: FloatArray) -> list[Match]:
        """The matches of a ``(view_dim,) float32`` embedding with each sound that has takes."""
        cosines = self._index.cosines(embedding)
        rows = {
            name: span.start + int(cosines[span].argmax()) for name, span in self._spans.items()
        }
        nearest = {name: float(cosines[row]) for name, row in rows.items()}
        scores = self._panel.scores(embedding, nearest)
        matches = []
        for sound, row in rows.items():
            score = scores.get(sound)
            if score is None:
                score = self._score(sound, embedding, nearest[sound])
            matches.append(self._match(embedding, self._owners[row], nearest[sound], score))
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


def likeliest(candidates: Sequence[Match]) -> Match | None:
    """The candidate that a window goes to; None without any.

    What matches comes first. Of several, the one that is furthest above its own threshold: so
    neither the nearest take nor a text that is a little like everything hides another sound.
    """
    return max(
        candidates, key=lambda match: (match.hit, match.score - match.threshold), default=None
    )


class Panel:
    """The scores of many sounds at once: what :class:`Likeness` says, in one matrix product.

    Args:
        likenesses: sounds with a level, by name.
        cohort: everyday sound.
    """

    def __init__(self, likenesses: Mapping[str, Likeness], cohort: Cohort | None) -> None:
        self._cohort = cohort if likenesses else None
        self._names = list(likenesses)
        if self._cohort is None:
            return
        verifiers = [judge.verifier for judge in likenesses.values() if judge.verifier is not None]
        self._shorts = np.array([judge.short for judge in likenesses.values()], int)
        self._weights = np.stack([judge.weights for judge in likenesses.values()])
        self._biases = np.array([verifier.bias for verifier in verifiers], np.float32)
        self._levels = np.array([verifier.level for verifier in verifiers], np.float64)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def scores(self, embedding: FloatArray, nearest: Mapping[str, float]) -> dict[str, float]:
        """Score 0..1 of each sound, by name.

        Args:
            embedding: ``(view_dim,) float32``.
            nearest: cosine of the nearest take of each sound, by name.
        """
        if self._cohort is None or self._cohort.model is None:
            return {}
        cohort_mean = np.zeros(2, np.float32)
        for short in np.unique(self._shorts):
            cohort_mean[short] = self._cohort.cohort_mean(embedding[None], bool(short))[0]
        odds = self._cohort.model.odds(
            np.array([nearest[name] for name in self._names], np.float32),
            cohort_mean[self._shorts],
            self._weights @ embedding + self._biases,
        )
        return dict(zip(self._names, score_of(odds, self._levels).tolist(), strict=True))


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
    vetoes: Mapping[str, Veto] | None = None,
) -> Scorer:
    """The scorer of these sounds.

    Without a cohort no verifier counts, and takes are known in noise too; a verifier was shown
    the noise, so there the takes alone are enough.

    Args:
        sounds: what is listened for.
        encoder: made the embeddings.
        cohort: everyday sound, where the encoder has a bank.
        vetoes: see :class:`Scorer`.
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
        vetoes=vetoes,
        named=named,
        cohort=cohort,
    )
