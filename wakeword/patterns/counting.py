"""Beats of one patterned sound that follow each other closely.

Counting the beats of patterned sounds while they are heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.events import Match
from wakeword.patterns.onsets import SPACING_SECONDS, Onset, OnsetDetector
from wakeword.patterns.pattern import Pattern, SoundPatterns
from wakeword.scoring.matching import Beat, Matcher

SPACING_SHARE = 0.4
"""Beats are at least this share of the sound's length apart."""
ALIKE = 0.55
"""An onset that is not recognised is a beat all the same when its spectrum is so like that of
one that is ..."""
QUIETER_DB = 15.0
"""... it is no more than this quieter ..."""
REMEMBERED = 32
"""So many onsets are remembered that nothing has come of yet."""
WEAKER = 0.2
"""... and its rise at least this share of that one's."""
NEAR = 0.3
"""Where none is recognised, those no further below the threshold are the beats, and what is like
them, if their mean is recognised."""


@dataclass(frozen=True, eq=False)
class JudgedOnset:
    """An onset that was judged."""

    onset: Onset
    """Where and what."""
    beat: Beat
    """What it resembles."""
    match: Match | None
    """The same; None if that is another sound."""

    @property
    def recognised(self) -> bool:
        """Whether it is the sound by itself."""
        return self.match is not None and self.match.hit

    @property
    def near(self) -> bool:
        """Whether it may be the sound in noise."""
        match = self.match
        if match is None or match.refused or match.named:
            return False
        return match.score >= match.threshold - NEAR


@dataclass(frozen=True)
class Counted:
    """A pattern was heard."""

    sound: str
    """Name of the sound."""
    pattern: Pattern
    """Which of its patterns."""
    start: int
    """Sample of the first beat."""
    match: Match
    """The beat that was recognised best, or the mean of all where none was."""


class Row:
    """Collects the beats of one sound until none has come for its waiting time.

    Args:
        sound: its name.
        patterns: what a row is held against.
        rate: samples per second of all positions.
        since: onsets up to this sample are not looked at.
    """

    def __init__(self, sound: str, patterns: SoundPatterns, rate: int, since: int) -> None:
        self.sound = sound
        self.patterns = patterns
        self.judged_until = since
        self._rate = rate
        self._wait = round(patterns.wait_seconds * rate)
        seconds = max(SPACING_SECONDS, SPACING_SHARE * patterns.length_seconds)
        self._spacing = round(seconds * rate)
        self._weighed = since  # the last beat of the row whose mean was asked about
        self._heard: list[JudgedOnset] = []
        self._echoes = np.zeros((0, 0), np.bool_)  # see _with_last, of those heard
        self._beats: list[JudgedOnset] = []
        self._sure = False

    def add(self, onset: Onset, beat: Beat) -> None:
        """The next onset and what was heard there."""
        self.judged_until = onset.position
        match = beat.match
        if match is not None and match.sound != self.sound:
            match = None
        self._heard = [*self._heard, JudgedOnset(onset, beat, match)][-REMEMBERED:]
        self._echoes = _with_last(self._echoes, [heard.onset for heard in self._heard])
        recognised = np.array([heard.recognised for heard in self._heard])
        self._sure = bool(recognised.any())
        near = np.array([heard.near for heard in self._heard])
        self._beats = self._in_row(recognised if self._sure else near)

    def over(self, position: int | None, matcher: Matcher) -> Counted | None:
        """The pattern of the row, if it is over when nothing comes before ``position``.

        A row in which no beat is recognised is told as soon as any other if its mean is; else
        its beats are kept as long as onsets come, for one that is recognised and is like them.

        Args:
            position: a sample; None is the end of the stream.
            matcher: is asked about the mean.
        """
        counted = None
        if self._beats and self._waited(self._beats[-1], position):
            counted = self._counted(matcher)
            if self._sure or counted is not None:
                self._forget()
        if self._heard and not self._sure and self._waited(self._heard[-1], position):
            self._forget()  # not even one that is recognised would join them now
        return counted

    def _forget(self) -> None:
        """Nothing was heard."""
        self._heard, self._beats, self._sure = [], [], False
        self._echoes = self._echoes[:0, :0]

    def _waited(self, heard: JudgedOnset, position: int | None) -> bool:
        """Whether what is at ``position`` is too late to be in a row with this onset."""
        return position is None or position - heard.onset.position > self._wait

    def _counted(self, matcher: Matcher) -> Counted | None:
        """What the beats make, now that no more come."""
        positions = np.array([heard.onset.position for heard in self._beats])
        pattern = self.patterns.matching(tuple(np.diff(positions) / self._rate))
        match = None
        if pattern is not None and self._sure:
            match = self._best()
        elif pattern is not None and positions[-1] > self._weighed:
            match = matcher.row(self.sound, [heard.beat for heard in self._beats])
            self._weighed = int(positions[-1])
        if pattern is None or match is None:
            return None
        return Counted(self.sound, pattern, int(positions[0]), match)

    def _best(self) -> Match | None:
        """The match of the beat that was recognised best."""
        matches = [heard.match for heard in self._beats if heard.match and heard.match.hit]
        return max(matches, key=lambda match: match.score - match.threshold, default=None)

    def _in_row(self, counting: NDArray[np.bool_]) -> list[JudgedOnset]:
        """These of what was heard and what is like them, as far as they are one row."""
        found = -1
        while counting.sum() > found:  # what is like a beat is one, and others are like that
            found = int(counting.sum())
            counting = counting | self._echoes[:, counting].any(axis=1)
        beats: list[JudgedOnset] = []
        for heard in (self._heard[index] for index in np.flatnonzero(counting)):
            apart = heard.onset.position - beats[-1].onset.position if beats else self._spacing
            if apart > self._wait:
                beats = []  # those before are another row, in which none was recognised
            if apart >= self._spacing:
                beats.append(heard)
        return beats


def _with_last(echoes: NDArray[np.bool_], onsets: list[Onset]) -> NDArray[np.bool_]:
    """Which onset (row) is the same kind of thing as which beat (column), ``(n, n)``.

    Args:
        echoes: the same of those before the last; it may hold some that are forgotten.
        onsets: all ``n``.
    """
    before = len(onsets) - 1
    known = len(echoes) - before
    table = np.zeros((before + 1, before + 1), np.bool_)
    table[:before, :before] = echoes[known:, known:]
    alike = np.array([onset.likeness(onsets[-1]) >= ALIKE for onset in onsets])
    level = np.array([onset.level_db for onset in onsets])
    rise = np.array([onset.rise_db for onset in onsets])
    table[:, -1] = alike & (level >= level[-1] - QUIETER_DB) & (rise >= WEAKER * rise[-1])
    table[-1, :] = alike & (level[-1] >= level - QUIETER_DB) & (rise[-1] >= WEAKER * rise)
    return table


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

    def push(self, block: AudioFrame, matcher: Matcher, *, active: bool) -> list[Counted]:
        """The patterns that are complete at the end of ``block``.

        Args:
            block: the next block of the stream.
            matcher: says what beats and rows are.
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
        return self._advance(matcher, block.end)

    def finish(self, matcher: Matcher) -> list[Counted]:
        """The patterns that are complete if the stream ends here and all is quiet behind it."""
        return self._advance(matcher, None)

    def _advance(self, matcher: Matcher, now: int | None) -> list[Counted]:
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
                counted.append(row.over(onset.position, matcher))
                span = start, min(end, self._end)
                if span not in judged:
                    judged[span] = matcher.beat(self._cut(*span))
                row.add(onset, judged[span])
            counted.append(row.over(waits_for, matcher))
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
