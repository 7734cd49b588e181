from __future__ import annotations

import asyncio
import threading

import pytest

from tests.waiting import wait_until_async

pytest.importorskip("fastapi")

from runtime.services.http.problems import Refusal
from runtime.services.http.service import Workers


def test_work_is_done_elsewhere_and_its_error_comes_back() -> None:
    """The event loop's thread does none of it."""

    async def check() -> None:
        workers = Workers("test", threads=1, waiting=0)
        assert await workers.run(threading.get_ident) != threading.get_ident()
        with pytest.raises(ZeroDivisionError):
            await workers.run(divmod, 1, 0)
        assert workers.active == 0
        workers.close()

    asyncio.run(check())


def test_what_is_too_much_is_refused_at_once() -> None:
    """So much runs, so much waits, the rest is told to come again."""

    async def check() -> None:
        workers, gate = Workers("test", threads=1, waiting=1), threading.Event()
        busy = [asyncio.ensure_future(workers.run(gate.wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as refused:
            await workers.run(gate.wait)
        assert refused.value.status_code == 503
        gate.set()
        assert await asyncio.gather(*busy) == [True, True]
        assert await workers.run(gate.wait)
        workers.close()
        with pytest.raises(Refusal):
            await workers.run(gate.wait)

    asyncio.run(check())


def test_who_gives_up_waiting_leaves_a_place_only_when_it_is_done() -> None:
    """A client that is gone does not make room for more work than there are threads."""

    async def check() -> None:
        workers, gate = Workers("test", threads=1, waiting=0), threading.Event()
        gone = asyncio.ensure_future(workers.run(gate.wait))
        await asyncio.sleep(0.01)
        gone.cancel()
        await asyncio.sleep(0)
        gate.set()
        await wait_until_async(lambda: not workers.active)
        workers.close()

    asyncio.run(check())
