"""Events for a program that iterates over them, in a thread or in asyncio.

One run of listening: its loops, actions and readers, from start to end.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import queue
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import Literal

from runtime.history.recorder import HistoryWriter, Recorder
from runtime.history.store import History, identified
from runtime.hooks.action import caller
from runtime.hooks.dispatch import Dispatcher
from runtime.listening.loop import SourceLoop
from runtime.listening.stats import Stats
from runtime.listening.together import Gathering, Together
from runtime.listening.watch import LibraryWatch
from runtime.threads import BoundedQueue, Worker
from wakeword.engine import Engine
from wakeword.errors import ConfigError, WakesoundError
from wakeword.events import Match, WakeEvent, Window
from wakeword.library.enrolled import EnrolledSounds
from wakeword.protocols import Hearing, Source
from wakeword.stream import Observer

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


_log = logging.getLogger(__name__)

Observe = Callable[[str, Window, Match | None], object]
"""Is told which source heard a window, the window and its best match."""
GRACE_SECONDS = 1.0
"""How long actions may go on after :meth:`Session.stop`."""
POLL_SECONDS = 0.05
"""How soon a stop is noticed while the last actions are performed."""


class Session:
    """Set up with :meth:`add`, started once, stopped once.

    A thread of its own sees it through: it waits for all sources to end, lets the actions
    finish, and is the only one that takes anything down. So stopping is no more than telling
    it, from wherever.

    Args:
        loop: the event loop for coroutines; None makes one when it is needed.
        history: where wakes and near misses are remembered; None remembers none.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop | None = None, history: History | None = None
    ) -> None:
        self.dispatcher = Dispatcher(loop, owner=self)
        self.watch: LibraryWatch | None = None
        self._history = HistoryWriter(history) if history is not None else None
        self._loops: list[SourceLoop] = []
        self._gatherings: tuple[Gathering, ...] = ()
        self._subscriptions: tuple[Subscription, ...] = (Subscription(),)
        self._messages: queue.SimpleQueue[Literal["ended", "stop"]] = queue.SimpleQueue()
        self._keeper = Worker("wakesound", self._see_through)
        self._done = threading.Event()
        self._token = str(time.time_ns())
        self._unread = True
        self._ending = False
        self._exiting = False

    def add(
        self,
        source: Source,
        hears: Hearing,
        observe: Observe | None = None,
        called: str | None = None,
        observers: Sequence[Observer] = (),
    ) -> None:
        """Listen to this source too; before the start.

        Args:
            source: what to hear.
            hears: an engine, or a watch for labels; it hears nothing else.
            observe: sees each window and its best match, in the engine's thread.
            called: what its events say they came from; the source's own name by default.
            observers: see what is heard, in the same thread.
        """
        own = called or source.name
        taken = {loop.name for loop in self._loops}
        name, number = own, 1
        while name in taken:
            number += 1
            name = f"{own}#{number}"
        loop = SourceLoop(
            source,
            name,
            hears,
            self._heard,
            lambda: self._messages.put("ended"),
            self._token,
            [*self._recorders(source, name, hears), *observers],
        )
        if observe is not None and isinstance(hears, Engine):
            hears.observers.append(partial(observe, name))
        self._loops.append(loop)

    @property
    def together(self) -> tuple[Together, ...]:
        """The triggers over several sounds."""
        return tuple(gathering.together for gathering in self._gatherings)

    def add_together(self, trigger: Together) -> None:
        """Make an event also when these sounds are heard together, from now on."""
        self._gatherings = (*self._gatherings, Gathering(trigger))

    def loops(self, source: str | None = None) -> list[SourceLoop]:
        """The loop of a source, or all of them.

        Raises:
            ConfigError: there is no such source.
        """
        found = [loop for loop in self._loops if source is None or loop.name == source]
        if not found:
            names = ", ".join(loop.name for loop in self._loops)
            raise ConfigError(f"there is no source {source!r}; there are: {names}")
        return found

    def start(self) -> None:
        """Begin; it ends with the program, if nothing ends it before."""
        atexit.register(self._at_exit)
        self._keeper.start()
        if self._history is not None:
            self._history.start()
        for loop in self._loops:
            loop.start()
        if self.watch is not None:
            self.watch.start()

    def stop(self, *, wait: bool) -> None:
        """End soon: hear no more, and give the actions a moment to finish.

        Args:
            wait: return when it is over; inside an action of this session, where that would
                wait for itself, it does not.
        """
        self._messages.put("stop")
        if wait and caller.get() is not self:
            self._done.wait()

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait for the end; whether it came in time."""
        return self._done.wait(timeout_seconds)

    @property
    def done(self) -> bool:
        """Whether all is over."""
        return self._done.is_set()

    @property
    def errors(self) -> dict[str, BaseException]:
        """Why sources failed, by name."""
        return {loop.name: loop.error for loop in self._loops if loop.error is not None}

    @property
    def failed(self) -> bool:
        """Whether every source failed."""
        return len(self.errors) == len(self._loops) > 0

    @property
    def unread(self) -> bool:
        """Whether nobody has begun to iterate over the events."""
        return self._unread

    def subscribe(self) -> Subscription:
        """All events so far for the first who asks, those from now on for others."""
        if self._unread:
            self._unread = False
            subscription = self._subscriptions[0]
        else:
            subscription = Subscription()
            reading = (old for old in self._subscriptions if not old.closed)
            self._subscriptions = (*reading, subscription)
            if self._ending:
                subscription.finish()
        subscription.claimed = True
        return subscription

    def load(self, sounds: EnrolledSounds) -> None:
        """Listen for these from now on."""
        for loop in self._loops:
            loop.load(sounds)

    def stats(self) -> Stats:
        """What happened so far."""
        return Stats(
            sources=tuple(loop.stats() for loop in self._loops),
            actions=self.dispatcher.stats(),
            reloads=self.watch.reloads if self.watch else 0,
        )

    def _recorders(self, source: Source, name: str, hears: Hearing) -> list[Recorder]:
        """What remembers what is heard, if anything does."""
        if self._history is None or not isinstance(hears, Engine):
            return []
        session = self._token if source.live else ""
        recorder = self._history.recorder(
            hears, source=name, session=session, patient=not source.live
        )
        return [recorder]

    def _at_exit(self) -> None:
        self._exiting = True
        self.stop(wait=True)

    def _heard(self, event: WakeEvent, patient: bool) -> None:
        _log.info("%s heard %s (%.3f)", event.source, event.name, event.score)
        self._pass_on(event, patient)
        if self._gatherings:
            offset = self._clock_offset_seconds(event.source)
            for gathering in self._gatherings:
                both = gathering.push(event, offset + event.end_seconds)
                if both is not None:
                    self._pass_on(identified(both, both.source, self._token), patient)

    def _clock_offset_seconds(self, source: str) -> float:
        """What added to a source's times gives those of all sources: recordings alone have one
        clock, their positions; beside a live source all are told by when they began."""
        if not any(loop.live for loop in self._loops):
            return 0.0
        return self.loops(source)[0].clock_offset_seconds

    def _pass_on(self, event: WakeEvent, patient: bool) -> None:
        self.dispatcher.dispatch(event, patient=patient)
        for subscription in self._subscriptions:
            subscription.put(event, patient=patient)

    def _see_through(self) -> None:
        try:
            stopped = self._wait_for_loops()
            if self.watch is not None:
                self.watch.stop()
                self.watch.join(GRACE_SECONDS)  # it may be in the middle of reading a recording
            self._take_no_more()
            self._wait_for_actions(stopped)
            self.dispatcher.close()
            if self._history is not None:
                self._history.close()
        finally:
            if not self._exiting:
                atexit.unregister(self._at_exit)
            self._done.set()

    def _wait_for_loops(self) -> bool:
        """Wait until all loops have ended; whether they were told to."""
        running, stopped = len(self._loops), False
        while running:
            if self._messages.get() == "ended":
                running -= 1
            elif not stopped:
                stopped = True
                self._take_no_more()
                for loop in self._loops:
                    loop.stop()
        for loop in self._loops:
            loop.join()
            _report(loop)
        return stopped

    def _take_no_more(self) -> None:
        """Readers and actions get no more events; no loop waits for them any longer."""
        self._ending = True
        for subscription in self._subscriptions:
            subscription.finish()
        self.dispatcher.finish()

    def _wait_for_actions(self, stopped: bool) -> None:
        """Let the actions finish; once stopped, no longer than ``GRACE_SECONDS``."""
        deadline = time.monotonic() + GRACE_SECONDS if stopped else None
        while not self.dispatcher.wait(POLL_SECONDS):
            if deadline is None and not self._messages.empty():
                deadline = time.monotonic() + GRACE_SECONDS
            if deadline is not None and time.monotonic() > deadline:
                return


def _report(loop: SourceLoop) -> None:
    if isinstance(loop.error, WakesoundError):
        _log.error("%s failed: %s", loop.name, loop.error)
    elif loop.error is not None:
        _log.error("%s failed: %r", loop.name, loop.error, exc_info=loop.error)
