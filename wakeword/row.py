"""Beats of one patterned sound that follow each other closely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wakeword.events import Match
from wakeword.judge import Beat, Judge
from wakeword.onsets import SPACING_SECONDS, Onset
from wakeword.patterns import Pattern, SoundPatterns

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
class Heard:
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
        self._heard: list[Heard] = []
        self._echoes = np.zeros((0, 0), np.bool_)  # see _with_last, of those heard
        self._beats: list[Heard] = []
        self._sure = False

    def add(self, onset: Onset, beat: Beat) -> None:
        """The next onset and what was heard there."""
        self.judged_until = onset.position
        match = beat.match
        if match is not None and match.sound != self.sound:
            match = None
        self._heard = [*self._heard, Heard(onset, beat, match)][-REMEMBERED:]
        self._echoes = _with_last(self._echoes, [heard.onset for heard in self._heard])
        recognised = np.array([heard.recognised for heard in self._heard])
        self._sure = bool(recognised.any())
        near = np.array([heard.near for heard in self._heard])
        self._beats = self._in_row(recognised if self._sure else near)

    def over(self, position: int | None, judge: Judge) -> Counted | None:
        """The pattern of the row, if it is over when nothing comes before ``position``.

        A row in which no beat is recognised is told as soon as any other if its mean is; else
        its beats are kept as long as onsets come, for one that is recognised and is like them.

        Args:
            position: a sample; None is the end of the stream.
            judge: is asked about the mean.
        """
        counted = None
        if self._beats and self._waited(self._beats[-1], position):
            counted = self._counted(judge)
            if self._sure or counted is not None:
                self._forget()
        if self._heard and not self._sure and self._waited(self._heard[-1], position):
            self._forget()  # not even one that is recognised would join them now
        return counted

    def _forget(self) -> None:
        """Nothing was heard."""
        self._heard, self._beats, self._sure = [], [], False
        self._echoes = self._echoes[:0, :0]

    def _waited(self, heard: Heard, position: int | None) -> bool:
        """Whether what is at ``position`` is too late to be in a row with this onset."""
        return position is None or position - heard.onset.position > self._wait

    def _counted(self, judge: Judge) -> Counted | None:
        """What the beats make, now that no more come."""
        positions = np.array([heard.onset.position for heard in self._beats])
        pattern = self.patterns.matching(tuple(np.diff(positions) / self._rate))
        match = None
        if pattern is not None and self._sure:
            match = self._best()
        elif pattern is not None and positions[-1] > self._weighed:
            match = judge.row(self.sound, [heard.beat for heard in self._beats])
            self._weighed = int(positions[-1])
        if pattern is None or match is None:
            return None
        return Counted(self.sound, pattern, int(positions[0]), match)

    def _best(self) -> Match | None:
        """The match of the beat that was recognised best."""
        matches = [heard.match for heard in self._beats if heard.match and heard.match.hit]
        return max(matches, key=lambda match: match.score - match.threshold, default=None)

    def _in_row(self, counting: NDArray[np.bool_]) -> list[Heard]:
        """These of what was heard and what is like them, as far as they are one row."""
        found = -1
        while counting.sum() > found:  # what is like a beat is one, and others are like that
            found = int(counting.sum())
            counting = counting | self._echoes[:, counting].any(axis=1)
        beats: list[Heard] = []
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
