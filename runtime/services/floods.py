"""Against floods, in every service: how many connections fit, who vanished, lines that repeat.

A connection needs a file descriptor. When a process has none left it can accept nobody, open no
file and play no sound, so a service takes fewer connections than there are descriptors.
"""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator

BACKLOG = 32
"""Connections that are accepted in one go, before anybody can be sent away."""
OWN_FILES = 48
"""Descriptors that a service needs for itself: library, history, microphone, hooks."""
LEAST = 8
"""So many connections are taken in any case."""
REPEATS = 3
"""So often a line is logged within ``REPEAT_SECONDS``; then it is counted."""
REPEAT_SECONDS = 60.0
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Seconds, seconds and number of tries: a client that lost its power is noticed."""
_UNANSWERED_MS = 60_000
"""What was sent and nobody confirmed for so long ends a connection."""


def connections_that_fit(most: int) -> int:
    """How many connections to take: ``most``, or what the limit of open files leaves of it."""
    try:
        import resource
    except ImportError:  # not on Windows
        return most
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return most
    return min(most, max(LEAST, soft - OWN_FILES - BACKLOG))


def keep_alive(connection: socket.socket | None) -> None:
    """Have the system notice that a client has vanished without a word."""
    if connection is None or connection.family == getattr(socket, "AF_UNIX", None):
        return
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE.items():
            if hasattr(socket, name):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNANSWERED_MS)


class Repeats(logging.Filter):
    """Lets a line through a few times a minute, and then says how often it came.

    Lines are alike when logger, level and text before it is filled in are.

    Args:
        most: how often.
        seconds: within which time.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        most: int = REPEATS,
        seconds: float = REPEAT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._most = most
        self._seconds = seconds
        self._clock = clock
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}
        self._lock = threading.Lock()  # any thread logs

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is logged; it may be given a word about those that were not."""
        kind = (record.name, record.levelno, str(record.msg).partition("\n")[0][:200])
        now = self._clock()
        with self._lock:
            since, count = self._seen.get(kind, (now, 0))
            if now - since >= self._seconds:
                hidden = count - self._most
                since, count = now, 0
                if hidden > 0:
                    record.msg = f"{record.getMessage()} (and {hidden} more like this)"
                    record.args = ()
            if len(self._seen) > 1000:  # texts that are all different are no repetition
                self._seen.clear()
            self._seen[kind] = since, count + 1
            return count < self._most


@contextlib.contextmanager
def repeats_counted(*loggers: str) -> Iterator[None]:
    """Count what these loggers repeat instead of writing it, until the end of the block."""
    repeats = Repeats()
    found = [logging.getLogger(name) for name in loggers]
    for logger in found:
        logger.addFilter(repeats)
    try:
        yield
    finally:
        for logger in found:
            logger.removeFilter(repeats)
