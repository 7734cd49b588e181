"""Hours of the day in which an action stays away: ``"22:00-07:00"``.

Conditions of an action beyond the sound's name: score, source, time of day.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from wakeword.errors import ConfigError
from wakeword.events import WakeEvent

DAY_MINUTES = 24 * 60
_SPAN = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")


@dataclass(frozen=True)
class QuietHours:
    """A span of every day, by the clock on the wall; it may go over midnight."""

    begin: int
    """Minute of the day from which on it is quiet."""
    end: int
    """Minute of the day from which on it is no longer."""

    @classmethod
    def parse(cls, text: str) -> QuietHours:
        """Read ``"22:00-07:00"``.

        Raises:
            ConfigError: it is not like that, or ends when it begins.
        """
        found = _SPAN.fullmatch(text)
        if found is None:
            raise ConfigError(f"quiet hours look like '22:00-07:00', not {text!r}")
        hour, minute, end_hour, end_minute = map(int, found.groups())
        begin, end = 60 * hour + minute, 60 * end_hour + end_minute
        if max(minute, end_minute) > 59 or begin >= DAY_MINUTES or end > DAY_MINUTES:
            raise ConfigError(f"the quiet hours {text!r} hold a time that no clock shows")
        if begin == end:
            raise ConfigError(
                f"the quiet hours {text!r} end when they begin; all day is '00:00-24:00'"
            )
        return cls(begin, end)

    def __str__(self) -> str:
        return f"{self.begin // 60:02}:{self.begin % 60:02}-{self.end // 60:02}:{self.end % 60:02}"

    def cover(self, now: datetime) -> bool:
        """Whether it is quiet at that time."""
        minute = 60 * now.hour + now.minute
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


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
