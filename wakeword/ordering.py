"""The stage of the engine that asks for the order inside a sound before it may match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from wakeword.audio import AudioFrame, FloatArray
from wakeword.events import Match, Window
from wakeword.scorer import Scorer
from wakeword.sequence import SoundOrder

LONGEST_SECONDS = 8.0
"""More of the past is not looked at."""


class Ordering:
    """Refuses matches whose order is wrong; a sound that is the other way round takes over.

    Only windows that match are looked at, and only where the sound has an order.

    Args:
        rate: samples per second.
    """

    def __init__(self, rate: int) -> None:
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

    def push(self, block: AudioFrame) -> None:
        """Remember the next block."""
        if not self._orders:
            return
        if block.start != self._end:
            self.reset()
        self._past = np.concatenate([self._past, block.samples])[-self._keep :]
        self._end = block.end

    def __call__(self, match: Match, window: Window, embedding: FloatArray) -> Match:
        """The match if its order is right, another sound's, or the match with a refusal.

        Args:
            match: what the window resembles most.
            window: it ends with the last block.
            embedding: ``(dim,) float32``, the window's.
        """
        if not match.hit or match.sound not in self._orders:
            return match
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
        return order.refuses(self._heard(order, window))

    def _heard(self, order: SoundOrder, window: Window) -> FloatArray:
        count = min(order.span, self._end - min(window.segment_start, window.start))
        return self._past[-max(1, count) :]

    def _other(self, match: Match, window: Window, embedding: FloatArray) -> Match | None:
        """The likeliest of the other sounds with an order, if that is right for one."""
        scores, thresholds = self._scorer.scores(embedding), self._scorer.thresholds
        offset = match.threshold - thresholds[match.sound]
        found = [
            Match(name, scores[name], thresholds[name] + offset, "")
            for name, order in self._orders.items()
            if name != match.sound and name in scores and order.ordered
        ]
        fitting = [m for m in found if m.hit and not self._refusal(m.sound, window)]
        return max(fitting, key=lambda other: other.score - other.threshold, default=None)
