"""An action at work: its queue, its thread, its time limit and its counts."""

from __future__ import annotations

import inspect
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any

from runtime.bounded import BoundedQueue
from runtime.conditions import ALWAYS, Conditions
from runtime.coroutines import CoroutineRunner
from runtime.stats import ActionStats
from runtime.worker import Worker
from wakeword.errors import WakesoundError
from wakeword.events import WakeEvent
from wakeword.protocols import Sink

_log = logging.getLogger(__name__)

QUEUE_EVENTS = 32
"""Events that may wait for one action."""
MAX_HANGING = 4
"""Calls that never return, after which an action gets no more events until one does."""
CANCEL_SECONDS = 0.5
"""How long a cancelled coroutine has to end."""
ANY = "*"
"""Stands for every sound."""

caller: ContextVar[object] = ContextVar("caller", default=None)
"""The owner of the action in whose call this code runs."""


class Action:
    """Performs one action, away from the listening: one event at a time and in order.

    With a ``concurrency`` above 1, so many events may be in work at once, in no order then.

    A call that takes too long is given up on: a coroutine is cancelled, a function goes on
    in its thread, which cannot be killed, while the next event gets a thread of its own.

    Args:
        sounds: those it waits for; ``ANY`` stands for every one.
        sink: what to call.
        timeout_seconds: how long one call may take.
        coroutines: where awaitables run that the sink returns.
        owner: what ``caller`` says during a call.
        conditions: what else must hold.
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
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def submit(self, event: WakeEvent, *, patient: bool) -> None:
        """Enqueue the event if it is for this action.

        Args:
            event: what was heard.
            patient: wait while too many events wait; otherwise the oldest is dropped.
        """
        if not self._wanted & {ANY, event.sound.casefold(), event.name.casefold()}:
            return
        if not self._conditions.hold(event):
            with self._lock:
                self._skipped += 1
        elif not self._queue.put(event, patient=patient):
            _log.warning("%s is too slow: an event was dropped", self._sink)

    def finish(self) -> None:
        """Take no more events; perform those that wait."""
        self._queue.finish()

    def wait(self, timeout_seconds: float) -> bool:
        """After :meth:`finish`: whether all is done within that time."""
        deadline = time.monotonic() + timeout_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def close(self) -> None:
        """End now: drop what waits, end what runs as far as it can be ended."""
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
        """Whether another call may be begun; counts what comes of it."""
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
            error if expected else repr(error),
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
        """Give up on it: a coroutine ends, a function cannot be ended."""
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
