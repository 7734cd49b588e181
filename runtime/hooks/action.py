"""One action at work: its queue, its threads, its time limit and its counts.

Coroutines of actions run on the caller's event loop, or on one with a thread of its own.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from collections.abc import Awaitable, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from runtime.foreign import printable
from runtime.hooks.conditions import ALWAYS, Conditions
from runtime.threads import BoundedQueue, Worker
from wakeword.errors import SinkError, WakesoundError
from wakeword.events import WakeEvent
from wakeword.protocols import Sink

_log = logging.getLogger(__name__)

ANSWER_SECONDS = 2.0
"""The event loop made here is replaced as blocked after this long without an answer."""
MAX_BLOCKED = 4
"""Number of blocked event loops after which no other is made."""
END_SECONDS = 0.5
"""Longest wait for the event loop made here to end."""


class CoroutineRunner:
    """Runs awaitables that come from threads.

    Args:
        loop: the event loop of the program; None makes one when the first awaitable comes.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._given = loop
        self._own: _LoopThread | None = None
        self._blocked = 0
        self._closed = False
        self._lock = threading.Lock()  # guards the own loop: any action's thread may ask for it

    def submit(self, awaitable: Awaitable[Any]) -> Future[Any]:
        """Begin to run it; cancelling the future cancels it.

        Raises:
            SinkError: no event loop is left that answers.
        """
        coroutine = _awaited(awaitable)
        try:
            return asyncio.run_coroutine_threadsafe(coroutine, self._given or self._own_loop())
        except (RuntimeError, SinkError) as error:
            coroutine.close()
            if inspect.iscoroutine(awaitable):
                awaitable.close()
            raise SinkError(f"the coroutine cannot run: {error}") from error

    def close(self) -> None:
        """Cancel everything on the loop made here, end it, and make no other."""
        with self._lock:
            self._closed = True
            own, self._own = self._own, None
        if own is not None:
            own.stop()

    def _own_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._closed:
                raise SinkError("listening has ended")
            if self._own is not None and not self._own.answers():
                self._blocked += 1
                self._own.leave()
                self._own = None
            if self._blocked >= MAX_BLOCKED:
                raise SinkError("coroutines blocked the event loop too often")
            if self._own is None:
                self._own = _LoopThread()
            return self._own.loop


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def _cancel_all() -> None:
    """Cancel all other tasks of the running loop and wait for them."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class _LoopThread:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = Worker("wakesound-coroutines", self._run)
        self._thread.start()

    def answers(self) -> bool:
        """Whether the loop runs, rather than being blocked by a coroutine that does not await."""
        answered = threading.Event()
        self.loop.call_soon_threadsafe(answered.set)
        return answered.wait(ANSWER_SECONDS)

    def stop(self) -> None:
        """Cancel all tasks and end."""
        self.leave()
        self._thread.join(END_SECONDS)

    def leave(self) -> None:
        """End the loop once it is no longer blocked."""
        self.loop.call_soon_threadsafe(self.loop.stop)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(_cancel_all())
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        finally:
            self.loop.close()


QUEUE_EVENTS = 32
"""Events that may wait for one action."""
MAX_HANGING = 4
"""Number of hanging calls at which an action gets no more events until one returns."""
CANCEL_SECONDS = 0.5
"""Longest wait for a cancelled coroutine to end."""
LONGEST_REASON = 600
"""Characters of the reason for a failure; a sink may quote what it was answered."""
ANY = "*"
"""Stands for every sound."""

caller: ContextVar[object] = ContextVar("caller", default=None)
"""The owner of the action in whose call this code runs."""


@dataclass(frozen=True)
class ActionStats:
    """One action."""

    sound: str
    """The sounds it waits for, with commas between; ``"*"`` is any."""
    action: str
    """A description without secrets."""
    called: int
    """How often it was begun."""
    failed: int
    """How often it raised or was refused."""
    timed_out: int
    """How often it took too long."""
    dropped: int
    """Events that were dropped because it was too slow or hung too often."""
    skipped: int = 0
    """Events of its sounds that its conditions excluded, such as quiet hours."""


class Action:
    """Performs one action outside the listening thread: one event at a time and in order.

    With a ``concurrency`` above 1, that many events are handled at once and in no order.

    A call that takes too long is abandoned: a coroutine is cancelled; a function goes on
    in its thread, which cannot be killed, while the next event gets a new thread.

    Args:
        sounds: their names; ``ANY`` stands for every sound.
        sink: called with each event.
        timeout_seconds: how long one call may take.
        coroutines: runs the awaitables that the sink returns.
        owner: the value of ``caller`` during a call.
        conditions: which events count.
        concurrency: how many calls may run at once.
    """

    def __init__(
        self,
        sounds: Sequence[str],
        sink: Sink,
        timeout_seconds: float,
        coroutines: CoroutineRunner,
        owner: object = None,
        conditions: Conditions = ALWAYS,
        concurrency: int = 1,
    ) -> None:
        self.sounds = tuple(sounds)
        self._wanted = {sound.casefold() for sound in sounds}
        self._sink = sink
        self._timeout = timeout_seconds
        self._coroutines = coroutines
        self._owner = owner
        self._conditions = conditions
        self._queue: BoundedQueue[WakeEvent] = BoundedQueue(QUEUE_EVENTS)
        self._threads = [Worker(f"wakesound-action-{sink}", self._work) for _ in range(concurrency)]
        self._lock = threading.Lock()  # guards the calls and the counts
        self._current: set[_Call] = set()
        self._hanging: list[_Call] = []
        self._closed = False
        self._called = self._failed = self._timed_out = self._dropped = self._skipped = 0

    def __str__(self) -> str:
        return str(self._sink)

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def submit(self, event: WakeEvent, *, patient: bool) -> None:
        """Enqueue the event if it is for this action.

        Args:
            event: the wake event.
            patient: block while the queue is full; otherwise the oldest event is dropped.
        """
        if not self._wanted & {ANY, event.sound.casefold(), event.name.casefold()}:
            return
        if not self._conditions.hold(event):
            with self._lock:
                self._skipped += 1
        elif not self._queue.put(event, patient=patient):
            _log.warning("%s is too slow: an event was dropped", self._sink)

    def finish(self) -> None:
        """Accept no more events; perform those that wait."""
        self._queue.finish()

    def wait(self, timeout_seconds: float) -> bool:
        """After :meth:`finish`: whether all calls have ended within that time."""
        deadline = time.monotonic() + timeout_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        """End now: drop the events that wait, cancel the calls that can be cancelled."""
        self._closed = True
        forgotten = self._queue.close()
        with self._lock:
            self._dropped += forgotten
            running = list(self._current)
        for call in running:
            call.cancel()
        close = getattr(self._sink, "close", None)
        if close is not None:
            close()

    def stats(self) -> ActionStats:
        """The counts so far."""
        return ActionStats(
            sound=", ".join(self.sounds),
            action=str(self._sink),
            called=self._called,
            failed=self._failed,
            timed_out=self._timed_out,
            dropped=self._dropped + self._queue.dropped,
            skipped=self._skipped,
        )

    def _work(self) -> None:
        while (event := self._queue.get()) is not None:
            if self._may_call():
                self._perform(event)
            else:
                _log.error("%s hangs: an event was dropped", self._sink)

    def _may_call(self) -> bool:
        """Whether another call may begin; counts it as called or dropped."""
        with self._lock:
            self._hanging = [call for call in self._hanging if call.is_alive()]
            free = len(self._hanging) < MAX_HANGING
            self._called += free
            self._dropped += not free
            return free

    def _perform(self, event: WakeEvent) -> None:
        call = _Call(self._sink, event, self._coroutines, self._owner)
        with self._lock:
            self._current.add(call)
        call.start()
        call.join(self._timeout)
        if call.is_alive():
            call.cancel()
            call.join(CANCEL_SECONDS)
            self._failure(event, TimeoutError(f"no end after {self._timeout:g} s"))
        elif call.error is not None:
            self._failure(event, call.error)
        with self._lock:
            self._current.discard(call)
            if call.is_alive():
                self._hanging.append(call)

    def _failure(self, event: WakeEvent, error: BaseException) -> None:
        late = isinstance(error, TimeoutError)
        with self._lock:
            self._timed_out += late
            self._failed += not late
        if self._closed:
            return
        expected = isinstance(error, (WakesoundError, TimeoutError))
        _log.error(
            "the action %s for %r failed: %s",
            self._sink,
            event.name,
            printable(error if expected else repr(error), LONGEST_REASON),
            exc_info=None if expected else error,
        )


class _Call(Worker):
    """One call of a sink."""

    def __init__(
        self, sink: Sink, event: WakeEvent, coroutines: CoroutineRunner, owner: object
    ) -> None:
        super().__init__(f"wakesound-call-{sink}", self._call, carry=True)
        self._sink = sink
        self._event = event
        self._coroutines = coroutines
        self._owner = owner
        self._future: Future[Any] | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """Abandon it: a coroutine is cancelled, a function cannot be."""
        self._cancelled = True
        if self._future is not None:
            self._future.cancel()

    def _call(self) -> None:
        caller.set(self._owner)
        result = self._sink(self._event)
        if inspect.isawaitable(result):
            self._future = self._coroutines.submit(result)
            if self._cancelled:
                self._future.cancel()
            self._future.result()
