"""Threads: one that keeps its error, and the bounded queue between threads."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, Literal, TypeVar

_log = logging.getLogger(__name__)


class Worker(threading.Thread):
    """A daemon thread that runs a function and keeps its exception.

    Args:
        name: of the thread.
        work: the function.
        carry: whether the caller reads ``error``; otherwise it is logged.
    """

    def __init__(self, name: str, work: Callable[[], object], *, carry: bool = False) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._carry = carry
        self.error: BaseException | None = None
        """The exception of the function."""

    def run(self) -> None:
        """Run the function."""
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - carried to who looks, or logged
            self.error = error
            if not self._carry:
                _log.exception("the thread %s failed", self.name)


Item = TypeVar("Item")


class BoundedQueue(Generic[Item]):
    """First in, first out, for any number of readers and writers.

    Args:
        limit: capacity in units of ``size``.
        size: returns the size of an item, 1 by default. An item larger than ``limit``
            fits into an empty queue.
        drop: the items that an impatient writer drops when there is no room: the ``"oldest"``
            until there is, or ``"all"``, which leaves one long gap instead of many short ones.
    """

    def __init__(
        self,
        limit: int,
        *,
        size: Callable[[Item], int] = lambda _: 1,
        drop: Literal["oldest", "all"] = "oldest",
    ) -> None:
        self._limit = limit
        self._size = size
        self._drop = drop
        self._items: deque[Item] = deque()
        self._used = 0
        self._finished = False
        self._changed = threading.Condition()
        self.dropped = 0
        """Number of items that were dropped."""

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item, *, patient: bool) -> bool:
        """Add an item.

        Args:
            item: what to add.
            patient: wait for room instead of dropping.

        Returns:
            False when an item was dropped for lack of room. Items after :meth:`finish` or
            :meth:`close` are ignored, and the result is True.
        """
        with self._changed:
            while patient and not self._finished and not self._fits(item):
                self._changed.wait()
            if self._finished:
                return True
            before = self.dropped
            while not self._fits(item):
                self._drop_some()
            self._items.append(item)
            self._used += self._size(item)
            self._changed.notify_all()
            return self.dropped == before

    def get(self, timeout_seconds: float | None = None) -> Item | None:
        """The next item; None after the last one, or after the time limit."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._finished, timeout_seconds)
            if not self._items:
                return None
            return self._take()

    def finish(self) -> None:
        """Accept no more items; those that wait can still be read. May be called twice."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def close(self) -> int:
        """Accept no more items and drop those that wait; returns their number."""
        with self._changed:
            forgotten = len(self._items)
            self._items.clear()
            self._used = 0
            self.finish()
            return forgotten

    def _fits(self, item: Item) -> bool:
        return not self._items or self._used + self._size(item) <= self._limit

    def _take(self) -> Item:
        item = self._items.popleft()
        self._used -= self._size(item)
        self._changed.notify_all()
        return item

    def _drop_some(self) -> None:
        for _ in range(len(self._items) if self._drop == "all" else 1):
            self._take()
            self.dropped += 1
