"""An action at work: its queue, its thread, its time limit and its counts."""

from __future__ import annotations

import inspect
import logging
from concurrent.futures import Future
from contextvars import ContextVar
from typing import Any

from runtime.bounded import BoundedQueue
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
    """Performs one action, one event at a time and in order, away from the listening.

    A call that takes too long is given up on: a coroutine is cancelled, a function goes on
    in its thread, which cannot be killed, while the next event gets a thread of its own.

    Args:
        sound: the sound it waits for, or ``ANY``.
        sink: what to call.
        timeout_seconds: how long one call may take.
        coroutines: where awaitables run that the sink returns.
        owner: what ``caller`` says during a call.
    """

    def __init__(
        self,
        sound: str,
        sink: Sink,
        timeout_seconds: float,
        coroutines: CoroutineRunner,
        owner: object = None,
    ) -> None:
        self.sound = sound
        self._sink = sink
        self._timeout = timeout_seconds
        self._coroutines = coroutines
        self._owner = owner
        self._queue: BoundedQueue[WakeEvent] = BoundedQueue(QUEUE_EVENTS)
        self._thread = Worker(f"wakesound-action-{sink}", self._work)
        self._current: _Call | None = None
        self._hanging: list[_Call] = []
        self._closed = False
        self._called = self._failed = self._timed_out = self._dropped = 0

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, event: WakeEvent, *, patient: bool) -> None:
        """Enqueue the event if it is for this action.

        Args:
            event: what was heard.
            patient: wait while too many events wait; otherwise the oldest is dropped.
        """
        wanted = self.sound == ANY or self.sound.casefold() == event.sound.casefold()
        if wanted and not self._queue.put(event, patient=patient):
            _log.warning("%s is too slow: an event was dropped", self._sink)

    def finish(self) -> None:
        """Take no more events; perform those that wait."""
        self._queue.finish()

    def wait(self, timeout_seconds: float) -> bool:
        """After :meth:`finish`: whether all is done within that time."""
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def close(self) -> None:
        """End now: drop what waits, end what runs as far as it can be ended."""
        self._closed = True
        self._dropped += self._queue.close()
        if self._current is not None:
            self._current.cancel()
        close = getattr(self._sink, "close", None)
        if close is not None:
            close()

    def stats(self) -> ActionStats:
        """The counts so far."""
        return ActionStats(
            sound=self.sound,
            action=str(self._sink),
            called=self._called,
            failed=self._failed,
            timed_out=self._timed_out,
            dropped=self._dropped + self._queue.dropped,
        )

    def _work(self) -> None:
        while (event := self._queue.get()) is not None:
            self._hanging = [call for call in self._hanging if call.is_alive()]
            if len(self._hanging) < MAX_HANGING:
                self._perform(event)
            else:
                self._dropped += 1
                _log.error("%s hangs: an event was dropped", self._sink)

    def _perform(self, event: WakeEvent) -> None:
        self._called += 1
        call = self._current = _Call(self._sink, event, self._coroutines, self._owner)
        call.start()
        call.join(self._timeout)
        if call.is_alive():
            call.cancel()
            call.join(CANCEL_SECONDS)
            if call.is_alive():
                self._hanging.append(call)
            self._failure(event, TimeoutError(f"no end after {self._timeout:g} s"))
        elif call.error is not None:
            self._failure(event, call.error)

    def _failure(self, event: WakeEvent, error: BaseException) -> None:
        if isinstance(error, TimeoutError):
            self._timed_out += 1
        else:
            self._failed += 1
        if self._closed:
            return
        expected = isinstance(error, (WakesoundError, TimeoutError))
        _log.error(
            "the action %s for %r failed: %s",
            self._sink,
            event.sound,
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
