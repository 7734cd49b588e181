"""Conditions of an action beyond the sound's name: score, source, time of day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from runtime.quiet_hours import QuietHours
from wakeword.events import WakeEvent

Clock = Callable[[], datetime]
"""Tells the time, in the time zone that counts."""


@dataclass(frozen=True)
class Conditions:
    """All must hold, or the action is not taken."""

    min_score: float = -1.0
    """The event's score must reach this, -1..1; the sound's own threshold counts anyway."""
    sources: tuple[str, ...] = ()
    """The event must come from one of these; empty means any."""
    quiet: tuple[QuietHours, ...] = ()
    """It must be none of these times."""
    clock: Clock = datetime.now
    """Tells the local time."""
    ends: bool = False
    """Whether it is for the ends of alerts, instead of wakes and beginnings."""

    def at_end(self) -> Conditions:
        """The same, for the ends of alerts."""
        return replace(self, ends=True)

    def hold(self, event: WakeEvent) -> bool:
        """Whether this event, now, is one to act on."""
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
