"""Batches: every window heard twice, as a room might give it, in powers of log-mel bands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training import augment
from training.corpus import WINDOW_FRAMES, Store

LENGTHS = (38, 48, 58, 68, 78, 88, 98, 98, 98)
"""Frames of a window while a segment grows, and when it slides."""
PRE_ROLL = (14, 32)
"""The gate opens about here, in frames before the sound."""
SLIDE_PAST = 35
"""A window may end so many frames after the sound: the gate's hangover."""
FAINTEST_DB = -115.0


@dataclass(frozen=True)
class Batch:
    """Both hearings of some windows."""

    rows: NDArray[np.int64]
    """Items of the store."""
    first: Tensor
    """``(n, frames, bands)`` dBFS, lightly disturbed."""
    second: Tensor
    """The same windows, of another length, with noise."""
    asked: Tensor
    """``(n,)``: 1 where the teacher's view of the window still holds."""


class Batches:
    """Draws batches from a store.

    Args:
        store: the windows.
        rows: items that may be drawn.
        size: windows in a batch.
        shares: of events, made sounds, speech and backgrounds.
        seed: two runs with one seed draw the same.
    """

    def __init__(
        self,
        store: Store,
        rows: NDArray[np.int64],
        size: int,
        shares: tuple[float, float, float, float],
        seed: int,
    ) -> None:
        self._levels = torch.from_numpy(np.array(store.levels))
        self._items = store.items
        self._size = size
        self._rng = np.random.default_rng(seed)
        self._torch = torch.Generator().manual_seed(seed)
        kinds = store.kinds()[rows]
        self._noise = rows[kinds != "made"]
        weight = np.array([3.0 if k == "background" else 1.0 for k in kinds[kinds != "made"]])
        self._noise_chance = np.cumsum(weight / weight.sum())
        self._pools = []
        for kind, share in zip(("event", "made", "speech", "background"), shares, strict=True):
            pool = rows[kinds == kind]
            order = pool[np.argsort(store.items["group"][pool], kind="stable")]
            edges = np.flatnonzero(np.diff(store.items["group"][order], prepend=-1))
            self._pools.append((np.split(order, edges[1:]), round(share * size)))

    def draw(self) -> Batch:
        """The next batch."""
        return self.hear(self._choose())

    def hear(self, rows: NDArray[np.int64]) -> Batch:
        """Both hearings of these windows."""
        n = len(rows)
        shifts = torch.where(
            torch.rand(n, generator=self._torch) < 0.3,
            4.0 * torch.randn(n, generator=self._torch),
            torch.zeros(n),
        )
        # A teacher that heard another pitch has nothing to say; the two hearings still agree.
        asked = (shifts.abs() < 1.0).float()
        noisy = torch.rand(n, generator=self._torch)
        light = 15.0 + 30.0 * torch.rand(n, generator=self._torch)
        heavy = torch.where(noisy < 0.2, light, -5.0 + 30.0 * noisy)
        return Batch(
            rows, self._hear(rows, shifts, light, 2.0), self._hear(rows, shifts, heavy, 4.0), asked
        )

    def _choose(self) -> NDArray[np.int64]:
        """Windows of random groups, two of a group where it has them."""
        chosen: list[int] = []
        for groups, count in self._pools:
            start = len(chosen)
            while groups and len(chosen) - start < count:
                group = groups[self._rng.integers(len(groups))]
                chosen += list(self._rng.permutation(group)[:2])
        return np.array(chosen[: self._size], np.int64)

    def _hear(self, rows: NDArray[np.int64], shifts: Tensor, snr: Tensor, eq: float) -> Tensor:
        frames = int(self._rng.choice(LENGTHS))
        jitter = 0.15 * torch.randn(len(rows), generator=self._torch)
        levels = augment.shift(self._cut(rows, frames), shifts + jitter)
        power = (0.23025851 * levels).exp()
        power = augment.colour(augment.room(power, self._torch), self._torch, eq)
        power = augment.mix(power, self._noise_like(power), snr, self._torch)
        gain = 12.0 * torch.randn(len(rows), 1, 1, generator=self._torch)
        return 4.3429448 * power.clamp(min=1e-12).log() + gain

    def _cut(self, rows: NDArray[np.int64], frames: int) -> Tensor:
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
        return self._take(rows, start, frames)

    def _take(self, rows: NDArray[np.int64], start: NDArray[np.int64], frames: int) -> Tensor:
        start = np.clip(start, self._items["low"][rows], self._items["high"][rows] - frames)
        at = torch.from_numpy(start[:, None] + np.arange(frames)[None])
        return self._levels[at].float().clamp(min=FAINTEST_DB)

    def _noise_like(self, power: Tensor) -> Tensor:
        """Steady noise for half of the windows, other recordings for the rest."""
        n, frames, bands = power.shape
        picked = np.searchsorted(self._noise_chance, self._rng.random(n)).clip(
            max=len(self._noise) - 1
        )
        rows = self._noise[picked]
        start = self._items["onset"][rows] + self._rng.integers(-10, 20, size=n)
        found = (0.23025851 * self._take(rows, start, frames)).exp()
        found = found / found.sum(2).mean(1).clamp(min=1e-12)[:, None, None]
        steady = augment.steady(n, frames, bands, self._torch)
        steady = steady / steady.sum(2).mean(1)[:, None, None]
        share = torch.rand(n, generator=self._torch)
        share = torch.where(share < 0.35, 0.0, torch.where(share > 0.65, 1.0, share))
        return share[:, None, None] * found + (1 - share)[:, None, None] * steady
