"""Several channels made one, so that no sound in them cancels.

The mean of two channels is silence where one of them is turned round, as a wrongly wired plug or
a stereo effect does, and it is nearly so for a whistle that reaches two microphones half a wave
apart. So each channel is given the sign with which it adds up with those before it, 50 ms at a
time: the power of the mix is then at least ``(1 - 0.3) / n`` times the mean power of ``n``
channels. Where the channels agree, the mix is their mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.frames import FloatArray
from wakeword.errors import AudioFormatError

BLOCK_SECONDS = 0.05
"""How much of a recording is given its signs at a time."""
TURN_BELOW = -0.3
"""A channel's sign changes where its correlation with the others falls below this."""
FADE_SECONDS = 0.005
"""How long a change of sign takes."""
UNLIKE_BELOW = 0.1
"""Channels that are never as much as this correlated hold different sound."""
HEARD_DB = -30.0
"""A channel further below the loudest than this is not spoken of."""
LOUD_POWER = 1e-8
"""Mean square (-80 dBFS) below which a channel is taken for silent."""

MIX = "mix"
BEST = "best"
Choice = int | str
"""``"mix"``, ``"best"`` or the number of a channel, from 0."""


def parse_choice(text: str) -> Choice:
    """A choice of channels as the user writes it: ``mix``, ``best`` or a number.

    Raises:
        AudioFormatError: it is none of these.
    """
    text = text.strip().lower()
    if text in (MIX, BEST):
        return text
    if text.isascii() and text.isdigit() and len(text) <= 4:
        return int(text)
    raise AudioFormatError(
        f"{text!r} is not a channel; give its number (from 0), {MIX!r} or {BEST!r}"
    )


@dataclass(frozen=True)
class _Pair:
    """How two channels go together over a recording."""

    first: int
    second: int
    likeness: float


