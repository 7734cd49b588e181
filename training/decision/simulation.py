"""Simulated enrollments: what would be known of windows of a sound and of everything else.

A sound of the train split is enrolled with some of its takes; the others are heard again in
quiet, in noise and in rooms, and hours of other recordings stand for all that is not the sound.
Where the encoder was trained on a recording, it finds takes nearer and other recordings further
than it will with a user's. So only sources that it has not been trained on are enrolled and held
against the sounds, as far as those are known; synthesised sounds are enrolled beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enroll.verifier import Training
from training.decision.hearing import HOP, Negative, SoundHeard
from wakebench import classes
from wakebench.identity import generator
from wakeword.audio.frames import FloatArray
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.embedding.embedder import is_short
from wakeword.embedding.variants import clear_rows
from wakeword.protocols import Encoder
from wakeword.scoring.bank import CATEGORIES
from wakeword.scoring.likeness import Cohort, Likeness

TAKES = (1, 3, 5)
"""How many takes enrollments are simulated with, as far as a sound has more than that."""
MOST_TESTED = 6
NEAREST_RUNS = 200
"""Of everything else so many runs are kept for an enrollment by the cosine less the cohort mean,
and as many by the verifier."""
NEVER = -99.0
REFERENCE_SHARE = 3
"""One recording in so many is what verifiers and the cohort know."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class World:
    """Everything that is no sound, recording by recording in order."""

    vectors: NDArray[np.float16]
    """``(n, view_dim)``."""
    runs: NDArray[np.int64]
    """``(n,)`` ascending from 0."""
    clips: NDArray[np.int64]
    """``(runs,)`` which recording each run is of."""
    names: list[str]
    """Label of each recording, in words."""
    categories: NDArray[np.int8]
    """``(recordings,)`` which of ``CATEGORIES`` each is."""
    sources: NDArray[np.str_]
    """``(recordings,)``."""
    unseen: NDArray[np.bool_]
    """``(recordings,)`` whether the encoder was not trained on it."""
    known: NDArray[np.bool_]
    """``(recordings,)`` whether verifiers and the cohort know it."""
    seconds: Floats
    """``(recordings,)`` that each stands for."""

    def hours(self, clips: NDArray[np.bool_]) -> Floats:
        """Hours of each category, ``(len(CATEGORIES),)``, of these recordings."""
        counted = np.bincount(self.categories[clips], self.seconds[clips], len(CATEGORIES))
        return np.asarray(counted / 3600.0)


@dataclass(frozen=True, eq=False)
class Simulated:
    """One enrollment. Evidence is nearest cosine, cohort_mean and the verifier's log-odds."""

    name: str
    source: str
    takes: int
    events: list[tuple[float, FloatArray]]
    """SNR, and the evidence ``(windows, 3)`` of each stretch of windows of each event."""
    runs: NDArray[np.int64]
    """Which of the world's runs are kept, ascending."""
    evidence: list[FloatArray]
    """``(windows, 3)`` of each of these."""


def make_world(negatives: Sequence[Negative], trained_on: frozenset[str]) -> World:
    """All negatives, in order.

    Args:
        negatives: what was heard.
        trained_on: sources that the encoder was trained on.
    """
    vectors, runs, clips, seconds = [], [], [], []
    names, kinds, sources, unseen, known = [], [], [], [], []
    before = 0
    for one in negatives:
        starts = np.array([clip["start"] for clip in one.clips], np.float64)
        lengths = np.diff(np.append(starts, max(one.samples, starts[-1] + 1)))
        first = np.flatnonzero(np.diff(one.runs, prepend=-1))
        vectors.append(one.vectors)
        runs.append(one.runs + before)
        before += len(first)
        clips.append(one.sections[first] + len(names))
        seconds.append(lengths / lengths.sum() * one.seconds)
        for clip in one.clips:
            names.append("speech" if clip["kind"] == "speech" else clip["label"].replace("_", " "))
            kinds.append(CATEGORIES.index(classes.at_home(clip["kind"], clip["label"])))
            sources.append(clip["source"])
            unseen.append(clip["held"] or clip["source"] not in trained_on)
            draw = generator(0, "known", clip["path"])
            known.append(int(draw.integers(REFERENCE_SHARE)) == 0)
    return World(
        np.concatenate(vectors),
        np.concatenate(runs),
        np.concatenate(clips),
        names,
        np.array(kinds, np.int8),
        np.array(sources),
        np.array(unseen),
        np.array(known),
        np.concatenate(seconds),
    )


