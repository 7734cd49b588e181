"""Events for a program that iterates over them, in a thread or in asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator

from runtime.bounded import BoundedQueue
from wakeword.events import WakeEvent

LIMIT_EVENTS = 256
"""Events that may wait for the program."""


class Subscription:
    """Keeps events until they are asked for.

    Until somebody begins to iterate, and for live sources always, the oldest events are
    dropped when too many wait; a recording waits for the program.
    """

    def __init__(self) -> None:
        self._queue: BoundedQueue[WakeEvent] = BoundedQueue(LIMIT_EVENTS)
        self._wake: Callable[[], object] = lambda: None
        self._finished = False
        self.claimed = False
        """Whether somebody iterates."""
        self.closed = False
        """Whether nobody reads on."""

    @property
    def dropped(self) -> int:
        """Events that were dropped."""
        return self._queue.dropped

    def put(self, event: WakeEvent, *, patient: bool) -> None:
        """Add an event; ``patient``: wait for room if somebody iterates."""
        self._queue.put(event, patient=patient and self.claimed)
        self._wake()

    def finish(self) -> None:
        """There will be no more; those that wait can still be read."""
        self._finished = True
        self._queue.finish()
        self._wake()

    def close(self) -> None:
        """Nobody reads on."""
        self.closed = True
        self._queue.close()

    def __iter__(self) -> Iterator[WakeEvent]:
        while (event := self._queue.get()) is not None:
            yield event

    async def __aiter__(self) -> AsyncIterator[WakeEvent]:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed under us
                loop.call_soon_threadsafe(ready.set)

        self._wake = wake
        while True:
            ready.clear()
            finished = self._finished
            event = self._queue.get(timeout_seconds=0)
            if event is not None:
                yield event
            elif finished:
                return
            else:
                await ready.wait()
