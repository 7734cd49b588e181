"""What waits to be published, while there is a connection and while there is none."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

_log = logging.getLogger(__name__)

LIMIT_EVENTS = 256
"""Events that may wait; then the oldest goes."""
MAX_AGE_SECONDS = 30.0
"""How long an event may wait: a light that goes on later than that frightens people."""


@dataclass(frozen=True, eq=False)
class Message:
    """Something to publish."""

    topic: str
    payload: str
    retain: bool = False
    """Whether the broker keeps it for those who come later."""
    deadline: float = math.inf
    """When it is not worth sending any more, by the outbox's clock."""


class Outbox:
    """Messages of one event loop, for one sender.

    There are *events*, each sent once and in order unless it grows too old; *states*, of which
    the latest of each topic counts, sent when it changes and again on every new connection;
    and *notices*, each sent once before all else.

    Args:
        max_age_seconds: how long an event may wait.
        limit: events that may wait.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        *,
        max_age_seconds: float = MAX_AGE_SECONDS,
        limit: int = LIMIT_EVENTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.max_age_seconds = max_age_seconds
        self._limit = limit
        self._clock = clock
        self._notices: deque[Message] = deque()
        self._states: dict[str, Message] = {}
        self._unsent: dict[str, Message] = {}
        self._events: deque[Message] = deque()
        self._changed = asyncio.Event()
        self.dropped = 0
        """Events that were never sent: too old, or too many waited."""

    def event(self, topic: str, payload: str) -> None:
        """Send this once, soon or never."""
        if len(self._events) >= self._limit:
            self._drop(1, "too many wait")
        deadline = self._clock() + self.max_age_seconds
        self._events.append(Message(topic, payload, deadline=deadline))
        self._changed.set()

    def state(self, topic: str, payload: str) -> None:
        """From now on, this is what the broker keeps under the topic."""
        known = self._states.get(topic)
        if known is None or known.payload != payload:
            self._states[topic] = self._unsent[topic] = Message(topic, payload, retain=True)
            self._changed.set()

    def notice(self, topic: str, payload: str) -> None:
        """Send this before all else, and the state of that topic once more after it."""
        self._notices.append(Message(topic, payload, retain=True))
        if topic in self._states:
            self._unsent[topic] = replace(self._states[topic])
        self._changed.set()

    def renew(self) -> None:
        """Send all states again: the broker may have forgotten them."""
        # Copies, since one of them may be on its way and be confirmed after this.
        self._unsent = {topic: replace(message) for topic, message in self._states.items()}
        self._changed.set()

    async def next(self) -> Message:
        """Wait for the next message; it stays until :meth:`sent`."""
        while (message := self._first()) is None:
            self._changed.clear()
            await self._changed.wait()
        return message

    def sent(self, message: Message) -> None:
        """This one has arrived."""
        if self._notices and self._notices[0] is message:
            self._notices.popleft()
        elif self._unsent.get(message.topic) is message:
            del self._unsent[message.topic]
        elif self._events and self._events[0] is message:
            self._events.popleft()

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return self._first() is None

    @property
    def events_waiting(self) -> int:
        """Events that are still worth sending."""
        self._first()
        return len(self._events)

    def _first(self) -> Message | None:
        late = sum(message.deadline <= self._clock() for message in self._events)
        if late:
            self._drop(late, f"the broker was away for more than {self.max_age_seconds:g} s")
        for waiting in (self._notices, self._unsent.values(), self._events):
            for message in waiting:
                return message
        return None

    def _drop(self, count: int, reason: str) -> None:
        _log.warning("wakes that were not published, since %s: %d", reason, count)
        for _ in range(count):
            self._events.popleft()
        self.dropped += count
