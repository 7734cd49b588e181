"""The stage of the engine that asks for the order inside a sound before it may match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from wakeword.audio import AudioFrame, FloatArray
from wakeword.events import Match, Window
from wakeword.scorer import Scorer
from wakeword.sequence import FRAME_SECONDS, ROOM_FRAMES, SoundOrder, band_levels, room_levels

LONGEST_SECONDS = 8.0
"""More of the past is not looked at."""


class Ordering:
    """Refuses matches whose order is wrong; a sound that is the other way round takes over.

    Only windows that match are looked at, and only where the sound has an order.

    Args:
        rate: samples per second.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._keep = round(LONGEST_SECONDS * rate)
        self._orders: Mapping[str, SoundOrder] = {}
        self.reset()

    def load(self, scorer: Scorer) -> None:
        """Use the orders of these sounds from now on."""
        self._scorer = scorer
        self._orders = scorer.orders

    def reset(self) -> None:
        """Forget the past."""
        self._past = np.zeros(0, np.float32)
        self._end = 0
        self._passed: tuple[str, int] | None = None
        self._levels: tuple[FloatArray, FloatArray] | None = None

    def push(self, block: AudioFrame) -> None:
        """Remember the next block."""
        if not self._orders:
            return
        if block.start != self._end:
            self.reset()
        self._past = np.concatenate([self._past, block.samples])[-self._keep :]
        self._end = block.end
        self._levels = None

    def __call__(self, match: Match, window: Window, embedding: FloatArray) -> Match:
        """The match if its order is right, another sound's, or the match with a refusal.

        Args:
            match: what the window resembles most.
            window: it ends with the last block.
            embedding: ``(dim,) float32``, the window's.
        """
        if not match.hit or match.named or match.sound not in self._orders:
            return match  # a word has no take to be held against
        if self._passed == (match.sound, window.segment_start):
            return match  # it was right at its beginning; what follows belongs to it
        why = self._refusal(match.sound, window)
        if why:
            other = self._other(match, window, embedding)
            match = other if other is not None else replace(match, refused=why)
        if match.hit:
            self._passed = match.sound, window.segment_start
        return match

    def _refusal(self, sound: str, window: Window) -> str:
        order = self._orders[sound]
        if not order.ordered:
            return ""
        return order.refuses(*self._heard(window))

    def _heard(self, window: Window) -> tuple[FloatArray, FloatArray]:
        """Levels ``(frames, BANDS)`` since the segment began, and of the room."""
        if self._levels is None:
            levels = band_levels(self._past, self._rate)
            room = room_levels(levels)
            seconds = (self._end - min(window.segment_start, window.start)) / self._rate
            count = min(len(levels), max(1, round(seconds / FRAME_SECONDS)))
            before = levels[: len(levels) - count]
            if len(before) >= ROOM_FRAMES:
                room = np.minimum(room, room_levels(before))
            self._levels = levels[-count:], room
        return self._levels

    def _other(self, match: Match, window: Window, embedding: FloatArray) -> Match | None:
        """The likeliest of the other sounds with an order, if that is right for one."""
        offset = match.threshold - self._scorer.thresholds[match.sound]
        found = [
            replace(other, threshold=other.threshold + offset)
            for other in self._scorer.recorded(embedding)
            if other.sound != match.sound
            and other.sound in self._orders
            and self._orders[other.sound].ordered
        ]
        fitting = [m for m in found if m.hit and not self._refusal(m.sound, window)]
        return max(fitting, key=lambda other: other.score - other.threshold, default=None)
