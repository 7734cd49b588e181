"""The network of ``mini`` 4: every frame of the stream is computed once.

Three steps. The *ground* is what the levels are held against: a running floor for each band
and a running peak, of the past and of :data:`AHEAD` frames to come. The *trunk* is a row of
convolutions that look back only; it gives features for every block of :data:`BLOCK` frames.
The *pool* is what a window is: weighted means and maxima over the blocks that lie in it, so
that windows of any length and hop cost next to nothing more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

BANDS = 64
BLOCK = 4
"""Frames of a block: features come every 40 ms."""
AHEAD = 4
"""Frames after a block that its peak already knows: 40 ms of look-ahead, all there is."""
RANGE_DB = 60.0
"""What lies this far below the peak is silence."""
ABOVE_DB = 40.0
"""Levels over the floor are cut off here."""
HISTORY = 62
"""The floor of a band is its quietest moment in so many blocks, 2.5 s ..."""
FLOOR_BIAS_DB = 2.0
"""... raised by this much, for a minimum lies below the average."""
FALL_DB = 0.8
"""The peak falls so much a block, 20 dB a second."""
LEAST_PEAK_DB = 15.0
"""The peak lies at least so far above the loudest band's floor: noise alone is no sound."""
STEEPEST = 6.0
"""A frame weighs at most e to the power of this, and at least its inverse."""
HEADS = 4
REFERENCE = 6.0
"""A block of -60 dBFS weighs as it is, where the level has a say; in tens of dB."""
MOST_TENS = 8.0
"""Above it, 20 dB over full scale, a level has no more say."""
FAINT_DB = 10.0
"""What rises no more over every band's floor is left out of maxima; twice as much counts whole."""


class Ground(NamedTuple):
    """What levels are held against, a row a block."""

    peak: Tensor
    """``(n, blocks)`` dBFS."""
    floor: Tensor
    """``(n, blocks, BANDS)`` dBFS."""


class Seen(NamedTuple):
    """What the trunk makes of each block."""

    mass: Tensor
    """``(n, blocks, masses)``: the weight of the block for each of the means."""
    sums: Tensor
    """``(n, blocks, sums)``: features times that weight."""
    tops: Tensor
    """``(n, blocks, tops)``: maxima within the block."""


def smooth_blocks(levels: Tensor) -> Tensor:
    """Mean level of each block and the one before, ``(n, blocks, BANDS)`` dBFS."""
    mean = levels.unflatten(1, (-1, BLOCK)).mean(2)
    return 0.5 * (mean + torch.cat([mean[:, :1], mean[:, :-1]], dim=1))


def ground(levels: Tensor, alone: bool) -> Ground:
    """The ground of ``(n, frames, BANDS)`` dBFS, the frames a multiple of :data:`BLOCK`.

    Args:
        levels: of a stream from its start.
        alone: the levels are all there is of a window: its quietest moment serves as the
            past that it lacks.
    """
    smooth = smooth_blocks(levels)
    past = smooth.amin(1) if alone else torch.full_like(smooth[:, 0], torch.inf)
    before = past[:, :, None].expand(-1, -1, HISTORY - 1)
    lows = torch.cat([before, smooth.transpose(1, 2)], dim=2)
    floor = FLOOR_BIAS_DB - functional.max_pool1d(-lows, HISTORY, 1).transpose(1, 2)
    peak = levels.unflatten(1, (-1, BLOCK)).amax((2, 3))
    fall = FALL_DB * torch.arange(peak.shape[1], device=levels.device)
    held = (peak + fall).cummax(1).values - fall
    ahead = torch.cat([peak[:, 1:], peak[:, -1:]], dim=1)
    held = torch.maximum(held, ahead)
    return Ground(torch.maximum(held, floor.amax(2) + LEAST_PEAK_DB), floor)


