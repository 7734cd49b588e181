"""The last seconds of what an engine heard, put together from its windows."""

from __future__ import annotations

from collections import deque

import numpy as np

from wakeword.audio import FloatArray
from wakeword.events import Window

SECONDS = 12.0
"""How much is remembered."""


class AudioTrail:
    """Audio by sample index, in bounded memory. What no window held is silence.

    Args:
        rate: samples per second.
    """

    def __init__(self, rate: int) -> None:
        self._longest = round(SECONDS * rate)
        self._pieces: deque[tuple[int, FloatArray]] = deque()
        self._talk: deque[tuple[int, int]] = deque()
        self._end = 0

    def push(self, window: Window, *, talk: bool) -> None:
        """Remember what is new in the window, and whether it holds talk."""
        if talk:
            self._talk.append((window.start, window.end))
        new = window.samples[max(0, self._end - window.start) :].copy()
        if len(new):
            self._pieces.append((window.end - len(new), new))
            self._end = window.end
        while self._pieces and self._pieces[0][0] < self._end - self._longest:
            self._pieces.popleft()
        while self._talk and self._talk[0][1] < self._end - self._longest:
            self._talk.popleft()

    def talk(self, start: int, end: int) -> bool:
        """Whether any window within the samples ``start:end`` held talk, at least in part."""
        return any(first < end and start < last for first, last in self._talk)

    def cut(self, start: int, end: int) -> FloatArray:
        """The samples ``start:end``, ``(n,) float32``."""
        cut = np.zeros(end - start, np.float32)
        for first, samples in self._pieces:
            a, b = max(start, first), min(end, first + len(samples))
            if a < b:
                cut[a - start : b - start] = samples[a - first : b - first]
        return cut
