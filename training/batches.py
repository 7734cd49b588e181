"""Batches: every window heard twice, as a room might give it, in powers of log-mel bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training import augment
from training.corpus import WINDOW_FRAMES, Store
from wakeword.audio.frames import FloatArray

LENGTHS = (38, 48, 58, 68, 78, 88, 98)
"""Frames of a window while a segment grows, until it slides."""
PRE_ROLL = (14, 32)
"""The gate opens about here, in frames before the sound."""
TAILS = (0, 10, 20)
"""A take's windows end so many frames after the sound."""
SLIDE_PAST = 35
"""A window may end so many frames after the sound: the gate's hangover."""
GATE_OPEN = 0.55
"""Share of the second hearings in which noise holds the gate open: the sound is anywhere."""
CUT_OFF = 0.25
"""How much of a sound's beginning such a window may have lost."""
PARTS = 4
"""Windows of about one length are heard together."""
ALTERED = 0.3
"""Share of the sources that are moved to another pitch and speed, and so become others."""
NEIGHBOURS = 2
"""So many sources like a chosen one come with it."""
SAYINGS = ("speech_command", "wake_word", "keyword")
"""Labels of speech that begin so name what is said; other speech never says a thing twice."""
FAINTEST_DB = -115.0
SILENCE = 60
"""Frames before a clip that are surely silent: the room that the store left after the last."""


@dataclass(frozen=True)
class Batch:
    """Both hearings of some windows."""

    rows: NDArray[np.int64]
    """Items of the store."""
    group: Tensor
    """``(n,)``: windows of one source. A source moved to another pitch is one of its own,
    with a number below 0 that never comes again."""
    first: tuple[Tensor, ...]
    """As enrolled: the windows in parts, in order, each ``(some, frames, bands)`` dBFS."""
    second: tuple[Tensor, ...]
    """As heard: the same windows, cut otherwise and in noise."""
    asked: Tensor
    """``(n,)``: 1 where the teacher's view of the window still holds."""


@dataclass(frozen=True)
class Change:
    """What makes other sources of some: ``(n,)`` each."""

    bands: Tensor
    speed: NDArray[np.float64]


