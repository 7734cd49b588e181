"""What a room and a microphone do to a sound, in band powers, a batch at a time.

Adding noise to a sound adds their powers (and a cross term that averages out), so no
waveform is needed.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def room(power: Tensor, rng: torch.Generator) -> Tensor:
    """Half of the sounds as a room gives them: RT60 0.15 to 0.8 s, the tail at -15 to 8 dB.

    A tail is every frame's power spread over what follows, each band fading at a speed of its
    own (higher notes faster), and wavering as noise does. Two metres from a microphone in a
    living room the tail is louder than the sound itself.

    Args:
        power: ``(n, frames, bands)``.
        rng: decides.
    """
    n, frames, bands = power.shape
    wet = torch.rand(n, 1, generator=rng) < 0.5
    rt60 = 15.0 * torch.exp(torch.rand(n, 1, generator=rng) * 1.67)
    level = 10.0 ** (-1.5 + 2.3 * torch.rand(n, 1, generator=rng)) * wet
    height = torch.linspace(-1.0, 1.0, bands)
    slope = 0.6 * torch.rand(n, 1, generator=rng)
    fade = 13.8 / (rt60 * torch.exp(-slope * height))
    colour = torch.exp(0.5 * torch.randn(n, 1, generator=rng) * height)
    kept, gain = torch.exp(-fade), level * colour * fade
    tail = torch.zeros(n, bands)
    tails = []
    for frame in power.unbind(1):
        tails.append(tail + 0.5 * gain * frame)
        tail = kept * (tail + gain * frame)
    return power + torch.stack(tails, 1) * _waver(n, frames, bands, rng)


def colour(power: Tensor, rng: torch.Generator, depth_db: float = 5.0) -> Tensor:
    """A smooth change of timbre, and for some a band limit."""
    n, _, bands = power.shape
    knots = depth_db * torch.randn(n, 1, 6, generator=rng)
    curve = functional.interpolate(knots, size=bands, mode="linear", align_corners=True)[:, 0]
    at = torch.arange(bands)[None].float()
    top = torch.where(
        torch.rand(n, 1, generator=rng) < 0.2, 35.0 + 29 * torch.rand(n, 1, generator=rng), 99.0
    )
    low = torch.where(
        torch.rand(n, 1, generator=rng) < 0.2, 14.0 * torch.rand(n, 1, generator=rng), -9.0
    )
    curve = curve - 4.0 * (at - top).clamp(min=0) - 4.0 * (low - at).clamp(min=0)
    return power * (10.0 ** (curve / 10.0))[:, None, :]


def steady(n: int, frames: int, bands: int, rng: torch.Generator) -> Tensor:
    """Steady noise of any colour, ``(n, frames, bands)`` powers around 1."""
    knots = 6.0 * torch.randn(n, 1, 5, generator=rng)
    curve = functional.interpolate(knots, size=bands, mode="linear", align_corners=True)
    tilt = torch.linspace(0, -1, bands) * 25.0 * torch.rand(n, 1, 1, generator=rng)
    return 10.0 ** ((curve + tilt) / 10.0) * _waver(n, frames, bands, rng)


def _waver(n: int, frames: int, bands: int, rng: torch.Generator) -> Tensor:
    """What the power of noise wavers by, around 1: less in higher bands, which average more."""
    bins = torch.linspace(1.0, 7.0, bands)
    gauss = torch.randn(n, frames, bands, generator=rng)
    return ((1 - 1 / (9 * bins)) + gauss / (3 * bins.sqrt())).clamp(min=0.05) ** 3


def mix(power: Tensor, noise: Tensor, snr_db: Tensor, rng: torch.Generator) -> Tensor:
    """Noise under each sound, ``snr_db (n,)`` below its loudest 50 ms."""
    loud = functional.avg_pool1d(power.sum(2)[:, None], 5, 1)[:, 0].amax(1)
    mean = noise.sum(2).mean(1).clamp(min=1e-12)
    return add(power, noise * (loud / mean * 10.0 ** (-snr_db / 10.0))[:, None, None], rng)


def add(power: Tensor, noise: Tensor, rng: torch.Generator) -> Tensor:
    """Two sounds at once, with the cross term that chance leaves in a band's power."""
    angle = torch.cos(6.2831853 * torch.rand(power.shape, generator=rng))
    reach = torch.linspace(0.9, 0.3, power.shape[2])
    return power + noise + 2.0 * reach * angle * (power * noise).sqrt()


def shift(levels: Tensor, bands: Tensor) -> Tensor:
    """Levels moved up by ``bands (n,)`` bands, a fraction being interpolated."""
    n, frames, count = levels.shape
    at = (torch.arange(count)[None] - bands[:, None]).clamp(0, count - 1)
    below = at.floor().long().clamp(max=count - 2)
    part = (at - below)[:, None, :]
    low = torch.gather(levels, 2, below[:, None].expand(n, frames, count))
    high = torch.gather(levels, 2, (below + 1)[:, None].expand(n, frames, count))
    return low + part * (high - low)
