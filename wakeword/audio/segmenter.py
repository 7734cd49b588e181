"""From gate decisions to windows: segments with pre-roll and hangover, cut on the hop grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from wakeword.audio.frames import AudioFrame
from wakeword.errors import ConfigError, require_not_negative, require_positive
from wakeword.events import Window


@dataclass(frozen=True)
class SegmenterConfig:
    """How the stream is cut into windows."""

    hop_seconds: float = 0.1
    """The grid of the whole engine: a gate decision and, while open, a window each hop."""
    pre_roll_seconds: float = 0.2
    """Audio kept from before the gate opened."""
    hangover_seconds: float = 0.3
    """How long the gate is held open after the last sign of something."""

    def __post_init__(self) -> None:
        require_positive(self, "hop_seconds")
        if self.hop_seconds < 0.01:
            raise ConfigError(f"hop_seconds must be at least 0.01, not {self.hop_seconds}")
        require_not_negative(self, "pre_roll_seconds", "hangover_seconds")


class Segmenter:
    """While the gate is open, gives a window for each block.

    A window ends where its block ends. It begins with the segment (pre-roll included) and,
    once the segment is longer than the encoder's window, slides: what came before the
    segment is background and never part of it.

    Args:
        rate: samples per second.
        window_seconds: longest window.
        config: hop, pre-roll and hangover.
    """

    def __init__(self, rate: int, window_seconds: float, config: SegmenterConfig) -> None:
        self._rate = rate
        self._window = round(window_seconds * rate)
        self._pre_roll = round(config.pre_roll_seconds * rate)
        self._hangover = math.ceil(config.hangover_seconds / config.hop_seconds - 1e-9)
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._history = np.zeros(0, np.float32)
        self._segment_start: int | None = None
        self._last_end = 0
        self._idle_blocks = 0

    @property
    def open(self) -> bool:
        """Whether a segment is being heard."""
        return self._segment_start is not None

    @property
    def hangover_blocks(self) -> int:
        """Blocks for which a segment outlives the last active one."""
        return self._hangover

    def push(self, block: AudioFrame, active: bool) -> Window | None:
        """Take the next block and the gate's word on it; a window while a segment is open."""
        keep = self._window + self._pre_roll
        self._history = np.concatenate([self._history, block.samples])[-keep:]
        if active:
            self._idle_blocks = 0
            if self._segment_start is None:
                oldest = block.end - len(self._history)
                self._segment_start = max(block.start - self._pre_roll, oldest, self._last_end)
        elif self._segment_start is not None:
            self._idle_blocks += 1
            if self._idle_blocks > self._hangover:
                self._last_end = block.start
                self._segment_start = None
        if self._segment_start is None:
            return None
        start = max(self._segment_start, block.end - self._window)
        return Window(self._history[start - block.end :], start, self._segment_start, self._rate)
