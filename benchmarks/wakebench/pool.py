"""Work spread over processes, each with one thread, in an order that doesn't matter."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeVar

Progress = Callable[[str, int, int], object]
"""Told the stage, the steps done and the steps in all."""
Result = TypeVar("Result")

_IGNORE = (signal.SIGINT, signal.SIG_IGN)
"""Ctrl-C is for the parent, which lets what runs finish and gives up the rest."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def silent(stage: str, done: int, total: int) -> None:
    """A progress that shows nothing."""


class Pool:
    """Processes that run functions; made by :func:`workers`."""

    def __init__(self, executor: Executor, progress: Progress = silent) -> None:
        self._executor = executor
        self._progress = progress

    def each(
        self, stage: str, work: Callable[..., Result], calls: Iterable[tuple[object, ...]]
    ) -> list[Result]:
        """Call ``work`` with each tuple of arguments; results in the order of the calls.

        The first error ends the stage and is raised here.
        """
        futures = [self._executor.submit(work, *call) for call in calls]
        self._progress(stage, 0, len(futures))
        for done, future in enumerate(as_completed(futures), 1):
            future.result()
            self._progress(stage, done, len(futures))
        return [future.result() for future in futures]


@contextmanager
def workers(jobs: int, progress: Progress = silent) -> Iterator[Pool]:
    """Start ``jobs`` fresh processes; on an error what waits is given up."""
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    executor = ProcessPoolExecutor(
        jobs, mp_context=get_context("spawn"), initializer=signal.signal, initargs=_IGNORE
    )
    try:
        yield Pool(executor, progress)
    finally:
        executor.shutdown(cancel_futures=True)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
