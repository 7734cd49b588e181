"""What a recording sounds like, in the words that were asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wakeword.labels.wording import Wording

NONE = "none of these"
"""What wins when it is none of the labels."""


@dataclass(frozen=True)
class WindowScores:
    """What one window sounds like."""

    start: float
    """In seconds from the beginning of the audio."""
    end: float
    scores: Mapping[str, float]
    """Share of each label, 0..1."""
    none: float
    """Share of none of these, 0..1; 0 in the closed mode."""
    similarity: Mapping[str, float]
    """Cosine with each label, -1..1."""
    background: str | None = None
    """The background prompt that came nearest; None in the closed mode."""

    @property
    def top(self) -> str | None:
        """The best label; None where none of these is better."""
        best = max(self.scores, key=lambda label: self.scores[label])
        return best if self.scores[best] > self.none else None

    @property
    def ranked(self) -> list[tuple[str, float]]:
        """Labels with their scores, best first; :data:`NONE` among them in the open mode."""
        rows = [*self.scores.items(), *([] if self.background is None else [(NONE, self.none)])]
        return sorted(rows, key=lambda row: -row[1])


@dataclass(frozen=True)
class Classification(WindowScores):
    """What a recording sounds like as a whole, and window by window."""

    windows: tuple[WindowScores, ...] = ()
    """In time order, at least one."""
    wordings: tuple[Wording, ...] = ()
    """What each label was understood as."""

    @property
    def peaks(self) -> dict[str, WindowScores]:
        """For each label the window in which its score was highest."""
        return {
            label: max(self.windows, key=lambda window: window.scores[label])
            for label in self.scores
        }
