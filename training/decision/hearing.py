"""What the engine hears of the train split: events of every sound, and hours of other recordings.

Embeddings are kept in a folder, a file a stream, so that an interrupted run goes on. The folder
belongs to one encoder and one version of the recordings; delete it when either changes.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enroll.finder import find_takes
from training.corpus import held_out
from wakebench import material
from wakebench.clips import Clip
from wakebench.compose import CLEAN, EventPlan, NegativePlan
from wakebench.identity import generator
from wakebench.manifest import Manifest, fit_rows
from wakebench.protocol import Protocol
from wakebench.recording import recorded
from wakebench.sounds import Sound, made_sounds, recorded_sounds
from wakebench.synth import RATE
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.reading import AudioClip
from wakeword.audio.segmenter import Segmenter, SegmenterConfig
from wakeword.embedding.embedder import StreamEmbedder, view_dim
from wakeword.embedding.variants import embed_take
from wakeword.errors import TakeRejected
from wakeword.gates import create_gate
from wakeword.protocols import Encoder

log = logging.getLogger(__name__)

HELD_OUT = 0.12
"""Share of the sources that an encoder's training keeps for screening."""
HOP = 1600
SNRS_DB = (CLEAN, 16.0, 8.0, 2.0)
MOST_TAKES = 14
SOUNDS_PER_LABEL, SOUNDS_PER_SOURCE = 4, 90
"""Of one source of data: a collection of nine knocks is not nine kinds of sound."""
MADE_SEEDS = (101, 102, 103)
BEDS, BED_SECONDS, BEDS_PER_STREAM = 100, 20, 4
"""Pieces of background that are laid under events, and how many under those of one sound."""
AFTER_SECONDS = 1.1
"""Windows up to this long after an event belong to it."""
KEPT = {"other sounds": 1, "noise": 2, "music": 2, "speech": 4, "silence": 1}
"""Of each kind of background, stretches of four seconds are heard in turn: one in so many."""
STRETCH_SECONDS = 4


@dataclass(frozen=True, eq=False)
class Negative:
    """What was heard of one stream without events."""

    vectors: NDArray[np.float16]
    """``(n, view_dim)`` of the windows that the gate let through."""
    runs: NDArray[np.int64]
    """``(n,)`` from 0, ascending: windows of one run follow each other, 2 s at most."""
    sections: NDArray[np.int64]
    """``(n,)`` which of ``clips`` each window lies in."""
    clips: list[dict[str, Any]]
    """Label, kind, source, group and path of each clip, ``start``, its first sample, and
    ``held``, whether an encoder's training keeps it for screening."""
    samples: int
    """Length of the stream."""
    seconds: float
    """Length of the recordings that this stands for."""


@dataclass(frozen=True, eq=False)
class SoundHeard:
    """A sound as it is enrolled and as it is heard again."""

    sound: Sound
    takes: dict[int, list[FloatArray]]
    """By number of the take, as :func:`wakeword.embedding.variants.embed_take` makes them."""
    seconds: dict[int, list[float]]
    """Length of the sound in each."""
    events: list[tuple[float, int, FloatArray, NDArray[np.int64]]]
    """SNR, number of the take, windows ``(n, view_dim)`` and where each ends."""


@dataclass(frozen=True, eq=False)
class _Piece:
    label: str
    category: str
    key: str
    samples: FloatArray

    def load(self) -> FloatArray:
        return self.samples


def windows(
    samples: FloatArray, encoder: Encoder, wanted: Callable[[int], bool]
) -> dict[str, NDArray[Any]]:
    """Embeddings ``v`` of the windows that the engine would judge, and where each ends, ``e``.

    Args:
        samples: ``(n,) float32`` at 16 kHz.
        encoder: makes the embeddings.
        wanted: whether a window that ends there is needed.
    """
    gate = create_gate("band", RATE)
    segmenter = Segmenter(RATE, encoder.window_seconds, SegmenterConfig())
    ear = StreamEmbedder(encoder)
    vectors, ends, lengths = [], [], []
    for start in range(0, len(samples), HOP):
        block = samples[start : start + HOP].astype(np.float32)
        frame = AudioFrame(np.pad(block, (0, HOP - len(block))), start, RATE)
        window = segmenter.push(frame, gate(frame))
        if window is not None and wanted(window.end):
            vectors.append(ear(window))
            ends.append(window.end)
            lengths.append(len(window.samples))
    shape = (len(vectors), view_dim(encoder))
    return {
        "v": np.array(vectors, np.float16).reshape(shape),
        "e": np.array(ends, np.int64),
        "l": np.array(lengths, np.int32),
    }


