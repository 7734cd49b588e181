"""Work that would block the event loop, in a bounded number of threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from runtime.services.http.problems import Refusal

P = ParamSpec("P")
T = TypeVar("T")


class Workers:
    """A few threads and a queue of limited length.

    Args:
        name: of the threads.
        threads: how many.
        waiting: how much work may wait for one.
    """

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"wakesound-{name}")
        self._most = threads + waiting
        self.active = 0
        """Work that runs or waits."""

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it in a thread; what it returns or raises.

        Who asked may be gone before it is done; then it is done all the same.

        Raises:
            Refusal: too much waits already (503).
        """
        if self.active >= self._most:
            raise Refusal(503, "busy", "too much to do just now; try again", retry_seconds=1)
        self.active += 1
        loop = asyncio.get_running_loop()
        try:
            future = loop.run_in_executor(self._pool, partial(work, *args, **kwargs))
        except RuntimeError:  # the server is going down
            self.active -= 1
            raise Refusal(503, "closing", "the server is shutting down") from None
        future.add_done_callback(self._done)
        return await future

    def close(self) -> None:
        """Begin nothing more; what runs goes on to its end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, future: asyncio.Future[T]) -> None:
        self.active -= 1
        if not future.cancelled():
            future.exception()  # seen, also when nobody waits any more
