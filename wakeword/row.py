"""Beats of one patterned sound that follow each other closely."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wakeword.events import Match
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


@dataclass(frozen=True, eq=False)
class Heard:
    """An onset that was judged."""

    onset: Onset
    """Where and what."""
    match: Match | None
    """What it resembles; None if that is another sound."""

    @property
    def recognised(self) -> bool:
        """Whether it is the sound by itself."""
        return self.match is not None and self.match.hit


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
    """The beat that was recognised best."""


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
        self._heard: list[Heard] = []

    def add(self, onset: Onset, match: Match | None) -> None:
        """The next onset and what it was recognised as."""
        self.judged_until = onset.position
        if match is not None and match.sound != self.sound:
            match = None
        self._heard = [*self._heard, Heard(onset, match)][-REMEMBERED:]

    def over(self, position: int | None) -> Counted | None:
        """The pattern of the row, if it is over when nothing comes before ``position``.

        Args:
            position: a sample; None is the end of the stream.
        """
        beats = self._beats()
        if not beats:
            last = self._heard[-1].onset.position if self._heard else 0
            if position is not None and position - last > self._wait:
                self._heard = []
            return None
        if position is not None and position - beats[-1].onset.position <= self._wait:
            return None
        self._heard = []
        positions = np.array([beat.onset.position for beat in beats])
        pattern = self.patterns.matching(tuple(np.diff(positions) / self._rate))
        matches = [beat.match for beat in beats if beat.match is not None and beat.match.hit]
        if pattern is None or not matches:
            return None
        best = max(matches, key=lambda match: match.score - match.threshold)
        return Counted(self.sound, pattern, int(positions[0]), best)

    def _beats(self) -> list[Heard]:
        """The onsets that count."""
        counting = [heard for heard in self._heard if heard.recognised]
        others = [heard for heard in self._heard if not heard.recognised]
        for beat in counting:  # it grows: what is like a beat is one, and others are like that
            alike = [heard for heard in others if _echoes(heard.onset, beat.onset)]
            others = [heard for heard in others if heard not in alike]
            counting += alike
        beats: list[Heard] = []
        for heard in sorted(counting, key=lambda heard: heard.onset.position):
            apart = heard.onset.position - beats[-1].onset.position if beats else self._spacing
            if apart > self._wait:
                beats = []  # those before are another row, in which none was recognised
            if apart >= self._spacing:
                beats.append(heard)
        return beats


def _echoes(onset: Onset, beat: Onset) -> bool:
    """Whether an onset is the same kind of thing as a beat."""
    return (
        onset.likeness(beat) >= ALIKE
        and onset.level_db >= beat.level_db - QUIETER_DB
        and onset.rise_db >= WEAKER * beat.rise_db
    )
