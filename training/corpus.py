"""From a folder of recordings to a store of log-mel levels that batches are drawn from.

A store is a folder: ``levels.npy (frames, bands) float16`` in dBFS, ``audio.npy`` with the
samples they came from (for the teacher), and ``items.npz``, a row a window of one second.
Every clip is laid out with silence around it, so that a window can begin before the sound
and end after it. Clips are also stored at other speeds, as sources of their own.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakebench.cutter import cut
from wakebench.manifest import Manifest, Row
from wakebench.synth import BACKGROUNDS, KINDS, background, make_source
from wakeword.audio.frames import FloatArray
from wakeword.audio.logmel import LogMel
from wakeword.audio.resampling import resample

log = logging.getLogger(__name__)

RATE = 16000
HOP = 160
WINDOW_FRAMES = 98
"""Frames of 25 ms every 10 ms in one second."""
BEFORE, AFTER = 40, 110
"""Frames of silence around each clip."""
LEAD = 20
"""A window begins this many frames before its sound."""
STEP = 50
"""Hop of the windows over a long sound, in frames."""
LONGEST_SECONDS = 240.0


@dataclass(frozen=True, eq=False)
class Clip:
    """Sound to be stored."""

    samples: FloatArray
    group: str
    """Takes of one group are the same source."""
    clip: str
    label: str
    kind: str
    """``event``, ``background``, ``speech`` or ``made``."""
    held_out: bool
    """Kept for screening, never trained on."""


def held_out(row: Row, share: float) -> bool:
    """Whether a clip is kept for screening: by its source, so takes stay together."""
    if row.source.endswith("ESC-10"):
        return Path(row.path).name.split("__")[-1].startswith("4-")
    key = f"{row.source}/{row.group or row.path}"
    return blake2b(key.encode(), digest_size=1).digest()[0] < 256 * share


def recorded(manifest: Manifest, share: float, speeds: int, seed: int) -> Iterator[Clip]:
    """All clips that may be fitted to, each also at other speeds (which change the pitch)."""
    rows = manifest.for_fitting(shippable=True)
    for number, row in enumerate(rows):
        rng = np.random.default_rng([seed, number])
        samples = manifest.audio(row, RATE)[: round(LONGEST_SECONDS * RATE)]
        held = held_out(row, share)
        group = f"{row.source}/{row.group or row.path}"
        yield Clip(samples, group, row.path, row.label, row.kind, held)
        more = 0 if held else speeds if row.kind == "event" else 1
        for i in range(more):
            # One factor for all clips of a group: its takes are still takes of one source.
            pitch = np.random.default_rng([seed, i, *group.encode()])
            factor = float(np.exp(pitch.uniform(0.06, 0.32) * (-1) ** int(pitch.integers(2))))
            changed = resample(samples, RATE, round(RATE / factor))
            yield Clip(changed, f"{group}@{i}", f"{row.path}@{i}", row.label, row.kind, False)
        if number % 500 == 0:
            log.info("%d of %d clips", number, len(rows))
        del rng


def made(sources: int, takes: int, seed: int) -> Iterator[Clip]:
    """Synthesised sounds, many sources of each kind, and synthesised backgrounds."""
    for k, kind in enumerate(KINDS):
        for s in range(sources):
            rng = np.random.default_rng([seed, k, s])
            source = make_source(kind, rng)
            held = s < sources * 0.05
            for t in range(takes):
                name = f"made/{kind}/{s}"
                yield Clip(source.take(rng), name, f"{name}/{t}", kind, "made", held)
    for b, kind in enumerate(BACKGROUNDS):
        for s in range(6):
            rng = np.random.default_rng([seed, 1000 + b, s])
            name = f"made/{kind}/{s}"
            yield Clip(background(kind, 30.0, rng), name, name, kind, "background", s == 0)


def windows_of(clip: Clip) -> list[tuple[int, int]]:
    """Windows of a clip as ``(first frame of the sound, frames of sound in it)``."""
    total = len(clip.samples) // HOP
    if clip.kind == "made":
        spans = [(0, len(clip.samples))]
    elif clip.kind == "event":
        spans = cut(clip.samples, RATE) or [(0, len(clip.samples))]
    else:
        return [(at, WINDOW_FRAMES) for at in range(0, max(1, total - STEP), 2 * STEP)]
    found = []
    for start, end in spans:
        first, length = start // HOP, max(3, -(-(end - start) // HOP))
        found.append((first, length))
        inner = range(first + STEP, first + length - WINDOW_FRAMES // 2, STEP)
        found += [(at + LEAD, first + length - at) for at in inner]
    return found


def write_store(clips: Iterator[Clip], folder: Path) -> None:
    """Write the store of all clips."""
    folder.mkdir(parents=True, exist_ok=True)
    logmel = LogMel(RATE)
    rows: list[tuple[int, ...]] = []
    groups: dict[str, int] = {}
    labels: dict[tuple[str, str], int] = {}
    at = count = 0
    with (folder / "levels.f16").open("wb") as levels, (folder / "audio.i16").open("wb") as audio:
        for clip in clips:
            frames = BEFORE + -(-len(clip.samples) // HOP) + AFTER
            padded = np.zeros(frames * HOP + logmel.frame - HOP, np.float32)
            padded[BEFORE * HOP : BEFORE * HOP + len(clip.samples)] = clip.samples
            levels.write(logmel(padded).astype(np.float16).tobytes())
            whole = np.clip(np.round(padded[: frames * HOP] * 32767), -32768, 32767)
            audio.write(whole.astype("<i2").tobytes())
            group = groups.setdefault(clip.group, len(groups))
            label = labels.setdefault((clip.label, clip.kind), len(labels))
            for first, length in windows_of(clip):
                onset = at + BEFORE + first
                rows.append((onset, length, at, at + frames, count, group, label, clip.held_out))
            at, count = at + frames, count + 1
    names = ("onset", "length", "low", "high", "clip", "group", "label", "held")
    columns = np.array(rows, np.int64).T
    np.savez(folder / "items.npz", **dict(zip(names, columns, strict=True)))
    about = {"frames": at, "labels": [list(key) for key in labels], "groups": list(groups)}
    (folder / "store.json").write_text(json.dumps(about), encoding="utf-8")
    log.info("%d windows of %d clips, %.1f hours", len(rows), count, at / 360000)


@dataclass(frozen=True, eq=False)
class Store:
    """What :func:`write_store` wrote."""

    levels: NDArray[np.float16]
    """``(frames, bands)`` dBFS."""
    audio: NDArray[np.int16]
    """``(frames * HOP,)``."""
    items: dict[str, NDArray[np.int64]]
    """By column: first frame of the sound, its length, bounds of its clip, clip, group, label."""
    labels: list[tuple[str, str]]
    """Label and kind."""
    groups: list[str]

    @classmethod
    def read(cls, folder: Path, bands: int = 64) -> Store:
        """Open a store; the large arrays stay on disk."""
        about = json.loads((folder / "store.json").read_text(encoding="utf-8"))
        with np.load(folder / "items.npz") as file:
            items = {name: file[name] for name in file.files}
        levels = np.memmap(folder / "levels.f16", np.float16, "r", shape=(about["frames"], bands))
        audio = np.memmap(folder / "audio.i16", "<i2", "r")
        labels = [(label, kind) for label, kind in about["labels"]]
        return cls(levels, audio, items, labels, about["groups"])

    def kinds(self) -> NDArray[np.str_]:
        """Kind of each item."""
        return np.array([kind for _, kind in self.labels])[self.items["label"]]
