"""Stretches of a stream: takes alone, and the same sounds seconds apart in a noisy room.

The first hearing is a take by itself, as in :mod:`training.batches`. For the second, two sounds
stand in a stretch of three seconds, in one room and one noise, each as far above the noise as
was drawn. The trunk runs over the stretch once; windows of several lengths are then pooled.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training import augment
from training.batches import PARTS, PRE_ROLL, TAILS, Batches, Change
from training.streaming_net import AHEAD, BLOCK

FRAMES = 304
"""Of a stretch."""
PER_STRETCH = 2
LEAD = 12
"""Frames of a recording before its sound that come with it; they fade in."""
TAIL = 20
"""Frames after it; then it fades out."""
LONGEST = 90
"""Frames of a sound in a stretch."""
PIECE = LEAD + LONGEST + TAIL + 8
NOISY_ALONE = 0.35
"""Share of the takes that are by themselves in noise too."""
FADE_DB = 6.0
"""A frame, on both sides."""
FIRST_AT = (14, 50)
GAP = (15, 70)
WHOLE, SHORT = 100, 50
"""Frames of the windows that the engine looks at."""
OTHERS = (30, 40, 60, 80, 150, 200)
WINDOWS = 3
"""Of each sound in a stretch: whole, short and of another length."""


@dataclass(frozen=True)
class Heard:
    """Some windows alone, and where they are in stretches."""

    rows: NDArray[np.int64]
    """Items of the store."""
    group: Tensor
    """``(n,)``: windows of one source; see :class:`training.batches.Batch`."""
    asked: Tensor
    """``(n,)``: 1 where the teacher's view of the window still holds."""
    alone: tuple[Tensor, ...]
    """The takes in parts, in order, each ``(some, frames, bands)`` dBFS."""
    stretches: Tensor
    """``(n / 2, FRAMES, bands)`` dBFS."""
    first: Tensor
    """``(n / 2, 2 * WINDOWS)``: first block of each window."""
    end: Tensor
    """The block just past it."""
    order: Tensor
    """``(n,)``: which of ``rows`` each sound in the stretches is, two of a stretch in a row."""


