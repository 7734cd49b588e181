"""Events for those who iterate."""

from __future__ import annotations

import asyncio
import threading

import pytest

from runtime.listening import session as module
from runtime.listening.session import Subscription
from wakeword.events import WakeEvent


def event(number: int) -> WakeEvent:
    """The event that begins at that sample."""
    return WakeEvent("bell", 0.9, 0.5, number, number + 1, 16000)


def test_events_come_in_order_until_the_end() -> None:
    """Those that wait at the end are still delivered."""
    subscription = Subscription()
    for number in range(3):
        subscription.put(event(number), patient=False)
    subscription.finish()
    assert [e.start for e in subscription] == [0, 1, 2]
    assert list(subscription) == []


def test_the_oldest_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until somebody iterates, and for live sources: bounded, never waiting."""
    monkeypatch.setattr(module, "LIMIT_EVENTS", 2)
    for claimed, patient in ((False, True), (True, False)):
        subscription = Subscription()
        subscription.claimed = claimed
        for number in range(5):
            subscription.put(event(number), patient=patient)
        subscription.finish()
        assert [e.start for e in subscription] == [3, 4]
        assert subscription.dropped == 3


def test_a_recording_waits_for_who_iterates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is lost when writer and reader can wait for each other."""
    monkeypatch.setattr(module, "LIMIT_EVENTS", 2)
    subscription = Subscription()
    subscription.claimed = True

    def write() -> None:
        for number in range(50):
            subscription.put(event(number), patient=True)
        subscription.finish()

    thread = threading.Thread(target=write)
    thread.start()
    assert [e.start for e in subscription] == list(range(50))
    thread.join()


def test_asyncio_gets_all_and_is_not_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that waited, events that come later, the end; meanwhile other tasks run."""
    monkeypatch.setattr(module, "LIMIT_EVENTS", 4)
    subscription = Subscription()
    subscription.claimed = True
    subscription.put(event(0), patient=True)

    def write() -> None:
        for number in range(1, 50):
            subscription.put(event(number), patient=True)
        subscription.finish()

    async def read() -> tuple[list[int], int]:
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        ticker = asyncio.create_task(tick())
        threading.Timer(0.05, write).start()
        starts = [e.start async for e in subscription]
        ticker.cancel()
        return starts, ticks

    starts, ticks = asyncio.run(read())
    assert starts == list(range(50))
    assert ticks > 10


def test_an_event_after_the_loop_is_harmless() -> None:
    """Nobody is told when asyncio has gone without a word."""
    subscription = Subscription()

    async def look() -> None:
        iterator = subscription.__aiter__()
        task = asyncio.ensure_future(anext(iterator))
        await asyncio.sleep(0.01)
        task.cancel()

    asyncio.run(look())
    subscription.put(event(0), patient=False)
    subscription.finish()
