"""A thread that does not lose its error.

A bounded queue between threads that either waits for room or drops and counts.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, Literal, TypeVar

_log = logging.getLogger(__name__)


class Worker(threading.Thread):
    """Runs a function in the background and keeps what it raised.

    It never holds up the end of the program.

    Args:
        name: of the thread, for those who look at stacks.
        work: what to run.
        carry: whether somebody looks at ``error``; otherwise it is logged.
    """

    def __init__(self, name: str, work: Callable[[], object], *, carry: bool = False) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._carry = carry
        self.error: BaseException | None = None
        """What it raised."""

    def run(self) -> None:
        """Do the work."""
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
        limit: how much fits in, in units of ``size``.
        size: the size of an item; by default each is 1. One that is larger than ``limit``
            fits into an empty queue.
        drop: what an impatient writer drops when there is no room: the ``"oldest"`` items
            until there is, or ``"all"`` that wait, which leaves one long gap where dropping
            a little each time would leave many short ones.
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
        """Items that were dropped."""

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item, *, patient: bool) -> bool:
        """Add an item.

        Args:
            item: what to add.
            patient: wait for room instead of dropping.

        Returns:
            False when something was dropped for lack of room. What comes after
            :meth:`finish` or :meth:`close` goes nowhere, which is no lack of room.
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
        """The next item; None when no more will come, or when the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._finished, timeout_seconds)
            if not self._items:
                return None
            return self._take()

    def finish(self) -> None:
        """Add no more; what waits can still be read. Finishing twice is harmless."""
        with self._changed:
            self._finished = True
            self._changed.notify_all()

    def close(self) -> int:
        """Add no more and forget what waits; how many items those were."""
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