def hear_negatives(
    manifest: Manifest, encoder: Encoder, cache: Path, only_cached: bool = False
) -> list[Negative]:
    """All clips of the train split, as the benchmark composes streams of them.

    Args:
        manifest: the recordings.
        encoder: makes the embeddings.
        cache: folder for them.
        only_cached: whether streams that are not there yet are left out.
    """
    rows = manifest.for_fitting(shippable=True)
    known = {str(manifest.folder / row.path): row for row in rows}
    clips = tuple((material._clip(manifest, row), manifest.seconds(row)) for row in fit_rows(rows))
    protocol = Protocol(split="train", negative_seconds=1e9)
    plans = material.negative_plans(material.Material((), clips, {}), protocol)
    (cache / "neg").mkdir(parents=True, exist_ok=True)
    found = []
    for number, (kind, plan) in enumerate(plans):
        path = cache / "neg" / f"train-{kind.replace(' ', '_')}-{number:03d}.npz"
        if only_cached and not path.exists():
            continue
        if not path.exists():
            _hear_negative(number, KEPT[kind], plan, known, encoder, path)
            log.info("%s", path.name)
        found.append(_negative(path))
    return found


def _hear_negative(
    number: int, every: int, plan: NegativePlan, known: dict[str, Any], encoder: Encoder, path: Path
) -> None:
    stream = plan.compose()
    stretch = STRETCH_SECONDS * RATE
    heard = windows(stream.samples, encoder, lambda end: (end // stretch + number) % every == 0)
    rows = [known[str(clip.path)] for clip in plan.clips]  # type: ignore[attr-defined]
    about = [
        {
            "start": section.start,
            "label": row.label,
            "kind": row.kind,
            "source": row.source,
            "group": row.group,
            "path": row.path,
            "held": held_out(row, HELD_OUT),
        }
        for section, row in zip(stream.layout.sections, rows, strict=True)
    ]
    np.savez(path, **heard, n=stream.layout.length / every, meta=json.dumps(about))


def _negative(path: Path) -> Negative:
    with np.load(path, allow_pickle=False) as kept:
        clips = json.loads(str(kept["meta"]))
        vectors, ends, lengths = kept["v"], kept["e"], kept["l"]
        seconds = float(kept["n"]) / RATE
    begins = np.ones(len(ends), bool)
    begins[1:] = np.diff(ends) != HOP
    at = np.arange(len(ends))
    since = at - np.maximum.accumulate(np.where(begins, at, 0))
    runs = np.cumsum(begins | (since % 20 == 0)) - 1
    starts = np.array([clip["start"] for clip in clips])
    sections = np.maximum(np.searchsorted(starts, ends - lengths // 2, "right") - 1, 0)
    return Negative(vectors, runs, sections, clips, int(ends[-1]) if len(ends) else 0, seconds)


def train_sounds(manifest: Manifest) -> list[Sound]:
    """The sounds that enrollments are simulated with: recorded ones, then synthesised ones."""
    found = recorded_sounds(manifest, "train", 0)
    labels: Counter[tuple[str, str]] = Counter()
    sources: Counter[str] = Counter()
    kept = []
    for i in generator(0, "pick").permutation(len(found)):
        sound = found[i]
        source = sound.origin[0]
        if labels[source, sound.label] < SOUNDS_PER_LABEL and sources[source] < SOUNDS_PER_SOURCE:
            labels[source, sound.label] += 1
            sources[source] += 1
            kept.append(sound)
    kept.sort(key=lambda sound: sound.name)
    for seed in MADE_SEEDS:
        for sound in made_sounds(seed):
            name = f"{sound.name} made {seed}"
            origin = ("made", f"{sound.name}-{seed}")
            kept.append(Sound(name, sound.label, sound.family, True, sound.takes, origin))
    return kept


def hear_sounds(
    manifest: Manifest, encoder: Encoder, cache: Path, only: Sequence[int] | None = None
) -> list[SoundHeard]:
    """All sounds that enrollments are simulated with.

    Args:
        manifest: the recordings.
        encoder: makes the embeddings.
        cache: folder for them.
        only: numbers of the sounds; those that the cache holds whole where None is given and it
            holds any, else all of them.
    """
    for name in ("enr", "ev"):
        (cache / name).mkdir(parents=True, exist_ok=True)
    beds: list[_Piece] = []
    found = []
    for number, whole in enumerate(train_sounds(manifest)):
        if only is not None and number not in only:
            continue
        sound = whole
        if len(whole.takes) > MOST_TAKES:
            order = generator(1, "takes", whole.name).permutation(len(whole.takes))[:MOST_TAKES]
            takes = tuple(whole.takes[i] for i in order)
            sound = Sound(whole.name, whole.label, whole.family, whole.made, takes, whole.origin)
        paths = [cache / "ev" / f"train-{number:04d}-{snr:g}.npz" for snr in SNRS_DB]
        enrolled = cache / "enr" / f"train-{number:04d}.npz"
        if not (enrolled.exists() and all(path.exists() for path in paths)):
            beds = beds or _beds(manifest)
            _hear_sound(sound, encoder, beds, enrolled, paths)
            log.info("%s", sound.name)
        found.append(_sound(sound, enrolled, paths))
    return found


def cached(cache: Path) -> list[int]:
    """Numbers of the sounds that the cache holds whole."""
    numbers = sorted(int(path.stem.split("-")[1]) for path in (cache / "enr").glob("train-*.npz"))
    return [
        number
        for number in numbers
        if all((cache / "ev" / f"train-{number:04d}-{snr:g}.npz").exists() for snr in SNRS_DB)
    ]


def _beds(manifest: Manifest) -> list[_Piece]:
    rows = [row for row in manifest.for_fitting() if row.kind != "event" and row.seconds >= 3]
    clips: list[Clip] = [material._clip(manifest, row) for row in rows]
    clips = [clip for clip in clips if clip.category not in ("other sounds", "silence")]
    rng = generator(0, "bedpool", "train", 0)
    pieces = []
    for i in rng.permutation(len(clips))[:BEDS]:
        samples = clips[i].load()
        first = int(rng.integers(0, max(1, len(samples) - BED_SECONDS * RATE)))
        piece = samples[first : first + BED_SECONDS * RATE]
        pieces.append(_Piece(clips[i].label, clips[i].category, str(i), piece))
    return pieces


def _hear_sound(
    sound: Sound, encoder: Encoder, beds: Sequence[_Piece], enrolled: Path, paths: Sequence[Path]
) -> None:
    arrays: dict[str, Any] = {}
    lengths = []
    for number, take in enumerate(recorded({sound.name: sound.takes})[sound.name]):
        try:
            parts = find_takes(AudioClip(take.samples, take.rate))[:3]
        except TakeRejected:
            continue
        for part, one in enumerate(parts):
            rows = embed_take(one, encoder, SegmenterConfig())
            arrays[f"{number}_{part}"] = rows.astype(np.float16)
            lengths.append((number, part, one.sound_seconds, one.snr_db))
    for snr_db, path in zip(SNRS_DB, paths, strict=True):
        rng = generator(0, "bed", sound.name, snr_db, "train")
        bed = tuple(beds[i] for i in rng.permutation(len(beds))[:BEDS_PER_STREAM])
        stream = EventPlan((sound,), bed, snr_db, 0).compose()
        spans = np.array(
            [(e.start, e.end + round(AFTER_SECONDS * RATE), e.take) for e in stream.layout.events]
        )

        def wanted(end: int, spans: NDArray[np.int64] = spans) -> bool:
            return bool(((spans[:, 0] <= end) & (end <= spans[:, 1])).any())

        np.savez(path, **windows(stream.samples, encoder, wanted), spans=spans)
    np.savez(enrolled, **arrays, lens=np.array(lengths, np.float64).reshape(-1, 4))


def _sound(sound: Sound, enrolled: Path, paths: Sequence[Path]) -> SoundHeard:
    takes: dict[int, list[FloatArray]] = {}
    seconds: dict[int, list[float]] = {}
    with np.load(enrolled, allow_pickle=False) as kept:
        for number, part, length, _ in kept["lens"]:
            rows = kept[f"{int(number)}_{int(part)}"].astype(np.float32)
            takes.setdefault(int(number), []).append(rows)
            seconds.setdefault(int(number), []).append(float(length))
    events = []
    for snr_db, path in zip(SNRS_DB, paths, strict=True):
        with np.load(path, allow_pickle=False) as kept:
            vectors, ends = kept["v"].astype(np.float32), kept["e"]
            for start, end, take in kept["spans"]:
                inside = (start <= ends) & (ends <= end)
                events.append((snr_db, int(take), vectors[inside], ends[inside]))
    return SoundHeard(sound, takes, seconds, events)