class Batches:
    """Draws batches from a store.

    Args:
        store: the windows.
        rows: items that may be drawn.
        size: windows in a batch.
        shares: of events, made sounds, speech and backgrounds.
        seed: two runs with one seed draw the same.
        views: ``(items, any) float32``: sources whose mean views are near each other are
            drawn together; None draws all by chance.
        hard: share of the sources that bring such neighbours.
    """

    def __init__(
        self,
        store: Store,
        rows: NDArray[np.int64],
        size: int,
        shares: tuple[float, float, float, float],
        seed: int,
        views: FloatArray | None = None,
        hard: float = 0.5,
    ) -> None:
        self._levels = torch.from_numpy(np.array(store.levels))
        self._items = store.items
        self._size, self._hard, self._altered = size, hard, 0
        self._rng = np.random.default_rng(seed)
        self._torch = torch.Generator().manual_seed(seed)
        kinds = store.kinds()[rows]
        self._noise = rows[kinds != "made"]
        weight = np.array([3.0 if k == "background" else 1.0 for k in kinds[kinds != "made"]])
        self._noise_chance = np.cumsum(weight / weight.sum())
        order = rows[np.argsort(store.items["group"][rows], kind="stable")]
        edges = np.flatnonzero(np.diff(store.items["group"][order], prepend=-1))
        self._sources = np.split(order, edges[1:])
        self._near = None if views is None else neighbours(views, self._sources)
        kind = store.kinds()[[source[0] for source in self._sources]]
        label = store.items["label"]
        loose = [_loose(*store.labels[label[source[0]]]) for source in self._sources]
        self._takes = np.where(loose, 1, 2)
        self._pools = [
            (np.flatnonzero(kind == name), round(share * size))
            for name, share in zip(("event", "made", "speech", "background"), shares, strict=True)
        ]

    def draw(self) -> Batch:
        """The next batch."""
        return self.hear(self._choose())

    def hear(self, rows: NDArray[np.int64]) -> Batch:
        """Both hearings of these windows, which may come back in another order."""
        rows = rows[np.argsort(self._natural(rows), kind="stable")]
        n = len(rows)
        change, group, asked = self._change(rows)
        noisy = torch.rand(n, generator=self._torch)
        light = 15.0 + 30.0 * torch.rand(n, generator=self._torch)
        heavy = torch.where(noisy < 0.2, light, -5.0 + 30.0 * noisy)
        parts = np.array_split(np.arange(n), PARTS if n >= 8 * PARTS else 1)
        first = tuple(self._hear(rows, part, change, light, 2.0, False) for part in parts)
        if self._rng.random() < GATE_OPEN:
            parts = [np.arange(n)]
        grown = len(parts) > 1
        second = tuple(self._hear(rows, part, change, heavy, 4.0, not grown) for part in parts)
        return Batch(rows, group, first, second, asked)

    def _choose(self) -> NDArray[np.int64]:
        """Windows of random sources and of some that are like them, up to two of each source."""
        chosen: list[int] = []
        taken: set[int] = set()
        for pool, count in self._pools:
            start = len(chosen)
            for drawn in self._rng.permutation(pool):
                if len(chosen) - start >= count:
                    break
                sources = [int(drawn)]
                if self._near is not None and self._rng.random() < self._hard:
                    near = self._near[sources[0]]
                    sources += self._rng.permutation(near)[:NEIGHBOURS].tolist()
                for source in sources:
                    if source not in taken:
                        some = self._rng.permutation(self._sources[source])
                        chosen += some[: self._takes[source]].tolist()
                        taken.add(source)
        return np.array(chosen[: self._size], np.int64)

    def _change(self, rows: NDArray[np.int64]) -> tuple[Change, Tensor, Tensor]:
        """Another pitch and speed for some of the sources; their groups; whom to ask of."""
        group = self._items["group"][rows].copy()
        bands, speed = np.zeros(len(rows)), np.ones(len(rows))
        for source in np.unique(group):
            if self._rng.random() < ALTERED:
                self._altered += 1
                mine = group == source
                bands[mine] = self._rng.choice((-1, 1)) * self._rng.uniform(1.5, 9.0)
                speed[mine] = np.exp(self._rng.uniform(-0.3, 0.3))
                group[mine] = -self._altered
        asked = torch.from_numpy((bands == 0).astype(np.float32))
        change = Change(torch.from_numpy(bands).float(), speed)
        return change, torch.from_numpy(group), asked

    def _natural(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Frames of a window that ends with its sound."""
        return np.minimum(self._items["length"][rows] + PRE_ROLL[0] + 6, WINDOW_FRAMES)

    def _hear(
        self,
        all_rows: NDArray[np.int64],
        part: NDArray[np.int64],
        change: Change,
        snr: Tensor,
        eq: float,
        anywhere: bool,
    ) -> Tensor:
        rows, bands = all_rows[part], change.bands[part]
        if anywhere:
            frames = WINDOW_FRAMES
        elif self._rng.random() < 0.75:
            frames = int(np.percentile(self._natural(rows), 70) + self._rng.choice(TAILS))
        else:
            frames = int(self._rng.choice(LENGTHS))
        frames = min(max(frames, LENGTHS[0]), WINDOW_FRAMES)
        jitter = 0.15 * torch.randn(len(rows), generator=self._torch)
        levels = self._cut(rows, frames, change.speed[part], anywhere)
        power = (0.23025851 * augment.shift(levels, bands + jitter)).exp()
        power = augment.colour(augment.room(power, self._torch), self._torch, eq)
        power = augment.mix(power, self._noise_like(power), snr[part], self._torch)
        gain = 12.0 * torch.randn(len(rows), 1, 1, generator=self._torch)
        return 4.3429448 * power.clamp(min=1e-12).log() + gain

    def _cut(
        self, rows: NDArray[np.int64], frames: int, speed: NDArray[np.float64], anywhere: bool
    ) -> Tensor:
        """Levels of windows of that many frames, ``(n, frames, bands)``."""
        onset, length = self._items["onset"][rows], self._items["length"][rows]
        start = onset - self._rng.integers(*PRE_ROLL, size=len(rows))
        end = onset + length
        # Sliding: anywhere inside a long sound; a short one stays until the gate closes.
        reach = np.maximum(end - frames - start, 0)
        if frames == WINDOW_FRAMES:
            reach = np.maximum(reach, end + SLIDE_PAST - frames - start)
            reach = np.minimum(reach, np.maximum(end - frames - start, onset - start))
        reach = np.clip(reach, 0, 30)
        start = start + (self._rng.random(len(rows)) * (reach + 1)).astype(np.int64)
        if anywhere:
            shown = np.minimum(length, frames)
            first = np.minimum(onset + shown - frames, onset - PRE_ROLL[0])
            last = onset + (CUT_OFF * shown).astype(np.int64)
            free = first + (self._rng.random(len(rows)) * (last - first + 1)).astype(np.int64)
            start = np.where(self._rng.random(len(rows)) < 0.8, free, start)
        return self._take(rows, start, frames, speed)

    def _take(
        self,
        rows: NDArray[np.int64],
        start: NDArray[np.int64],
        frames: int,
        speed: NDArray[np.float64],
    ) -> Tensor:
        reach = np.ceil(frames * speed).astype(np.int64)
        low = np.maximum(self._items["low"][rows] - SILENCE, 0)
        start = np.clip(start, low, self._items["high"][rows] - reach)
        at = start[:, None] + np.round(np.arange(frames) * speed[:, None]).astype(np.int64)
        return self._levels[torch.from_numpy(at)].float().clamp(min=FAINTEST_DB)

    def _noise_like(self, power: Tensor) -> Tensor:
        """Steady noise for half of the windows, other recordings for the rest."""
        n, frames, bands = power.shape
        picked = np.searchsorted(self._noise_chance, self._rng.random(n)).clip(
            max=len(self._noise) - 1
        )
        rows = self._noise[picked]
        start = self._items["onset"][rows] + self._rng.integers(-10, 20, size=n)
        found = (0.23025851 * self._take(rows, start, frames, np.ones(n))).exp()
        found = found / found.sum(2).mean(1).clamp(min=1e-12)[:, None, None]
        steady = augment.steady(n, frames, bands, self._torch)
        steady = steady / steady.sum(2).mean(1)[:, None, None]
        share = torch.rand(n, generator=self._torch)
        share = torch.where(share < 0.35, 0.0, torch.where(share > 0.65, 1.0, share))
        return share[:, None, None] * found + (1 - share)[:, None, None] * steady


def _loose(label: str, kind: str) -> bool:
    """Whether two windows of a source are no takes of one sound: music, streets, talk."""
    return kind == "background" or (kind == "speech" and not label.startswith(SAYINGS))


def neighbours(
    views: FloatArray, sources: list[NDArray[np.int64]], count: int = 12
) -> NDArray[np.int64]:
    """The sources most like each one, ``(sources, count)``, by the cosine of their mean views.

    Args:
        views: ``(items, any)`` of all items.
        sources: items of each source.
        count: how many are found.
    """
    mean = np.stack([views[some[:32]].mean(axis=0) for some in sources])
    mean = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
    count = min(count, len(sources) - 1)
    found = []
    for first in range(0, len(mean), 512):
        likeness = mean[first : first + 512] @ mean.T
        likeness[np.arange(len(likeness)), np.arange(first, first + len(likeness))] = -2.0
        found.append(np.argpartition(-likeness, count - 1, axis=1)[:, :count])
    return np.concatenate(found)
