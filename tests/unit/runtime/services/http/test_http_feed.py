from __future__ import annotations

import asyncio

import pytest

from runtime.services.http.feed import KEEP_EVENTS, QUEUE_ITEMS, EventFeed, Reader


def _wake(number: int) -> dict[str, object]:
    return {"event": "wake", "number": number}


async def _read(reader: Reader, count: int) -> list[object]:
    items = [await reader.get(1.0) for _ in range(count)]
    return [item.data.get("number") for item in items if item is not None]


async def _bound() -> EventFeed:
    feed = EventFeed()
    feed.bind()
    return feed


async def _settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


def test_every_reader_gets_every_event_in_order() -> None:
    """Events go to all who read, from whichever thread they were published."""

    async def check() -> None:
        feed = await _bound()
        readers = [feed.subscribe() for _ in range(3)]
        for number in range(5):
            await asyncio.to_thread(feed.publish, _wake(number))
        for reader in readers:
            assert await _read(reader, 5) == [0, 1, 2, 3, 4]

    asyncio.run(check())


def test_who_comes_back_gets_what_was_missed_and_no_more_than_is_kept() -> None:
    """From behind a known event; from the first that is kept otherwise; nothing for newcomers."""

    async def check() -> None:
        feed = await _bound()
        first = feed.subscribe()
        for number in range(KEEP_EVENTS + 10):
            feed.publish(_wake(number))
            item = await first.get(1.0)
            assert item is not None
            if number == KEEP_EVENTS:
                known = item.id
        assert await _read(feed.subscribe(known), 9) == list(
            range(KEEP_EVENTS + 1, KEEP_EVENTS + 10)
        )
        assert await _read(feed.subscribe("gone-1"), 1) == [10]
        assert await feed.subscribe().get(0.0) is None

    asyncio.run(check())


def test_a_slow_reader_loses_moments_first_and_is_dropped_then() -> None:
    """Its queue is bounded; the others do not notice, and the feed counts it."""

    async def check() -> None:
        feed = await _bound()
        slow, quick = feed.subscribe(moments=True), feed.subscribe()
        assert feed.watched
        for number in range(2 * QUEUE_ITEMS):
            feed.moment({"event": "level", "number": number})
        await _settle()
        assert not slow.dropped
        for number in range(QUEUE_ITEMS + 1):
            feed.publish(_wake(number))
            assert await _read(quick, 1) == [number]
        assert slow.dropped
        with pytest.raises(EOFError):
            await slow.get(1.0)
        feed.leave(slow)
        assert (feed.readers, feed.dropped_readers, feed.watched) == (1, 1, False)

    asyncio.run(check())


def test_moments_are_for_those_who_asked() -> None:
    """A reader of events alone gets no levels, and nobody gets them later."""

    async def check() -> None:
        feed = await _bound()
        plain = feed.subscribe()
        feed.moment({"event": "level"})
        feed.publish(_wake(1))
        assert await _read(plain, 1) == [1]
        assert await _read(feed.subscribe("gone"), 1) == [1]

    asyncio.run(check())


def test_closing_ends_all_readers_also_later_ones() -> None:
    """After the end nobody waits for ever, and publishing is harmless."""

    async def check() -> EventFeed:
        feed = await _bound()
        reader = feed.subscribe()
        waiting = asyncio.ensure_future(reader.get(10.0))
        await _settle()
        feed.close()
        for late in (waiting, feed.subscribe().get(10.0)):
            with pytest.raises(EOFError):
                await late
        return feed

    asyncio.run(check()).publish(_wake(1))