class Mixer:
    """Makes one channel of several, as a stream. The result does not depend on how it is cut.

    Args:
        channels: how many there are.
        rate: samples per second.
    """

    def __init__(self, channels: int, rate: int) -> None:
        self._channels = channels
        self._block = max(1, round(BLOCK_SECONDS * rate))
        fade = max(1, round(FADE_SECONDS * rate))
        self._fade = (np.arange(1, fade + 1) / fade).astype(np.float32)[: self._block]
        self._signs = np.ones(channels, np.float32)
        self._rest: FloatArray = np.zeros((channels, 0), np.float32)
        self._gram = np.zeros((channels, channels))
        self._count = 0

    def push(self, samples: FloatArray) -> FloatArray:
        """Take ``(channels, n) float32``; what is certain of the mix, ``(m,) float32``."""
        if self._channels == 1:
            only: FloatArray = samples[0]
            return only
        if self._rest.shape[1]:
            samples = np.concatenate([self._rest, samples], axis=1)
        whole = samples.shape[1] - samples.shape[1] % self._block
        self._rest = samples[:, whole:].copy()
        return self._mixed(samples[:, :whole])

    def flush(self) -> FloatArray:
        """The mix of what is left, ``(m,) float32``."""
        rest, self._rest = self._rest, self._rest[:, :0]
        return self._mixed(rest)

    def _mixed(self, samples: FloatArray) -> FloatArray:
        count = samples.shape[1]
        if not count:
            return np.zeros(0, np.float32)
        blocks = self._in_blocks(samples)
        gram = _products(blocks)
        self._gram += gram.sum(axis=0)
        self._count += count
        signs = self._signs_of(gram)
        if np.all(signs == 1.0) and np.all(self._signs == 1.0):
            mixed = samples[0] + samples[1]
            for other in samples[2:]:
                mixed += other
        else:
            weights = np.repeat(signs.T, blocks.shape[2], axis=1)[:, :count]
            before = np.concatenate([self._signs[None], signs[:-1]])
            for block in np.flatnonzero((signs != before).any(axis=1)):
                at = block * blocks.shape[2]
                fade = self._fade[: count - at]
                change = signs[block] - before[block]
                weights[:, at : at + len(fade)] = before[block][:, None] + change[:, None] * fade
            mixed = np.einsum("cn,cn->n", samples, weights).astype(np.float32)
        self._signs = signs[-1]
        mean: FloatArray = mixed * np.float32(1.0 / self._channels)
        return mean

    def _in_blocks(self, samples: FloatArray) -> FloatArray:
        """``(channels, blocks, n)``; a last block that is shorter stands alone."""
        size = min(self._block, samples.shape[1])
        blocks: FloatArray = samples.reshape(self._channels, -1, size)
        return blocks

    def _signs_of(self, gram: NDArray[np.float64]) -> FloatArray:
        """The sign of each channel in each block, ``(blocks, channels) float32``.

        Args:
            gram: ``(blocks, channels, channels)``, the products of the channels.
        """
        signs = np.ones(gram.shape[:2], np.float32)
        power = np.einsum("kcc->kc", gram)
        last = self._signs.copy()
        for block in range(len(gram)) if self._any_apart(gram, power) else ():
            total = power[block, 0]
            for channel in range(1, self._channels):
                chosen = signs[block, :channel]
                product = float(chosen @ gram[block, :channel, channel])
                scale = float(np.sqrt(max(total, 0.0) * power[block, channel]))
                likeness = product / scale if scale > 1e-12 else 0.0
                sign = last[channel]
                if likeness * sign < TURN_BELOW:
                    sign = -sign
                signs[block, channel] = sign
                total += power[block, channel] + 2 * sign * product
            last = signs[block]
        return signs

    def _any_apart(self, gram: NDArray[np.float64], power: NDArray[np.float64]) -> bool:
        """Whether any channel must be looked at for its sign."""
        if (self._signs != 1.0).any():
            return True
        total = power[:, 0].copy()
        for channel in range(1, self._channels):
            product = gram[:, :channel, channel].sum(axis=1)
            scale = np.sqrt(np.maximum(total, 0.0) * power[:, channel])
            if (product < TURN_BELOW * scale).any():
                return True
            total += power[:, channel] + 2 * product
        return False

    def disagreement(self) -> str | None:
        """Which channels did not agree, in words; None where they did."""
        if self._channels == 1 or not self._count:
            return None
        power = np.diag(self._gram) / self._count
        heard = np.flatnonzero(power > max(LOUD_POWER, power.max() * 10 ** (HEARD_DB / 10)))
        if len(heard) < 2:
            return None
        scale = np.sqrt(np.diag(self._gram))
        likeness = self._gram[np.ix_(heard, heard)] / np.outer(scale[heard], scale[heard])
        turned = [
            _Pair(int(heard[a]), int(heard[b]), float(likeness[a, b]))
            for a in range(len(heard))
            for b in range(a + 1, len(heard))
            if likeness[a, b] < TURN_BELOW
        ]
        if turned:
            worst = min(turned, key=lambda pair: pair.likeness)
            return (
                f"channels {worst.first} and {worst.second} are turned round against each other"
                f" (correlation {worst.likeness:.2f}) and were aligned; choose one with channel="
            )
        np.fill_diagonal(likeness, 0.0)
        alone = heard[np.abs(likeness).max(axis=1) < UNLIKE_BELOW]
        if not len(alone):
            return None
        if len(alone) == len(heard):
            which = f"channels {_listed(alone)} hold different sound"
        elif len(alone) == 1:
            which = f"channel {alone[0]} holds another sound than the others"
        else:
            which = f"channels {_listed(alone)} hold another sound than the others"
        return f"{which}; all {self._channels} were mixed; choose one with channel="


def _products(blocks: FloatArray) -> NDArray[np.float64]:
    """``(blocks, channels, channels)``: sums of the products of two channels."""
    channels, count, _ = blocks.shape
    gram = np.empty((count, channels, channels))
    for one in range(channels):
        for other in range(one, channels):
            product = np.einsum("kn,kn->k", blocks[one], blocks[other])
            gram[:, one, other] = gram[:, other, one] = product
    return gram


def _listed(numbers: NDArray[np.integer]) -> str:
    texts = [str(number) for number in numbers]
    return ", ".join(texts[:-1]) + " and " + texts[-1]
