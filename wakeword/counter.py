"""Counting the beats of patterned sounds while they are heard."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from wakeword.audio import AudioFrame, FloatArray
from wakeword.judge import Beat, Judge
from wakeword.onsets import Onset, OnsetDetector
from wakeword.patterns import SoundPatterns
from wakeword.row import Counted, Row

BEFORE_SECONDS = 0.2
"""A beat is judged with so much of what was before it, as takes are with their pre-roll ..."""
APART_SECONDS = 0.06
"""... but without the beat before and this much behind that."""
TAIL_SECONDS = 0.1
"""And with so much behind the sound's length."""


class PatternCounter:
    """Finds the patterns of sounds in a stream.

    Each onset that is heard while the gate is open is judged by itself, in a window that holds
    no other. Beats are the onsets that are recognised, and those that sound like one of these.
    When no beat has come for the sound's waiting time, the row is over and held against the
    sound's patterns. A row in which no beat is recognised alone may be by the mean of its beats.

    Args:
        rate: samples per second.
        window_seconds: the encoder's longest window.
    """

    def __init__(self, rate: int, window_seconds: float) -> None:
        self._rate = rate
        self._window = round(window_seconds * rate)
        self._before = round(BEFORE_SECONDS * rate)
        self._apart = round(APART_SECONDS * rate)
        self._onsets = OnsetDetector(rate)
        self._sounds: Mapping[str, SoundPatterns] = {}
        self._rows: list[Row] = []
        self.reset()

    def load(self, sounds: Mapping[str, SoundPatterns]) -> None:
        """Count for these sounds, by name, from the next block on; rows that go on, go on."""
        kept = {row.sound: row for row in self._rows if sounds.get(row.sound) == row.patterns}
        self._sounds = sounds
        self._rows = [
            kept.get(name) or Row(name, patterns, self._rate, self._end)
            for name, patterns in sounds.items()
        ]

    def reset(self, start: int = 0) -> None:
        """Forget the past; the next block begins at sample ``start``."""
        self._onsets.reset(start)
        self._history = np.zeros(0, np.float32)
        self._end = start
        self._heard: list[Onset] = []  # one that all have judged, then those not yet judged
        self._rows = [Row(n, patterns, self._rate, -1) for n, patterns in self._sounds.items()]

    def push(self, block: AudioFrame, judge: Judge, *, active: bool) -> list[Counted]:
        """The patterns that are complete at the end of ``block``.

        Args:
            block: the next block of the stream.
            judge: says what beats and rows are.
            active: whether the gate lets anything be heard.
        """
        if not self._rows:
            return []
        if block.start != self._end:
            self.reset(block.start)
        keep = 2 * self._window
        self._history = np.concatenate([self._history, block.samples])[-keep:]
        self._end = block.end
        onsets = self._onsets.push(block)
        self._heard += onsets if active else []
        return self._advance(judge, block.end)

    def finish(self, judge: Judge) -> list[Counted]:
        """The patterns that are complete if the stream ends here and all is quiet behind it."""
        return self._advance(judge, None)

    def _advance(self, judge: Judge, now: int | None) -> list[Counted]:
        """Judge the onsets whose windows are complete, end the rows that are over."""
        judged: dict[tuple[int, int], Beat] = {}
        counted = []
        for row in self._rows:
            waits_for = None if now is None else now - self._onsets.delay
            for index, onset in enumerate(self._heard):
                if onset.position <= row.judged_until:
                    continue
                start, end = self._span(index, row.patterns)
                if now is not None and end > now:
                    waits_for = onset.position
                    break
                counted.append(row.over(onset.position, judge))
                span = start, min(end, self._end)
                if span not in judged:
                    judged[span] = judge.beat(self._cut(*span))
                row.add(onset, judged[span])
            counted.append(row.over(waits_for, judge))
        self._forget()
        return [row for row in counted if row is not None]

    def _span(self, index: int, sound: SoundPatterns) -> tuple[int, int]:
        """First sample and the one past the last of the window that holds one onset alone."""
        onset = self._heard[index]
        start = onset.position - self._before
        if index:
            start = max(start, self._heard[index - 1].position + self._apart)
        end = onset.position + round((sound.length_seconds + TAIL_SECONDS) * self._rate)
        if index + 1 < len(self._heard):
            end = min(end, self._heard[index + 1].position - self._onsets.lead)
        return max(start, self._end - len(self._history)), min(end, start + self._window)

    def _cut(self, start: int, end: int) -> FloatArray:
        first = self._end - len(self._history)
        return self._history[start - first : end - first]

    def _forget(self) -> None:
        """Keep the last onset that all have judged, and those behind it."""
        until = min((row.judged_until for row in self._rows), default=self._end)
        done = sum(onset.position <= until for onset in self._heard)
        self._heard = self._heard[max(0, done - 1) :]
