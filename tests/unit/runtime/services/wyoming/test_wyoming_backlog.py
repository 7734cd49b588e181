"""What waits for the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from runtime.services.pcm import PcmFormat, Piece
from runtime.services.wyoming.ear import (
    BATCH_SECONDS,
    LEAST_SECONDS,
    LIMIT_SECONDS,
    Backlog,
    Mark,
)

FORMAT = PcmFormat(16000, 2, 1)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _piece(seconds: float = 0.25) -> Piece:
    return Piece(FORMAT, memoryview(bytes(round(seconds * FORMAT.rate) * 2)))


def _run(test: Callable[[Backlog, Clock], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        clock = Clock()
        await asyncio.wait_for(test(Backlog(clock), clock), 10)

    asyncio.run(run())


async def _live(backlog: Backlog, clock: Clock, seconds: float) -> list[bool]:
    """Put audio as a microphone does."""
    kept = []
    for _ in range(round(seconds / 0.25)):
        clock.now += 0.25
        kept.append(await backlog.put(_piece()))
    return kept


def test_order_is_kept_and_batches_are_short() -> None:
    """Audio and marks come out as they went in; no batch is long."""

    async def test(backlog: Backlog, clock: Clock) -> None:
        mark = Mark()
        sent = [_piece() for _ in range(6)]
        everything: list[Piece | Mark] = [*sent[:5], mark, sent[5]]
        for item in everything:
            await backlog.put(item)
        backlog.finish()
        got: list[Piece | Mark] = []
        while (batch := await backlog.take()) is not None:
            if isinstance(batch, list):
                assert sum(piece.seconds for piece in batch) <= BATCH_SECONDS
            got += batch if isinstance(batch, list) else [batch]
        assert got == everything

    _run(test)


def test_little_audio_waits_for_more_or_for_an_end() -> None:
    """Pieces of 10 ms are taken together; what ends the stream brings out the rest."""

    async def test(backlog: Backlog, clock: Clock) -> None:
        taking = asyncio.create_task(backlog.take())
        for _ in range(5):
            assert not taking.done()
            await backlog.put(_piece(0.01))
            await asyncio.sleep(0)
        assert len(await taking) == 5  # type: ignore[arg-type]
        await backlog.put(_piece(0.01))
        await backlog.put(Mark())
        assert isinstance(await backlog.take(), list)
        assert isinstance(await backlog.take(), Mark)
        await backlog.put(_piece(0.01))
        backlog.finish()
        assert isinstance(await backlog.take(), list)
        assert await backlog.take() is None

    _run(test)


def test_recording_waits_for_room() -> None:
    """Who sends faster than time passes has to wait, and nothing is lost."""

    async def test(backlog: Backlog, clock: Clock) -> None:
        sent = 0

        async def send() -> None:
            nonlocal sent
            for _ in range(100):
                assert await backlog.put(_piece())
                sent += 1
            backlog.finish()

        sender = asyncio.create_task(send())
        await asyncio.sleep(0)
        assert sent * 0.25 == LIMIT_SECONDS
        got = 0
        while isinstance(batch := await backlog.take(), list):
            got += len(batch)
        await sender
        assert got == 100
        assert backlog.dropped_seconds == 0

    _run(test)


def test_live_audio_is_dropped_at_once_and_leaves_one_gap() -> None:
    """A live client never waits: what waits is dropped, counted, and the gap has its length."""

    async def test(backlog: Backlog, clock: Clock) -> None:
        kept = await _live(backlog, clock, LIMIT_SECONDS)
        assert all(kept)
        assert await _live(backlog, clock, 0.25) == [False]
        assert backlog.dropped_seconds == LIMIT_SECONDS
        batch = await backlog.take()
        assert isinstance(batch, list)
        assert [piece.lost_seconds for piece in batch] == [LIMIT_SECONDS]

    _run(test)


def test_gap_that_is_dropped_is_part_of_the_next() -> None:
    """Dropping twice leaves one gap of the whole length."""

    async def test(backlog: Backlog, clock: Clock) -> None:
        await _live(backlog, clock, 2 * LIMIT_SECONDS + 0.25)
        batch = await backlog.take()
        assert isinstance(batch, list)
        assert batch[0].lost_seconds == 2 * LIMIT_SECONDS

    _run(test)


def test_marks_are_never_dropped() -> None:
    """Dropping audio leaves the beginning and the end of a stream in place."""

    async def test(backlog: Backlog, clock: Clock) -> None:
        first, mark = Mark(), Mark()
        await backlog.put(first)
        await _live(backlog, clock, LIMIT_SECONDS)
        await backlog.put(mark)
        await _live(backlog, clock, 0.25)
        assert await backlog.take() is first
        assert await backlog.take() is mark

    _run(test)


def test_late_microphone_stays_live() -> None:
    """A network that stood still and then delivers all at once does not make a recording."""

    async def test(backlog: Backlog, clock: Clock) -> None:
        await _live(backlog, clock, 1.0)
        clock.now += LIMIT_SECONDS + 1
        for _ in range(round((LIMIT_SECONDS - 1) / 0.25)):
            await backlog.put(_piece())
        assert not await backlog.put(_piece())

    _run(test)


def test_tiny_pieces_count() -> None:
    """A flood of single samples has to wait as well, though it holds hardly any audio."""

    async def test(backlog: Backlog, clock: Clock) -> None:
        sent = 0

        async def flood() -> None:
            nonlocal sent
            while True:
                await backlog.put(_piece(1 / FORMAT.rate))
                sent += 1

        sender = asyncio.create_task(flood())
        await asyncio.sleep(0)
        assert sent == LIMIT_SECONDS / LEAST_SECONDS
        sender.cancel()

    _run(test)


def test_closed_backlog_holds_nobody_up() -> None:
    """After closing, nothing waits to be put or taken."""

    async def test(backlog: Backlog, clock: Clock) -> None:
        async def send() -> None:
            while True:
                await backlog.put(_piece())
                await asyncio.sleep(0)

        sender = asyncio.create_task(send())
        await asyncio.sleep(0)
        backlog.close()
        assert await backlog.take() is None
        sender.cancel()

    _run(test)