class Stretches(Batches):
    """Draws them from a store; see :class:`training.batches.Batches`."""

    def draw_stretches(self) -> Heard:
        """The next ones."""
        return self.place(self._choose())

    def place(self, rows: NDArray[np.int64]) -> Heard:
        """These windows, an odd one out left aside; they may come back in another order."""
        rows = rows[: len(rows) - len(rows) % PER_STRETCH]
        rows = rows[np.argsort(self._natural(rows), kind="stable")]
        n = len(rows)
        change, group, asked = self._change(rows)
        noisy = torch.rand(n, generator=self._torch)
        light = 15.0 + 30.0 * torch.rand(n, generator=self._torch)
        heavy = torch.where(noisy < 0.2, light, -5.0 + 30.0 * noisy)
        parts = np.array_split(np.arange(n), PARTS if n >= 8 * PARTS else 1)
        loud = torch.rand(n, generator=self._torch) < NOISY_ALONE
        by_itself = torch.where(loud, 25.0 * torch.rand(n, generator=self._torch), light)
        alone = tuple(self._hear(rows, part, change, by_itself, 2.0, False) for part in parts)
        order = self._rng.permutation(n)
        picked = Change(change.bands[order], change.speed[order])
        levels, start, shown = self._stretch(rows[order], picked, heavy[order])
        first, end = self._windows(start, shown)
        return Heard(
            rows,
            group,
            asked,
            tuple(levels[:, levels.shape[1] % BLOCK :] for levels in alone),
            levels,
            first,
            end,
            torch.from_numpy(order),
        )

    def _stretch(
        self, rows: NDArray[np.int64], change: Change, snr: Tensor
    ) -> tuple[Tensor, NDArray[np.int64], NDArray[np.int64]]:
        """Levels of the stretches; first frame and length of each sound in its own."""
        n = len(rows)
        length = np.ceil(self._items["length"][rows] / change.speed).astype(np.int64)
        shown = np.clip(length, 3, LONGEST)
        at = self._items["onset"][rows] - np.round(LEAD * change.speed).astype(np.int64)
        jitter = 0.15 * torch.randn(n, generator=self._torch)
        levels = self._take(rows, at, PIECE, change.speed)
        power = (0.23025851 * augment.shift(levels, change.bands + jitter)).exp()
        frame = np.arange(PIECE)[None]
        outside = np.maximum(LEAD // 2 - frame, frame - (LEAD + shown[:, None] + TAIL))
        fade = torch.from_numpy(-FADE_DB * np.maximum(outside, 0)).float()
        power = power * (0.23025851 * fade)[:, :, None].exp()
        loud = torch.nn.functional.avg_pool1d(power.sum(2)[:, None], 5, 1)[:, 0].amax(1)
        power = power * (10.0 ** (snr / 10.0) / loud.clamp(min=1e-12))[:, None, None]
        start = self._starts(shown)
        canvas = torch.zeros(n // PER_STRETCH, FRAMES, power.shape[2])
        for slot in range(PER_STRETCH):
            inside = (
                torch.arange(FRAMES)[None]
                - torch.from_numpy(start[slot::PER_STRETCH] - LEAD)[:, None]
            )
            valid = (inside >= 0) & (inside < PIECE)
            row = torch.arange(len(canvas))[:, None]
            piece = power[slot::PER_STRETCH][row, inside.clamp(0, PIECE - 1)]
            canvas += piece * valid[:, :, None]
        canvas = augment.colour(augment.room(canvas, self._torch), self._torch, 4.0)
        noise = self._noise_like(canvas)
        noise = noise / noise.sum(2).mean(1).clamp(min=1e-12)[:, None, None]
        heard = augment.add(canvas, noise, self._torch)
        gain = 12.0 * torch.randn(len(canvas), 1, 1, generator=self._torch) - 40.0
        return 4.3429448 * heard.clamp(min=1e-8).log() + gain, start, shown

    def _starts(self, shown: NDArray[np.int64]) -> NDArray[np.int64]:
        """First frame of each sound in its stretch."""
        start = np.zeros(len(shown), np.int64)
        count = len(shown) // PER_STRETCH
        start[0::PER_STRETCH] = self._rng.integers(*FIRST_AT, size=count)
        after = start[0::PER_STRETCH] + shown[0::PER_STRETCH]
        start[1::PER_STRETCH] = after + self._rng.integers(*GAP, size=count)
        latest = FRAMES - 2 * BLOCK - shown
        return np.minimum(start, latest)

    def _windows(self, start: NDArray[np.int64], shown: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """First block and end of the windows of each sound, ``(n / 2, 2 * WINDOWS)``."""
        n, rng = len(start), self._rng
        stop = start + shown
        segment = start - rng.integers(*PRE_ROLL, size=n)
        grown = rng.random(n) < 0.5
        late = rng.integers(-5, 36, size=n)
        late = np.minimum(late, np.maximum(WHOLE - 10 - shown, 5))
        whole_end = stop + np.where(grown, rng.choice(TAILS, size=n), late)
        whole = np.where(grown, np.minimum(whole_end - segment, WHOLE), WHOLE)
        other = rng.choice(OTHERS, size=n)
        reach = np.clip(other - shown, 5, 35)
        other_end = stop + (rng.random(n) * (reach + 5)).astype(np.int64) - 5
        ends = np.stack([whole_end, whole_end, other_end], 1)
        lengths = np.stack([whole, np.full(n, SHORT), other], 1)
        ends = np.minimum(ends + AHEAD, FRAMES)
        end = np.maximum((ends - AHEAD) // BLOCK, 2)
        first = np.clip(np.round((ends - AHEAD - lengths) / BLOCK).astype(np.int64), 0, end - 2)
        shape = (n // PER_STRETCH, PER_STRETCH * WINDOWS)
        return torch.from_numpy(first.reshape(shape)), torch.from_numpy(end.reshape(shape))
