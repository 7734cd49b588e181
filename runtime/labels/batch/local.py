"""Who has the parcels heard.

This machine as the engine: in this process, or in several of one thread each.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.connection import wait as wait_for
from typing import Protocol

from runtime.labels.batch.hearer import Hearer
from runtime.labels.batch.job import Job, Parcel
from runtime.labels.batch.results import Row
from wakeword.errors import ServiceError

Done = tuple[int, list[Row]]
"""Which parcel, as its index among those given, and its rows."""


class Engine(Protocol):
    """Has parcels heard, here or elsewhere."""

    def __call__(self, job: Job, parcels: Sequence[Parcel]) -> Generator[Done, None, None]:
        """Yield what was heard, each parcel once, in the order in which they are done.

        Closed before its end, it stops as soon as it can.

        Raises:
            WakesoundError: it cannot go on; what was yielded holds.
        """
        ...


AHEAD = 2
"""Parcels for each process that are given out: one to hear and one to go on with."""

_hearer: Hearer | None = None
"""In a process of the pool only: loaded once, for every parcel it is given."""


def processors() -> int:
    """How many this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class LocalEngine:
    """See :class:`runtime.labels.batch.local.Engine`.

    Args:
        jobs: how many processes; with one, it is this process.
    """

    def __init__(self, jobs: int = 1) -> None:
        self._jobs = jobs

    def __call__(self, job: Job, parcels: Sequence[Parcel]) -> Generator[Done, None, None]:
        """Have them heard.

        Raises:
            ServiceError: a process died.
            EncoderError: the encoder cannot be loaded or fails.
        """
        jobs = min(self._jobs, len(parcels))
        if jobs > 1:
            yield from self._pooled(job, parcels, jobs)
        elif parcels:
            hear = Hearer(job)
            for number, parcel in enumerate(parcels):
                yield number, hear(parcel)

    def _pooled(
        self, job: Job, parcels: Sequence[Parcel], jobs: int
    ) -> Generator[Done, None, None]:
        context = multiprocessing.get_context("spawn")
        life, hold = context.Pipe(duplex=False)
        pool = ProcessPoolExecutor(jobs, context, initializer=_begin, initargs=(life,))
        given: dict[Future[list[Row]], int] = {}
        waiting = iter(enumerate(parcels))
        try:
            while True:
                while len(given) < jobs * AHEAD and (following := next(waiting, None)):
                    number, parcel = following
                    with _interrupts_later():  # the first one starts the processes
                        given[pool.submit(_hear, job, parcel)] = number
                if not given:
                    break
                for future in wait(given, return_when=FIRST_COMPLETED).done:
                    yield given.pop(future), future.result()
        except BrokenProcessPool as error:
            raise ServiceError(
                "a process that heard recordings was ended, perhaps for want of memory; run the"
                " same command again to go on, with fewer --jobs"
            ) from error
        except BaseException:
            hold.close()  # nobody waits for the parcels that are being heard
            raise
        finally:
            pool.shutdown(cancel_futures=True)
            hold.close()
            life.close()


@contextmanager
def _interrupts_later() -> Iterator[None]:
    """Hold Ctrl-C back for a moment. Processes that start in it never hear it: we tell them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin(life: Connection) -> None:
    """Set a process of the pool up, to end with its parent.

    Args:
        life: comes to its end when the parent lets go, or is killed.
    """
    threading.Thread(target=_end_with, args=(life,), daemon=True).start()


def _end_with(life: Connection) -> None:
    wait_for([life])
    os._exit(1)  # the pool's own threads would go on


def _hear(job: Job, parcel: Parcel) -> list[Row]:
    global _hearer
    if _hearer is None:
        _hearer = Hearer(job)
    return _hearer(parcel)
