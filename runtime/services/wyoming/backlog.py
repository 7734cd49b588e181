"""What a client has sent and its engine has not heard yet."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable

from runtime.services.pcm import Piece

LIMIT_SECONDS = 8.0
"""Audio that may wait; a wake that comes later is of no use to anybody."""
LEAST_BATCH_SECONDS = 0.05
"""Audio that is worth the trip to a thread; some clients send 10 ms at a time."""
BATCH_SECONDS = 0.5
"""Audio that is taken at once, so that clients take turns."""
LEAD_SECONDS = 2.0
"""A client that is ahead of the clock by more plays a recording, or floods; it can wait."""
STALL_SECONDS = 10.0
"""A live client may be late by so much and catch up."""
LEAST_SECONDS = 0.005
"""What a piece counts at least; a flood of tiny ones is work too."""


class Mark:
    """Something that happens between two pieces of audio."""


class Backlog:
    """First in, first out, within one event loop.

    When it is full, a client that plays a recording has to wait. A live one does not: all
    audio that waits is dropped, which leaves one gap, and counted.

    Args:
        clock: the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._items: deque[Piece | Mark] = deque()
        self._seconds = 0.0
        self._lost = 0.0
        self._restart()
        self._finished = False
        self._room = asyncio.Event()
        self._filled = asyncio.Event()
        self.dropped_seconds = 0.0
        """Audio that was dropped."""

    async def put(self, item: Piece | Mark) -> bool:
        """Add an item; False when waiting audio was dropped for it."""
        kept = True
        if isinstance(item, Piece):
            self._follow_clock(_cost(item))
            kept = await self._make_room(_cost(item))
            item = item.after(self._lost)
            self._lost = 0.0
            self._seconds += _cost(item)
        else:
            self._restart()
        if not self._finished:
            self._items.append(item)
            self._filled.set()
        return kept

    async def take(self) -> list[Piece] | Mark | None:
        """Some audio, or a mark; None when no more will come."""
        while not self._worth_taking():
            if self._finished:
                return None
            self._filled.clear()
            await self._filled.wait()
        first = self._items.popleft()
        if isinstance(first, Mark):
            return first
        batch, seconds = [first], _cost(first)
        while self._items and isinstance(self._items[0], Piece) and seconds < BATCH_SECONDS:
            batch.append(self._items.popleft())  # type: ignore[arg-type]  # a piece, as was seen
            seconds += _cost(batch[-1])
        self._seconds -= seconds
        self._room.set()
        return batch

    def finish(self) -> None:
        """Add no more; what waits can still be taken."""
        self._finished = True
        self._filled.set()
        self._room.set()

    def close(self) -> None:
        """Add no more and forget what waits."""
        self._items.clear()
        self._seconds = 0.0
        self.finish()

    def _worth_taking(self) -> bool:
        if self._finished or self._seconds >= LEAST_BATCH_SECONDS:
            return bool(self._items)
        return any(isinstance(item, Mark) for item in self._items)

    async def _make_room(self, seconds: float) -> bool:
        while self._seconds and self._seconds + seconds > LIMIT_SECONDS and not self._finished:
            if not self._patient:
                self._drop()
                return False
            self._room.clear()
            await self._room.wait()
        return True

    def _drop(self) -> None:
        """Drop all audio that waits, not the marks."""
        lost = sum(item.seconds + item.lost_seconds for item in self._audio())
        self.dropped_seconds += sum(item.seconds for item in self._audio())
        self._items = deque(item for item in self._items if isinstance(item, Mark))
        self._seconds, self._lost = 0.0, lost

    def _audio(self) -> list[Piece]:
        return [item for item in self._items if isinstance(item, Piece)]

    def _restart(self) -> None:
        """Another stream begins, live or not."""
        self._lead = 0.0
        self._heard_at: float | None = None
        self._patient = False

    def _follow_clock(self, seconds: float) -> None:
        """Learn whether audio comes faster than time passes; once it did, it is a recording."""
        now = self._clock()
        passed = 0.0 if self._heard_at is None else now - self._heard_at
        self._lead = max(-STALL_SECONDS, self._lead - passed) + seconds
        self._heard_at = now
        self._patient = self._patient or self._lead > LEAD_SECONDS


def _cost(piece: Piece) -> float:
    return max(piece.seconds, LEAST_SECONDS)
