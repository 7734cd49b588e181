"""Conditions of an action beyond the sound's name: score, source, time of day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from runtime.configuration.quiet_hours import QuietHours
from wakeword.events import WakeEvent

__all__ = ["ALWAYS", "Clock", "Conditions", "QuietHours"]

Clock = Callable[[], datetime]
"""Tells the local time."""


@dataclass(frozen=True)
class Conditions:
    """All must hold, or the action is skipped."""

    min_score: float = -1.0
    """The event's score must reach this, -1..1; the sound's own threshold counts anyway."""
    sources: tuple[str, ...] = ()
    """The event must come from one of these; empty means any."""
    quiet: tuple[QuietHours, ...] = ()
    """Times at which nothing is done."""
    clock: Clock = datetime.now
    """Tells the local time."""
    ends: bool = False
    """Whether it is for the ends of alerts, instead of wakes and beginnings."""

    def at_end(self) -> Conditions:
        """The same, for the ends of alerts."""
        return replace(self, ends=True)

    def hold(self, event: WakeEvent) -> bool:
        """Whether the action may be performed for this event now."""
        if event.ended != self.ends or event.score < self.min_score:
            return False
        if self.sources and event.source not in self.sources:
            return False
        if not self.quiet:
            return True
        now = self.clock()
        return not any(hours.cover(now) for hours in self.quiet)


ALWAYS = Conditions()
"""No condition."""