class Simulator:
    """Enrolls sounds and holds the world against them.

    Args:
        world: everything that is no sound.
        encoder: made the embeddings.
        reference: windows that verifiers and the cohort know.
    """

    def __init__(self, world: World, encoder: Encoder, reference: int) -> None:
        self._world, self._encoder, dim = world, encoder, encoder.dim
        clip = world.clips[world.runs]
        rows = np.flatnonzero(world.known[clip])
        rows = np.sort(generator(0, "reference").permutation(rows)[:reference])
        self.reference_rows = rows
        """Rows of the world that are known."""
        self._reference = _unit(world.vectors[rows], dim)
        self._reference_sources = world.sources[clip[rows]]
        self._cohort = Cohort(self._reference, dim)
        self.tested = ~world.known & world.unseen
        """``(recordings,)`` which are held against the sounds."""
        kept = np.flatnonzero(self.tested[clip])
        self._vectors = _unit(world.vectors[kept], dim)
        self._runs, self._sources = world.runs[kept], world.sources[clip[kept]]
        self._follows = np.append(np.diff(self._runs) == 0, False)
        self._first = np.flatnonzero(np.diff(self._runs, prepend=-1))
        self._cohort_means = [
            self._cohort.cohort_mean(self._vectors, short) for short in (False, True)
        ]

    def enrollments(self, sounds: Sequence[SoundHeard]) -> Iterator[Simulated]:
        """Every sound with as many takes as it has."""
        for heard in sounds:
            for takes in TAKES:
                found = self.enroll(heard, takes)
                if found is not None:
                    yield found

    def enroll(self, heard: SoundHeard, takes: int) -> Simulated | None:
        """One enrollment; None where the sound has too few takes."""
        rng = generator(0, "deal", heard.sound.name)
        order = [int(i) for i in rng.permutation(sorted(heard.takes))]
        if len(order) <= takes:
            return None
        tested = set(order[-min(MOST_TESTED, len(order) - takes) :])
        parts = [rows for i in order[:takes] for rows in heard.takes[i]]
        lengths = [seconds for i in order[:takes] for seconds in heard.seconds[i]]
        short = is_short(lengths, self._encoder, SegmenterConfig())
        dim = self._encoder.dim
        view = slice(dim, 2 * dim) if short else slice(0, dim)
        source = heard.sound.origin[0]
        reference = self._reference[self._reference_sources != source]
        verifier = Training([rows[:, view] for rows in parts], reference[:, view]).verifier()
        clear = np.concatenate([clear_rows(rows) for rows in parts])
        judge = Likeness(clear, dim, short, verifier, self._cohort)

        def evidence(windows: FloatArray, cohort_mean: FloatArray | None = None) -> FloatArray:
            if cohort_mean is None:
                cohort_mean = self._cohort.cohort_mean(windows, short)
            odds = windows @ judge.weights + verifier.bias
            return np.stack([judge.cosines(windows), cohort_mean, odds], axis=1)

        events = []
        for snr_db, take, windows, ends in heard.events:
            if take in tested:
                cuts = np.flatnonzero(np.diff(ends) != HOP) + 1
                for piece in np.split(_unit(windows, dim), cuts):
                    events.append((snr_db, evidence(piece) if len(piece) else np.zeros((0, 3))))
        world = evidence(self._vectors, self._cohort_means[int(short)])
        own = np.logical_or.reduceat(self._sources == source, self._first)
        nearest = np.zeros(len(self._first), bool)
        for score in (world[:, 0] - world[:, 1], world[:, 2]):
            peaks = np.where(own, NEVER, self._peaks(score))
            nearest[np.argsort(-peaks)[:NEAREST_RUNS]] = True
        ends = np.append(self._first[1:], len(world))
        chosen = np.flatnonzero(nearest & ~own)
        kept = [world[self._first[i] : ends[i]].astype(np.float32) for i in chosen]
        runs = self._runs[self._first[chosen]]
        return Simulated(heard.sound.name, source, takes, events, runs, kept)

    def _peaks(self, score: FloatArray) -> FloatArray:
        """Of each run, the highest score that two windows in a row reach."""
        pairs = np.full(len(score), NEVER, np.float32)
        pairs[:-1] = np.minimum(score[:-1], score[1:])
        pairs[~self._follows] = NEVER
        return np.asarray(np.maximum.reduceat(pairs, self._first))


def peak(odds: FloatArray) -> float:
    """The highest log-odds that two windows in a row reach."""
    return float(np.minimum(odds[:-1], odds[1:]).max()) if len(odds) > 1 else NEVER


def _unit(vectors: NDArray[np.float16] | FloatArray, dim: int) -> FloatArray:
    views = vectors.astype(np.float32).reshape(len(vectors), -1, dim)
    views /= np.maximum(np.linalg.norm(views, axis=2, keepdims=True), 1e-9)
    return np.asarray(views.reshape(len(views), -1))
