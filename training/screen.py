"""A quick measure on sources kept out of the training: how often is a sound missed?

Three takes of each sound are enrolled as the engine does it; further takes are heard in
streams with backgrounds, and other recordings stand for hours in which nothing should wake.
Gate, segments and patience are the engine's own. The score is the cosine to the nearest take.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.corpus import HOP, RATE, held_out
from wakebench import classes
from wakebench.clips import FileClip
from wakebench.compose import CLEAN, EventPlan, NegativePlan
from wakebench.manifest import Manifest
from wakebench.sounds import Sound, made_sounds, recorded_sounds
from wakebench.stream import Placed, Stream
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.logmel import LogMel
from wakeword.audio.segmenter import Segmenter, SegmenterConfig
from wakeword.embedding.variants import NOISE_SNRS_DB, in_noise, take_windows
from wakeword.encoders.mini import prolonged, window_levels
from wakeword.gates import create_gate

Embed = Callable[[Sequence[FloatArray]], FloatArray]
"""Windows to unit vectors: log-mel levels, each ``(frames, bands)``, or samples."""
EmbedSpans = Callable[[FloatArray, NDArray[np.int64]], FloatArray]
"""Samples of a stream and the first sample and end of each window to unit vectors."""
SNRS_DB = (CLEAN, 20.0, 10.0, 5.0)
ENROLLED = 3
MOST_TESTED = 8
ALLOWED = (1, 2, 4)
"""False alarms of a sound over all negatives; misses are averaged over these."""
LATE_SECONDS = 0.7
"""A sound counts as heard up to this long after its end."""


@dataclass(frozen=True, eq=False)
class Heard:
    """A stream as the encoder gets it."""

    samples: FloatArray
    levels: FloatArray
    """``(frames, bands)`` dBFS of the whole stream."""
    spans: NDArray[np.int64]
    """``(n, 3)``: first sample and end of each window, and its segment's first sample."""
    events: tuple[Placed, ...]

    def levels_of(self) -> list[FloatArray]:
        """Levels of each window."""
        return [prolonged(self.levels[a // HOP : 1 + (b - 400) // HOP]) for a, b, _ in self.spans]


@dataclass(frozen=True, eq=False)
class Screen:
    """What is enrolled and what is heard."""

    takes: dict[str, list[FloatArray]]
    """Windows of the enrolled takes by sound, as samples."""
    streams: dict[float, Heard]
    """By SNR in dB."""
    negatives: list[Heard]
    hours: float
    made: frozenset[str]
    """Names of the sounds that are synthesised."""


def make_screen(manifest: Manifest, share: float, seed: int = 0) -> Screen:
    """Compose all streams; ``share`` is the share of sources that was kept out."""
    rows = tuple(row for row in manifest.for_fitting() if held_out(row, share))
    kept = Manifest(manifest.folder, rows)
    sounds = [s for s in recorded_sounds(kept, "train", seed) if len(s.takes) > ENROLLED]
    sounds += made_sounds(seed + 77)
    rng = np.random.default_rng(seed)
    heard, takes = [], {}
    for sound in sounds:
        order = rng.permutation(len(sound.takes))
        tested = tuple(sound.takes[i] for i in order[ENROLLED : ENROLLED + MOST_TESTED])
        heard.append(replace(sound, takes=tested))
        takes[sound.name] = [
            window
            for i in order[:ENROLLED]
            for take in (sound.takes[i], *(in_noise(sound.takes[i], s) for s in NOISE_SNRS_DB))
            for window in take_windows(take, RATE, 1.0, SegmenterConfig())
        ]
    names = _groups(heard, kept)
    others = [row for row in rows if (row.source, row.label, row.group) not in names]
    clips = [
        (FileClip(kept.folder / r.path, r.label, classes.category(r.kind, r.label)), r.seconds)
        for r in others
    ]
    bed = tuple(c for c, s in clips if s >= 3 and c.category != classes.SOUNDS)
    streams = {
        snr: listen(EventPlan(tuple(heard), bed[:60], snr, seed).compose()) for snr in SNRS_DB
    }
    order = rng.permutation(len(clips))
    parts = np.array_split(order, 6)
    negatives = [
        listen(NegativePlan(tuple(clips[i][0] for i in part), seed).compose()) for part in parts
    ]
    hours = sum(len(n.samples) for n in negatives) / RATE / 3600
    made = frozenset(sound.name for sound in sounds if sound.made)
    return Screen(takes, streams, negatives, hours, made)


def _groups(sounds: Sequence[Sound], kept: Manifest) -> set[tuple[str, str, str]]:
    """Sources of the sounds: none of their clips is a negative."""
    labels = {sound.label for sound in sounds}
    return {(r.source, r.label, r.group) for r in kept.rows if r.label in labels and r.group}


def listen(stream: Stream) -> Heard:
    """Cut a stream as the engine does."""
    config = SegmenterConfig()
    hop = round(config.hop_seconds * RATE)
    gate, segmenter = create_gate("band", RATE), Segmenter(RATE, 1.0, config)
    spans = []
    for at in range(0, len(stream.samples) - hop + 1, hop):
        block = AudioFrame(stream.samples[at : at + hop], at, RATE)
        window = segmenter.push(block, gate(block))
        if window is not None:
            spans.append((window.start, window.end, window.segment_start))
    levels = LogMel(RATE)(stream.samples)
    rows = np.array(spans, np.int64).reshape(-1, 3)
    return Heard(stream.samples, levels, rows, stream.layout.events)


def missed(
    screen: Screen, embed: Embed, *, samples: bool = False, spans: EmbedSpans | None = None
) -> dict[str, float]:
    """Share of the events that were missed at each SNR, in percent.

    Args:
        screen: what is enrolled and heard.
        embed: the encoder: of levels, or of samples if so said.
        samples: give the encoder each window's samples instead.
        spans: for an encoder that hears streams as such: how it does.
    """
    logmel = LogMel(RATE)

    def hear(heard: Heard) -> FloatArray:
        if spans is not None:
            return spans(heard.samples, heard.spans[:, :2])
        if samples:
            return embed([heard.samples[a:b] for a, b, _ in heard.spans])
        return embed(heard.levels_of())

    enrolled = {
        name: embed(windows if samples else [window_levels(logmel, window) for window in windows])
        for name, windows in screen.takes.items()
    }
    quiet = [_lasting(heard, hear(heard), enrolled) for heard in screen.negatives]
    runs = {
        name: np.sort(
            np.concatenate(
                [_by_segment(h, s[name]) for h, s in zip(screen.negatives, quiet, strict=True)]
            )
        )[::-1]
        for name in enrolled
    }
    table = {}
    for snr, heard in screen.streams.items():
        scores = _lasting(heard, hear(heard), enrolled)
        counts: dict[str, list[float]] = defaultdict(list)
        for event in heard.events:
            ends = heard.spans[:, 1]
            near = (ends > event.start) & (ends <= event.end + LATE_SECONDS * RATE)
            best = scores[event.sound][near].max(initial=-1.0)
            late = np.mean([best <= runs[event.sound][allowed] for allowed in ALLOWED])
            counts["made" if event.sound in screen.made else "real"].append(float(late))
        for kind, found in sorted(counts.items()):
            name = "clean" if snr == CLEAN else f"{snr:.0f} dB"
            table[f"{kind} {name}"] = round(100 * float(np.mean(found)), 1)
    return table


def _lasting(
    heard: Heard, vectors: FloatArray, enrolled: dict[str, FloatArray]
) -> dict[str, FloatArray]:
    """Score of each window by sound, held for two windows: the smaller of it and the last."""
    spans = heard.spans
    follows = np.zeros(len(spans), bool)
    follows[1:] = spans[1:, 2] == spans[:-1, 2]
    scores = {}
    for name, takes in enrolled.items():
        score = (vectors @ takes.T).max(axis=1, initial=-1.0)
        before = np.concatenate([[-1.0], score[:-1]]).astype(np.float32)
        scores[name] = np.where(follows, np.minimum(score, before), -1.0).astype(np.float32)
    return scores


def _by_segment(heard: Heard, scores: FloatArray) -> FloatArray:
    """Best score of each segment: what could wake once."""
    if not len(scores):
        return scores
    starts = np.flatnonzero(np.diff(heard.spans[:, 2], prepend=-1))
    return np.asarray(np.maximum.reduceat(scores, starts), np.float32)
