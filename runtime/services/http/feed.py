"""Live events for any number of readers, with the last ones kept for those who come back."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

KEEP_EVENTS = 256
"""Wake events that a reader who was away can still get."""
QUEUE_ITEMS = 256
"""What may wait for one reader; one that is further behind is dropped."""


@dataclass(frozen=True)
class FeedItem:
    """Something to tell."""

    id: str
    """By which a reader says how far it came; empty for what is only of the moment."""
    data: dict[str, Any]
    """A JSON object; its ``event`` says what kind it is."""


class Reader:
    """One reader's queue. Made by :meth:`EventFeed.subscribe`.

    Args:
        moments: whether levels and scores are wanted too.
    """

    def __init__(self, moments: bool) -> None:
        self.moments = moments
        self.dropped = False
        """Whether it was too slow."""
        self._items: deque[FeedItem] = deque()
        self._closed = False
        self._changed = asyncio.Event()

    def put(self, item: FeedItem) -> None:
        """Add an item: when there is no room, a moment is left out, an event ends it all."""
        if not item.id and (not self.moments or len(self._items) > QUEUE_ITEMS // 4):
            return
        if len(self._items) >= QUEUE_ITEMS:
            self.dropped = True
            self.close()
        if not self._closed:
            self._items.append(item)
            self._changed.set()

    def close(self) -> None:
        """There will be no more, and what waits is forgotten."""
        self._closed = True
        self._items.clear()
        self._changed.set()

    async def get(self, timeout_seconds: float) -> FeedItem | None:
        """The next item; None when there was none for so long.

        Raises:
            EOFError: it was closed.
        """
        if not self._items and not self._closed:
            self._changed.clear()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._changed.wait(), timeout_seconds)
        if self._closed:
            raise EOFError
        return self._items.popleft() if self._items else None


class EventFeed:
    """Hands what is published to all readers. Publish from any thread; the rest on the loop."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._count = 0
        self._kept: deque[FeedItem] = deque(maxlen=KEEP_EVENTS)
        self._readers: set[Reader] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()  # one publisher at a time numbers its event
        self._closed = False
        self.dropped_readers = 0
        """Readers that were too slow."""

    def bind(self) -> None:
        """From now on, readers live on the running event loop."""
        self._loop = asyncio.get_running_loop()

    @property
    def readers(self) -> int:
        """How many read."""
        return len(self._readers)

    @property
    def watched(self) -> bool:
        """Whether somebody wants levels and scores."""
        return any(reader.moments for reader in tuple(self._readers))

    def publish(self, data: dict[str, Any]) -> None:
        """Tell an event to all, and keep it."""
        with self._lock:
            self._count += 1
            item = FeedItem(f"{self._run}-{self._count}", data)
            self._hand(item)

    def moment(self, data: dict[str, Any]) -> None:
        """Tell a level or a score to those who want it; it is not kept."""
        self._hand(FeedItem("", data))

    def subscribe(self, after: str = "", *, moments: bool = False) -> Reader:
        """A reader of all events from now on, or from behind the event ``after``.

        An ``after`` that is not known any more, since it is too old or from before a restart,
        gives all that are kept.
        """
        reader = Reader(moments)
        if after:
            ids = [item.id for item in self._kept]
            first = ids.index(after) + 1 if after in ids else 0
            for item in list(self._kept)[first:]:
                reader.put(item)
        if self._closed:
            reader.close()
        self._readers.add(reader)
        return reader

    def leave(self, reader: Reader) -> None:
        """This one reads no more."""
        self.dropped_readers += reader.dropped
        reader.close()
        self._readers.discard(reader)

    def close(self) -> None:
        """End all readers."""
        self._closed = True
        for reader in tuple(self._readers):
            reader.close()

    def _hand(self, item: FeedItem) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._deliver, item)

    def _deliver(self, item: FeedItem) -> None:
        if item.id:
            self._kept.append(item)
        for reader in tuple(self._readers):
            reader.put(item)