def views(levels: Tensor, peak: Tensor, floor: Tensor) -> Tensor:
    """Four pictures of a stretch: ``(n, 4, frames, BANDS)``.

    The level under the peak; the level over the band's own floor; the level with the floor's
    power taken away; and the band's place, for pitch matters.
    """
    n, frames, bands = levels.shape
    bottom = (peak - RANGE_DB)[:, :, None, None]
    blocks = levels.reshape(n, frames // BLOCK, BLOCK, bands)
    level = torch.maximum(blocks, bottom)
    under = torch.maximum(floor[:, :, None, :], bottom)
    over = ((level - under) / ABOVE_DB).clamp(0.0, 1.0)
    share = torch.exp(0.23025851 * (under - level)).clamp(max=0.999)
    clean = torch.maximum(level + 4.3429448 * torch.log1p(-share), bottom)
    place = torch.linspace(-0.5, 0.5, BANDS, device=levels.device).expand_as(level)
    pictures = [(level - bottom) / RANGE_DB, over, (clean - bottom) / RANGE_DB, place]
    return torch.stack([picture.reshape(n, frames, bands) for picture in pictures], dim=1)


class Causal(nn.Module):  # type: ignore[misc]
    """A convolution that looks back in time, and to both sides in pitch; then ReLU.

    Args:
        inputs: channels.
        outputs: channels.
        kernel: of both axes.
        stride: of time and of pitch.
        residual: add the input to what is found.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        stride: tuple[int, int] = (1, 1),
        residual: bool = False,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, (0, kernel // 2))
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")
        nn.init.zeros_(self.conv.bias)
        self.residual = residual
        self.past = kernel - stride[0]
        """Steps of its input that it looks back."""

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """``x (n, inputs, steps, bands)`` and the last steps before; the result and the same
        for what comes next."""
        whole = torch.cat([past, x], dim=2)
        found = functional.relu(self.conv(whole))
        if self.residual:
            found = found + x
        return found, whole[:, :, whole.shape[2] - self.past :]


class StreamingNet(nn.Module):  # type: ignore[misc]
    """Trunk, pool and projection.

    Args:
        widths: channels of the four levels.
        dim: length of the embedding's part for likeness.
        text_dim: length of its part for meaning, which labels share.
        text_weight: length of the second part before the whole is scaled to 1; the first
            has length 1.
        relative: louder blocks weigh more, by the level itself: what a window's loudest moment
            would do if it were known. A gain scales all weights alike and so changes nothing.
            Maxima leave out what hardly rises over the floor.
    """

    def __init__(
        self,
        widths: tuple[int, int, int, int] = (32, 64, 96, 128),
        dim: int = 192,
        text_dim: int = 64,
        text_weight: float = 0.7,
        relative: bool = False,
    ) -> None:
        super().__init__()
        a, b, c, d = widths
        self.widths, self.dim, self.text_dim, self.text_weight = widths, dim, text_dim, text_weight
        self.frozen = 0
        """So many of the first layers are not trained."""
        self.layers = nn.ModuleList(
            [
                Causal(4, a, 5, (2, 2)),
                Causal(a, b, 3, (2, 2)),
                Causal(b, b, residual=True),
                Causal(b, c, 3, (1, 2)),
                Causal(c, c, residual=True),
                Causal(c, d, 3, (1, 2)),
                Causal(d, d, residual=True),
            ]
        )
        third, fourth = BANDS // 8 * c, BANDS // 16 * d
        self.score_shapes = nn.Linear(2 * BANDS, 1)
        self.score_third = nn.Linear(third, HEADS)
        self.score_fourth = nn.Linear(fourth, HEADS)
        for score in (self.score_shapes, self.score_third, self.score_fourth):
            nn.init.zeros_(score.weight)
            nn.init.zeros_(score.bias)
        self.shares = (2 * BANDS, b, *HEADS * (third // HEADS,), *HEADS * (fourth // HEADS,))
        """How many of the sums each mass belongs to."""
        self.relative = relative
        if relative:
            self.loudness = nn.Parameter(torch.full((len(self.shares),), 0.5))
            """How much 10 dB add to the logarithm of each weight."""
        self.pooled_dim = sum(self.shares) + 2 * BANDS + b + d
        self.norm = nn.BatchNorm1d(self.pooled_dim)
        self.project = nn.Linear(self.pooled_dim, dim + text_dim)

    def start(self, n: int = 1) -> list[Tensor]:
        """What the layers remember before a stream begins: nothing."""
        channels = [4, *(layer.conv.out_channels for layer in self.layers)]
        bands = [BANDS, BANDS // 2, BANDS // 4, BANDS // 4, BANDS // 8, BANDS // 8, BANDS // 16]
        weight = self.project.weight
        return [
            weight.new_zeros(n, channels[i], layer.past, bands[i])
            for i, layer in enumerate(self.layers)
        ]

    def trunk(
        self, pictures: Tensor, loud: Tensor, past: Sequence[Tensor]
    ) -> tuple[Seen, list[Tensor]]:
        """Features of every block, and what the layers remember for the next call.

        Args:
            pictures: ``(n, 4, frames, BANDS)`` of :func:`views`.
            loud: ``(n, blocks)`` dBFS: loudest level of each block.
            past: what :meth:`start` or the last call gave.
        """
        left: list[Tensor] = []
        depth: list[Tensor] = []
        x = pictures
        for number, (layer, before) in enumerate(zip(self.layers, past, strict=True)):
            with torch.no_grad() if number < self.frozen else contextlib.nullcontext():
                x, after = layer(x, before)
            left.append(after)
            depth.append(x)
        second, third, fourth = depth[2].float(), depth[4].float(), depth[6].float()
        n, blocks = second.shape[0], second.shape[2]
        shapes = pictures[:, :3:2].float()
        rows = shapes.transpose(1, 2).flatten(2)
        weight = _weight(self.score_shapes(rows))
        by_block = (n, blocks, BLOCK, -1)
        mass = [weight.reshape(by_block).sum(2), torch.ones_like(second[:, 0, :, :1])]
        sums = [(rows * weight).reshape(by_block).sum(2), second.mean(3).transpose(1, 2)]
        for level, score in ((third, self.score_third), (fourth, self.score_fourth)):
            rows = level.transpose(1, 2).flatten(2)
            weight = _weight(score(rows))
            mass.append(weight)
            weighted = rows.reshape(n, blocks, HEADS, -1) * weight[:, :, :, None]
            sums.append(weighted.flatten(2))
        tops = [
            shapes.transpose(1, 2).reshape(n, blocks, BLOCK, 2 * BANDS).amax(2),
            second.amax(3).transpose(1, 2),
            fourth.amax(3).transpose(1, 2),
        ]
        seen = Seen(torch.cat(mass, 2), torch.cat(sums, 2), torch.cat(tops, 2))
        return (self._related(seen, pictures, loud) if self.relative else seen), left

    def _related(self, seen: Seen, pictures: Tensor, loud: Tensor) -> Seen:
        """Means and maxima in which the level itself has a say."""
        tenths = (0.1 * loud + REFERENCE).clamp(-REFERENCE, MOST_TENS)
        weight = torch.exp(self.loudness * tenths[:, :, None])
        by_sum = torch.cat(
            [weight[:, :, i : i + 1].expand(-1, -1, n) for i, n in enumerate(self.shares)], 2
        )
        n, blocks = loud.shape
        over = ABOVE_DB * pictures[:, 1].float().reshape(n, blocks, -1).amax(2)
        there = ((over - FAINT_DB) / FAINT_DB).clamp(0.0, 1.0)[:, :, None]
        return Seen(seen.mass * weight, seen.sums * by_sum, seen.tops * there)

    def see(self, levels: Tensor, alone: bool) -> Seen:
        """Features of every block of ``(n, frames, BANDS)`` dBFS, from the start of a stream."""
        under = ground(levels, alone)
        pictures = views(levels, under.peak, under.floor)
        loud = levels.unflatten(1, (-1, BLOCK)).amax((2, 3))
        return self.trunk(pictures, loud, self.start(len(levels)))[0]

    def pool(self, seen: Seen, first: Tensor, end: Tensor) -> Tensor:
        """What is in windows: ``(n * windows, pooled_dim)``.

        Args:
            seen: of ``n`` stretches.
            first: ``(n, windows)``: first block of each.
            end: ``(n, windows)``: the block just past it, above ``first``.
        """
        at = torch.arange(seen.mass.shape[1])[None, None]
        inside = (at >= first[:, :, None]) & (at < end[:, :, None])
        chosen = inside.to(seen.sums.dtype)
        mass, sums = chosen @ seen.mass, chosen @ seen.sums
        mass = torch.repeat_interleave(mass, torch.tensor(self.shares), dim=2)
        # Every feature that is topped is 0 or more, so what is outside may count as 0.
        tops = [
            (seen.tops * chosen[:, window, :, None]).amax(1) for window in range(first.shape[1])
        ]
        means = sums / mass.clamp(min=1e-9)
        return torch.cat([means, torch.stack(tops, 1)], dim=2).flatten(0, 1)

    def vectors(self, pooled: Tensor) -> tuple[Tensor, Tensor]:
        """The two parts of the embedding, each of length 1, of ``(n, pooled_dim)``."""
        both = self.project(self.norm(pooled))
        return (
            functional.normalize(both[:, : self.dim], dim=1),
            functional.normalize(both[:, self.dim :], dim=1),
        )

    def whole(self, pooled: Tensor) -> Tensor:
        """The embedding, ``(n, dim + text_dim)``, rows of length 1."""
        likeness, meaning = self.vectors(pooled)
        both = torch.cat([likeness, self.text_weight * meaning], dim=1)
        return both / (1.0 + self.text_weight**2) ** 0.5


def _weight(score: Tensor) -> Tensor:
    return torch.exp(STEEPEST * torch.tanh(score / STEEPEST))
