"""Where coroutines run."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from runtime.hooks import action as coroutines
from runtime.hooks.action import CoroutineRunner
from wakeword.errors import SinkError


@pytest.fixture
def runner() -> Iterator[CoroutineRunner]:
    """A runner with a loop of its own."""
    runner = CoroutineRunner()
    yield runner
    runner.close()


async def where() -> tuple[str, asyncio.AbstractEventLoop]:
    """The thread and loop this runs on."""
    await asyncio.sleep(0)
    return threading.current_thread().name, asyncio.get_running_loop()


def test_all_run_on_one_loop(runner: CoroutineRunner) -> None:
    """Clients that belong to a loop can be shared between actions and calls."""
    first, second = (runner.submit(where()).result(5) for _ in range(2))
    assert first == second
    assert first[0] == "wakesound-coroutines"


def test_a_given_loop_is_used() -> None:
    """Inside asyncio, coroutines run on the program's own loop."""

    async def program() -> None:
        loop = asyncio.get_running_loop()
        runner = CoroutineRunner(loop)
        future = await asyncio.to_thread(runner.submit, where())
        assert await asyncio.wrap_future(future) == (threading.current_thread().name, loop)
        runner.close()

    asyncio.run(program())


def test_errors_come_back(runner: CoroutineRunner) -> None:
    """What the coroutine raised is in its future."""

    async def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        runner.submit(fail()).result(5)


def test_cancelling_reaches_the_coroutine(runner: CoroutineRunner) -> None:
    """It can tidy up."""
    begun, tidied = threading.Event(), threading.Event()

    async def sleep() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            tidied.set()

    future = runner.submit(sleep())
    assert begun.wait(5)
    future.cancel()
    assert tidied.wait(5)


def test_close_cancels_what_runs() -> None:
    """Nothing of ours runs on after the end."""
    runner = CoroutineRunner()
    begun, tidied = threading.Event(), threading.Event()

    async def sleep() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            tidied.set()

    runner.submit(sleep())
    assert begun.wait(5)
    runner.close()
    assert tidied.wait(5)
    runner.close()


def test_a_blocked_loop_is_replaced(
    runner: CoroutineRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A coroutine that blocks instead of awaiting harms nobody but itself; often, it is told."""
    monkeypatch.setattr(coroutines, "ANSWER_SECONDS", 0.1)
    monkeypatch.setattr(coroutines, "MAX_BLOCKED", 2)
    free = threading.Event()

    async def block() -> None:
        free.wait(30)

    blocked = [runner.submit(block())]
    time.sleep(0.05)
    assert runner.submit(where()).result(5)[0] == "wakesound-coroutines"
    blocked.append(runner.submit(block()))
    time.sleep(0.05)
    with pytest.raises(SinkError, match="blocked the event loop too often"):
        runner.submit(where())
    free.set()
    for future in blocked:
        future.result(5)


def test_a_loop_that_is_over_is_told() -> None:
    """A program whose loop has ended gets an error, not a coroutine that is never awaited."""
    loop = asyncio.new_event_loop()
    loop.close()
    with pytest.raises(SinkError, match="cannot run"):
        CoroutineRunner(loop).submit(where())
