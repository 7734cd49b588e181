"""Hours of the day in which a hook does nothing: ``"22:00-07:00"``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from wakeword.errors import ConfigError

DAY_MINUTES = 24 * 60
_SPAN = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")


@dataclass(frozen=True)
class QuietHours:
    """A span of every day in local time; it may go over midnight."""

    begin: int
    """First minute of the day that is quiet."""
    end: int
    """First minute of the day that is no longer quiet."""

    @classmethod
    def parse(cls, text: str) -> QuietHours:
        """Read ``"22:00-07:00"``.

        Raises:
            ConfigError: it has another form, no such time exists, or it ends when it begins.
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
