"""Listening from asyncio."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from runtime import WakeListener
from tests.unit.runtime.listening.tapes import stream
from tests.waiting import wait_until_async
from wakeword.errors import SourceError
from wakeword.events import WakeEvent
from wakeword.testing import FedSource


def test_async_for(folder: Path, tape: str) -> None:
    """All events, in order, and the listener is stopped at the end."""

    async def main() -> list[str]:
        listener = WakeListener(folder, tape)
        sounds = [event.sound async for event in listener]
        assert not listener.listening
        return sounds

    assert asyncio.run(main()) == ["low", "high", "low"]


def test_coroutines_run_on_the_programs_loop(folder: Path, tape: str) -> None:
    """Actions may use what belongs to the program's own event loop."""

    async def main() -> None:
        loop, queue = asyncio.get_running_loop(), asyncio.Queue[WakeEvent]()

        async def put(event: WakeEvent) -> None:
            assert asyncio.get_running_loop() is loop
            await queue.put(event)

        async with WakeListener(folder, tape).on("low", put):
            for _ in range(2):
                event = await asyncio.wait_for(queue.get(), 10)
                assert event.sound == "low"

    asyncio.run(main())


def test_leaving_async_for_stops_the_listening(room: tuple[WakeListener, FedSource]) -> None:
    """``break``, a cancelled task and the end of the loop all close the source."""
    listener, source = room

    async def main() -> None:
        source.feed(stream())
        async for event in listener:
            assert event.sound == "low"
            break

    asyncio.run(main())
    assert listener.wait(10)
    assert source.closed.is_set()

    async def wait_for_ever(listener: WakeListener) -> None:
        async for _ in listener:
            pass

    async def cancel() -> None:
        other = WakeListener(listener.library, FedSource())
        task = asyncio.create_task(wait_for_ever(other))
        await wait_until_async(lambda: other.listening)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not other.listening

    asyncio.run(cancel())


def test_async_with_and_a_failing_source(folder: Path) -> None:
    """Errors come out of asyncio programs too."""

    async def main() -> None:
        source = FedSource()
        source.fail(SourceError("unplugged"))
        async with WakeListener(folder, source) as listener:
            with pytest.raises(SourceError, match="unplugged"):
                async for _ in listener:
                    pass

    asyncio.run(main())
