"""Live events for any number of readers; the last ones are kept for those who reconnect."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

KEEP_EVENTS = 256
"""Events that are kept for readers who reconnect."""
QUEUE_ITEMS = 256
"""Length of a reader's queue; a reader that is further behind is dropped."""


@dataclass(frozen=True)
class FeedItem:
    """An event or a moment (a level, scores)."""

    id: str
    """Names an event, so that a reader can go on behind it; empty for a moment."""
    data: dict[str, Any]
    """A JSON object; ``event`` is its kind."""


class Reader:
    """The queue of one reader. Made by :meth:`EventFeed.subscribe`.

    Args:
        moments: whether it gets levels and scores too.
    """

    def __init__(self, moments: bool) -> None:
        self.moments = moments
        self.dropped = False
        """Whether it was too slow."""
        self._items: deque[FeedItem] = deque()
        self._closed = False
        self._changed = asyncio.Event()

    def put(self, item: FeedItem) -> None:
        """Add an item; when the queue is full, a moment is left out, an event drops the reader."""
        if not item.id and (not self.moments or len(self._items) > QUEUE_ITEMS // 4):
            return
        if len(self._items) >= QUEUE_ITEMS:
            self.dropped = True
            self.close()
        if not self._closed:
            self._items.append(item)
            self._changed.set()

    def close(self) -> None:
        """Add no more and drop the items that wait."""
        self._closed = True
        self._items.clear()
        self._changed.set()

    async def get(self, timeout_seconds: float) -> FeedItem | None:
        """The next item; None when there was none within that time.

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
    """Hands events to all readers. Publish from any thread; call the rest on the event loop."""

    def __init__(self) -> None:
        self._run = secrets.token_hex(4)
        self._count = 0
        self._kept: deque[FeedItem] = deque(maxlen=KEEP_EVENTS)
        self._readers: set[Reader] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()  # one publisher at a time numbers its event
        self._closed = False
        self.dropped_readers = 0
        """Readers that were dropped because they were too slow."""

    def bind(self) -> None:
        """From now on, readers live on the running event loop."""
        self._loop = asyncio.get_running_loop()

    @property
    def readers(self) -> int:
        """Number of readers."""
        return len(self._readers)

    @property
    def watched(self) -> bool:
        """Whether a reader wants moments."""
        return any(reader.moments for reader in tuple(self._readers))

    def publish(self, data: dict[str, Any]) -> None:
        """Send an event to all readers, and keep it."""
        with self._lock:
            self._count += 1
            item = FeedItem(f"{self._run}-{self._count}", data)
            self._hand(item)

    def moment(self, data: dict[str, Any]) -> None:
        """Send a level or scores to the readers that want moments; it is not kept."""
        self._hand(FeedItem("", data))

    def subscribe(self, after: str = "", *, moments: bool = False) -> Reader:
        """A reader of all events from now on, or of those since the event ``after``.

        An ``after`` that is no longer known, since it is too old or from before a restart,
        gives all events that are kept.
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
        """Remove a reader."""
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
