"""Where coroutines of actions run: the caller's event loop, or one on a thread of its own."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable
from concurrent.futures import Future
from typing import Any

from runtime.worker import Worker
from wakeword.errors import SinkError

ANSWER_SECONDS = 2.0
"""An own event loop that does not answer for this long is blocked, and replaced."""
MAX_BLOCKED = 4
"""Blocked event loops after which no other is made."""
END_SECONDS = 0.5
"""How long the end of an own event loop is waited for."""


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
        """Cancel what runs on the own loop, end it, and run nothing more on one."""
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
        """Whether the loop is not blocked by a coroutine that should have awaited."""
        answered = threading.Event()
        self.loop.call_soon_threadsafe(answered.set)
        return answered.wait(ANSWER_SECONDS)

    def stop(self) -> None:
        """Cancel all tasks and end."""
        self.leave()
        self._thread.join(END_SECONDS)

    def leave(self) -> None:
        """Let it end as soon as it is not blocked any more."""
        self.loop.call_soon_threadsafe(self.loop.stop)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(_cancel_all())
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        finally:
            self.loop.close()
