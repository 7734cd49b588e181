"""What waits to be published, while there is a connection and while there is none.

Staying connected: what waits goes out, what comes in is handed on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NoReturn

from runtime.sinks._broker import Broker, connected, require
from wakeword.errors import WakesoundError

if TYPE_CHECKING:
    from aiomqtt import Client, Message


_log = logging.getLogger(__name__)

LIMIT_EVENTS = 256
"""Events that may wait; then the oldest goes."""
MAX_AGE_SECONDS = 30.0
"""How long an event may wait: a light that goes on later than that frightens people."""


@dataclass(frozen=True, eq=False)
class Outgoing:
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
        self._notices: deque[Outgoing] = deque()
        self._states: dict[str, Outgoing] = {}
        self._unsent: dict[str, Outgoing] = {}
        self._events: deque[Outgoing] = deque()
        self._changed = asyncio.Event()
        self.dropped = 0
        """Events that were never sent: too old, or too many waited."""

    def event(self, topic: str, payload: str) -> None:
        """Send this once, soon or never."""
        if len(self._events) >= self._limit:
            self._drop(1, "too many wait")
        deadline = self._clock() + self.max_age_seconds
        self._events.append(Outgoing(topic, payload, deadline=deadline))
        self._changed.set()

    def state(self, topic: str, payload: str) -> None:
        """From now on, this is what the broker keeps under the topic."""
        known = self._states.get(topic)
        if known is None or known.payload != payload:
            self._states[topic] = self._unsent[topic] = Outgoing(topic, payload, retain=True)
            self._changed.set()

    def notice(self, topic: str, payload: str) -> None:
        """Send this before all else, and the state of that topic once more after it."""
        self._notices.append(Outgoing(topic, payload, retain=True))
        if topic in self._states:
            self._unsent[topic] = replace(self._states[topic])
        self._changed.set()

    def renew(self) -> None:
        """Send all states again: the broker may have forgotten them."""
        # Copies, since one of them may be on its way and be confirmed after this.
        self._unsent = {topic: replace(message) for topic, message in self._states.items()}
        self._changed.set()

    async def next(self) -> Outgoing:
        """Wait for the next message; it stays until :meth:`sent`."""
        while (message := self._first()) is None:
            self._changed.clear()
            await self._changed.wait()
        return message

    def sent(self, message: Outgoing) -> None:
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

    def _first(self) -> Outgoing | None:
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


QOS = 1
"""The broker confirms each message."""
FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 0.5, 15.0
"""Pause between attempts to connect; it doubles from the first to the last."""
STABLE_SECONDS = 30.0
"""A connection that lasted this long was a good one: the pauses begin anew."""
QUICK_LOSSES = 3
"""So many connections lost soon after they stood are no accident."""
REFUSED = 0x80
"""From this code on a subscription was refused."""

CANCEL_SECONDS = 0.05
"""How long a cancelled task may take before it is cancelled once more."""

Received = Callable[["Message"], Awaitable[None]]


class Link:
    """Connects, and connects again whenever the connection is lost, until it is told to leave.

    Pauses grow and vary, so that not all clients return to a broker at the same moment. A
    message counts as sent once the broker has confirmed it, and there is only one on its way
    at a time, so that they arrive in order.

    Args:
        broker: where.
        identifier: names this client to the broker.
        availability: the topic that says ``online`` while we are connected; as our last will
            the broker says ``offline`` there.
        outbox: what to publish.
        subscriptions: topics to hear, which may hold wildcards.
        received: called with each message, one after the other.
        first_pause_seconds: before the second attempt to connect.
        rng: for the pauses.
    """

    def __init__(
        self,
        broker: Broker,
        identifier: str,
        availability: str,
        outbox: Outbox,
        subscriptions: Sequence[str],
        received: Received,
        rng: random.Random | None = None,
        *,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._first_pause = first_pause_seconds
        self._broker = broker
        self._identifier = identifier
        self._availability = availability
        self._outbox = outbox
        self._subscriptions = subscriptions
        self._received = received
        self._rng = rng or random.Random()
        self.connected = False
        """Whether there is a connection now."""
        self._leaving = asyncio.Event()
        self._problem = ""
        self._since = 0.0
        self._quick_losses = 0

    def leave(self) -> None:
        """Say ``offline`` and end; :meth:`run` then returns, soon unless it is connecting."""
        self._leaving.set()

    async def run(self) -> None:
        """Stay connected until :meth:`leave`."""
        pause = self._first_pause
        self._outbox.state(self._availability, "online")
        while not self._leaving.is_set():
            self._since = 0.0
            try:
                await self._connect()
                return
            except WakesoundError as error:
                self._tell_lost(str(error))
            finally:
                self.connected = False
            if self._since and time.monotonic() - self._since > STABLE_SECONDS:
                pause = self._first_pause
            leaving = asyncio.ensure_future(self._leaving.wait())
            await asyncio.wait([leaving], timeout=pause * self._rng.uniform(0.5, 1.0))
            await end(leaving)
            pause = min(2 * pause, LAST_PAUSE_SECONDS)

    async def _connect(self) -> None:
        """One connection, until it is time to leave.

        Raises:
            WakesoundError: it could not be made, or was lost.
        """
        will = require().Will(self._availability, "offline", QOS, True)
        async with connected(self._broker, identifier=self._identifier, will=will) as client:
            self._tell_connected()
            try:
                await self._use(client)
            finally:  # who leaves in order has no will, also when it is for a fault of ours
                with contextlib.suppress(require().MqttError):
                    await client.publish(self._availability, "offline", QOS, True)

    async def _use(self, client: Client) -> None:
        for topic in self._subscriptions:
            codes = await client.subscribe(topic, QOS)
            if any(getattr(code, "value", code) >= REFUSED for code in codes):
                _log.warning("%s does not let us hear %s", self._broker, topic)
        if self._leaving.is_set():
            return
        self._outbox.renew()
        work: list[asyncio.Future[Any]] = [
            asyncio.ensure_future(self._send(client)),
            asyncio.ensure_future(self._hear(client)),
            asyncio.ensure_future(self._leaving.wait()),
        ]
        try:
            done, _ = await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await end(*work)

    async def _send(self, client: Client) -> NoReturn:
        while True:
            message = await self._outbox.next()
            await client.publish(message.topic, message.payload, QOS, message.retain)
            self._outbox.sent(message)

    async def _hear(self, client: Client) -> None:
        async for message in client.messages:
            await self._received(message)

    def _tell_connected(self) -> None:
        self.connected = True
        self._since = time.monotonic()
        log = _log.warning if self._problem else _log.info
        log("connected to %s", self._broker)
        self._problem = ""

    def _tell_lost(self, problem: str) -> None:
        """Say it once, not at every attempt that follows."""
        soon = bool(self._since) and time.monotonic() - self._since < LAST_PAUSE_SECONDS
        self._quick_losses = self._quick_losses + 1 if soon else 0
        if self._quick_losses == QUICK_LOSSES:
            _log.warning(
                "%s keeps ending the connection; is there another client %r? Choose another --id",
                self._broker,
                self._identifier,
            )
        if problem != self._problem:
            _log.warning("%s; trying again until it works", problem)
        self._problem = problem


async def end(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks and wait for their end.

    They are cancelled as often as it takes: before Python 3.12 a cancellation is lost when what
    ``asyncio.wait_for`` waits for comes at the same moment.
    """
    while waiting := [task for task in tasks if not task.done()]:
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting, timeout=CANCEL_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
