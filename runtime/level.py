"""How loud it is: the level of the last second."""

from __future__ import annotations

from collections import deque

from wakeword.audio import SILENCE_DB, AudioFrame, level_db

SPAN_SECONDS = 1.0
"""How far back a meter looks."""


class LevelMeter:
    """The level of the loudest frame of the last second of a stream.

    The loudest, since the mean of a second would not show a clap.
    """

    def __init__(self) -> None:
        self._levels: deque[tuple[int, float]] = deque()
        self.level_db = SILENCE_DB
        """RMS of that frame in dBFS; may be read from any thread."""

    def push(self, frame: AudioFrame) -> None:
        """Take the next frame."""
        self._levels.append((frame.end, level_db(frame.samples)))
        begin = frame.end - SPAN_SECONDS * frame.rate
        while len(self._levels) > 1 and self._levels[0][0] <= begin:
            self._levels.popleft()
        self.level_db = float(max(level for _, level in self._levels))
