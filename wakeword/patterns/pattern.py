"""Patterns over a sound: two in a row and not three, three in a row, or a rhythm.

A pattern counts *beats*: the sudden beginnings of a sound. A count takes any pace as long as
the beats are close enough together; a rhythm also has gaps, and fits at any tempo near its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wakeword.library.records import SoundRecord

WAIT_SECONDS = 0.7
"""So long after the last beat it is clear that no further one follows, unless stated."""
SLOWEST, FASTEST = 1.6, 0.6
"""A rhythm may be played this much slower and faster than it was enrolled."""
TOLERANCE = 0.25
"""Each gap of a rhythm may differ by this share of it, once the tempo is taken out ..."""
TOLERANCE_SECONDS = 0.04
"""... and by this much more."""


@dataclass(frozen=True)
class Pattern:
    """Beats of one sound that make an event."""

    name: str
    """What events call it, e.g. ``"clap x2"``."""
    beats: int
    """Exactly so many of them."""
    gaps_seconds: tuple[float, ...] = ()
    """A rhythm's times from beat to beat; none for a mere count."""
    wait_seconds: float = WAIT_SECONDS
    """So long after a beat, none that comes belongs to the pattern any more."""

    def fits(self, gaps_seconds: Sequence[float]) -> bool:
        """Whether beats with these gaps between them are the pattern."""
        if len(gaps_seconds) != self.beats - 1:
            return False
        if not self.gaps_seconds:
            return True
        heard, wanted = np.array(gaps_seconds), np.array(self.gaps_seconds)
        tempo = float(heard.sum() / wanted.sum())
        if not FASTEST <= tempo <= SLOWEST:
            return False
        allowed = TOLERANCE * wanted + TOLERANCE_SECONDS
        return bool(np.all(np.abs(heard / tempo - wanted) <= allowed))


@dataclass(frozen=True)
class SoundPatterns:
    """All patterns of a sound; such a sound makes no other events."""

    patterns: tuple[Pattern, ...]
    """At least one."""
    length_seconds: float
    """How long the sound is once."""

    @classmethod
    def of(cls, sound: SoundRecord) -> SoundPatterns | None:
        """Those of a sound in a library; None when it has none."""
        patterns = tuple(
            Pattern(
                record.called(sound.name), record.beats, record.gaps_seconds, record.wait_seconds
            )
            for record in sound.patterns
        )
        lengths = [take.end_seconds - take.start_seconds for take in sound.takes]
        return cls(patterns, float(np.median(lengths))) if patterns else None

    @property
    def wait_seconds(self) -> float:
        """How long after a beat another one is waited for."""
        return max(pattern.wait_seconds for pattern in self.patterns)

    @property
    def longest_seconds(self) -> float:
        """How long after its first beat a row can still be told as a pattern, at most."""
        beats = max(pattern.beats for pattern in self.patterns)
        return beats * self.wait_seconds + self.length_seconds

    def matching(self, gaps_seconds: Sequence[float]) -> Pattern | None:
        """The pattern that beats with these gaps make; a rhythm comes before a count."""
        fitting = [pattern for pattern in self.patterns if pattern.fits(gaps_seconds)]
        return max(fitting, key=lambda pattern: len(pattern.gaps_seconds), default=None)
