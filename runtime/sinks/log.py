"""``log:`` and ``log:LEVEL``: write each event to the program's log."""

from __future__ import annotations

import logging

from wakeword.errors import ConfigError
from wakeword.events import WakeEvent

_log = logging.getLogger(__name__)

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}


class LogSink:
    """One line of log for an event.

    Args:
        level: a name of ``LEVELS``.

    Raises:
        ConfigError: there is no such level.
    """

    def __init__(self, level: str = "info") -> None:
        if level not in LEVELS:
            raise ConfigError(f"there is no log level {level!r}; known: {', '.join(LEVELS)}")
        self.level = level

    def __str__(self) -> str:
        return f"log:{self.level}"

    def __call__(self, event: WakeEvent) -> None:
        """Log the event."""
        _log.log(
            LEVELS[self.level],
            "heard %s at %.2f s from %s (score %.3f, needed %.3f)",
            event.name,
            event.start_seconds,
            event.source,
            event.score,
            event.threshold,
        )


def create(rest: str, timeout_seconds: float) -> LogSink:
    """A sink that logs at the level ``rest``, or at ``info`` when it is empty."""
    return LogSink(rest or "info")
