"""The network of ``mini``: log-mel levels in dBFS in, one unit vector out.

Everything between the two is inside the exported graph, the normalisation too, so that
training and listening cannot differ.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

BANDS = 64
RANGE_DB = 60.0
"""What lies this far below the loudest band of a window is silence."""
ABOVE_DB = 40.0
"""Levels over the floor are cut off here."""
FLOOR_FRAMES = 9
"""The floor of a band is its quietest stretch of this many frames ..."""
FLOOR_BIAS_DB = 2.0
"""... raised by this much, for a minimum lies below the average."""


class Views(nn.Module):  # type: ignore[misc]
    """Four pictures of a window: ``(n, frames, BANDS)`` dBFS to ``(n, 4, frames, BANDS)``.

    The level under the window's peak; the level over the band's own floor; the level with
    the floor's power taken away; and the band's place, for pitch matters.
    """

    def forward(self, levels: Tensor) -> Tensor:
        peak = levels.amax(dim=(1, 2), keepdim=True)
        bottom = peak - RANGE_DB
        level = torch.maximum(levels, bottom)
        smooth = functional.avg_pool1d(level.transpose(1, 2), FLOOR_FRAMES, 1)
        floor = smooth.amin(dim=2)[:, None, :] + FLOOR_BIAS_DB
        over = ((level - floor) / ABOVE_DB).clamp(0.0, 1.0)
        share = torch.exp(0.23025851 * (floor - level)).clamp(max=0.999)
        clean = level + 4.3429448 * torch.log1p(-share)
        clean = torch.maximum(clean, bottom)
        place = torch.linspace(-0.5, 0.5, BANDS, device=levels.device).expand_as(level)
        return torch.stack(
            [(level - bottom) / RANGE_DB, over, (clean - bottom) / RANGE_DB, place], dim=1
        )


def _conv(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class Residual(nn.Module):  # type: ignore[misc]
    """A convolution beside an open road."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = _conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x)


class Weigh(nn.Module):  # type: ignore[misc]
    """A mean over time in which what matters counts more: ``(n, c, frames, bands)`` to
    ``(n, c * bands)``. A sound in the middle of noise is then much like the sound alone.
    It begins as the plain mean."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.score = nn.Linear(inputs, 1)
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(self.score.bias)

    def forward(self, x: Tensor) -> Tensor:
        rows = x.transpose(1, 2).flatten(2)
        share = torch.softmax(self.score(rows).float(), dim=1)
        return (rows * share).sum(dim=1)


class MiniNet(nn.Module):  # type: ignore[misc]
    """A plain convolutional network whose levels all have a say in the embedding.

    Args:
        widths: channels of the four levels.
        dim: length of the embedding's part for likeness.
        text_dim: length of its part for meaning, which labels share.
        text_weight: length of the second part before the whole is scaled to 1; the first
            has length 1.
    """

    def __init__(
        self,
        widths: tuple[int, int, int, int] = (32, 64, 128, 160),
        dim: int = 192,
        text_dim: int = 64,
        text_weight: float = 0.7,
    ) -> None:
        super().__init__()
        a, b, c, d = widths
        self.dim, self.text_dim, self.text_weight = dim, text_dim, text_weight
        self.views = Views()
        self.stem = _conv(4, a, 5, 2)
        self.second = nn.Sequential(_conv(a, b, 3, 2), Residual(b))
        self.third = nn.Sequential(_conv(b, c, 3, 2), Residual(c))
        self.fourth = nn.Sequential(_conv(c, d, 3, 2), Residual(d))
        pooled = 4 * BANDS + 2 * b + BANDS // 8 * c + BANDS // 16 * d + d
        self.weigh_shapes = Weigh(2 * BANDS)
        self.weigh_third = Weigh(BANDS // 8 * c)
        self.weigh_fourth = Weigh(BANDS // 16 * d)
        self.norm = nn.BatchNorm1d(pooled)
        self.project = nn.Linear(pooled, dim + text_dim)

    def pooled(self, levels: Tensor) -> Tensor:
        """``(n, frames, BANDS)`` dBFS to what was seen at each depth, ``(n, pooled)``."""
        x = self.views(levels)
        shapes = x[:, :3:2]
        parts = [self.weigh_shapes(shapes), shapes.amax(dim=2).flatten(1)]
        x = self.second(self.stem(x))
        parts += [x.mean(dim=(2, 3)), x.amax(dim=(2, 3))]
        x = self.third(x)
        parts.append(self.weigh_third(x))
        x = self.fourth(x)
        parts += [self.weigh_fourth(x), x.amax(dim=(2, 3))]
        return torch.cat([part.float() for part in parts], dim=1)

    def parts(self, levels: Tensor) -> tuple[Tensor, Tensor]:
        """The two parts of the embedding, each of length 1."""
        both = self.project(self.norm(self.pooled(levels)))
        return (
            functional.normalize(both[:, : self.dim], dim=1),
            functional.normalize(both[:, self.dim :], dim=1),
        )

    def forward(self, levels: Tensor) -> Tensor:
        """``(n, frames, BANDS)`` dBFS to ``(n, dim + text_dim)``, rows of length 1."""
        likeness, meaning = self.parts(levels)
        whole = torch.cat([likeness, self.text_weight * meaning], dim=1)
        return whole / (1.0 + self.text_weight**2) ** 0.5
