"""What a client has sent and its engine has not heard yet.

One client's listening: its audio in, what was heard out, in the client's own time.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runtime.history.recorder import Recorder
from runtime.history.store import identified
from runtime.listening.drift import Drift
from runtime.services.pcm import Piece
from wakeword.engine import Engine, EngineConfig
from wakeword.events import WakeEvent
from wakeword.library.enrolled import EnrolledSounds
from wakeword.protocols import Encoder
from wakeword.stream import Observer, Stream

LIMIT_SECONDS = 8.0
"""Audio that may wait; a wake that comes later is of no use to anybody."""
LEAST_BATCH_SECONDS = 0.05
"""Audio that is worth the trip to a thread; some clients send 10 ms at a time."""
BATCH_SECONDS = 0.5
"""Audio that is taken at once, so that clients take turns."""
LEAD_SECONDS = 2.0
"""A client that is ahead of the clock by more plays a recording, or floods; it can wait."""
STALL_SECONDS = 10.0
"""A live client may be late by so much and catch up."""
LEAST_SECONDS = 0.005
"""What a piece counts at least; a flood of tiny ones is work too."""


class Mark:
    """Something that happens between two pieces of audio."""


class Backlog:
    """First in, first out, within one event loop.

    When it is full, a client that plays a recording has to wait. A live one does not: all
    audio that waits is dropped, which leaves one gap, and counted.

    Args:
        clock: the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._items: deque[Piece | Mark] = deque()
        self._seconds = 0.0
        self._lost = 0.0
        self._restart()
        self._finished = False
        self._room = asyncio.Event()
        self._filled = asyncio.Event()
        self.dropped_seconds = 0.0
        """Audio that was dropped."""

    async def put(self, item: Piece | Mark) -> bool:
        """Add an item; False when waiting audio was dropped for it."""
        kept = True
        if isinstance(item, Piece):
            self._follow_clock(_cost(item))
            kept = await self._make_room(_cost(item))
            item = item.after(self._lost)
            self._lost = 0.0
            self._seconds += _cost(item)
        else:
            self._restart()
        if not self._finished:
            self._items.append(item)
            self._filled.set()
        return kept

    async def take(self) -> list[Piece] | Mark | None:
        """Some audio, or a mark; None when no more will come."""
        while not self._worth_taking():
            if self._finished:
                return None
            self._filled.clear()
            await self._filled.wait()
        first = self._items.popleft()
        if isinstance(first, Mark):
            return first
        batch, seconds = [first], _cost(first)
        while self._items and isinstance(self._items[0], Piece) and seconds < BATCH_SECONDS:
            batch.append(self._items.popleft())  # type: ignore[arg-type]  # a piece, as was seen
            seconds += _cost(batch[-1])
        self._seconds -= seconds
        self._room.set()
        return batch

    def finish(self) -> None:
        """Add no more; what waits can still be taken."""
        self._finished = True
        self._filled.set()
        self._room.set()

    def close(self) -> None:
        """Add no more and forget what waits."""
        self._items.clear()
        self._seconds = 0.0
        self.finish()

    def _worth_taking(self) -> bool:
        if self._finished or self._seconds >= LEAST_BATCH_SECONDS:
            return bool(self._items)
        return any(isinstance(item, Mark) for item in self._items)

    async def _make_room(self, seconds: float) -> bool:
        while self._seconds and self._seconds + seconds > LIMIT_SECONDS and not self._finished:
            if not self._patient:
                self._drop()
                return False
            self._room.clear()
            await self._room.wait()
        return True

    def _drop(self) -> None:
        """Drop all audio that waits, not the marks."""
        lost = sum(item.seconds + item.lost_seconds for item in self._audio())
        self.dropped_seconds += sum(item.seconds for item in self._audio())
        self._items = deque(item for item in self._items if isinstance(item, Mark))
        self._seconds, self._lost = 0.0, lost

    def _audio(self) -> list[Piece]:
        return [item for item in self._items if isinstance(item, Piece)]

    def _restart(self) -> None:
        """Another stream begins, live or not."""
        self._lead = 0.0
        self._heard_at: float | None = None
        self._patient = False

    def _follow_clock(self, seconds: float) -> None:
        """Learn whether audio comes faster than time passes; once it did, it is a recording."""
        now = self._clock()
        passed = 0.0 if self._heard_at is None else now - self._heard_at
        self._lead = max(-STALL_SECONDS, self._lead - passed) + seconds
        self._heard_at = now
        self._patient = self._patient or self._lead > LEAD_SECONDS


def _cost(piece: Piece) -> float:
    return max(piece.seconds, LEAST_SECONDS)


KEPT_SECONDS = 2.0
"""How long the timestamps of past audio are remembered."""


@dataclass(frozen=True)
class ClientSounds:
    """What all clients listen with."""

    encoder: Encoder
    sounds: EnrolledSounds


Remember = Callable[[Engine, str, str], Recorder]
"""What watches an engine for the history; of this source, in this session."""


@dataclass(frozen=True)
class TimedWake:
    """A wake event and when it was."""

    event: WakeEvent
    timestamp: int
    """The end of what was heard, told as the client tells the time."""


class ClientStream:
    """Hears one client. It may be called from any thread, by one at a time.

    Args:
        config: settings of the engine.
        timestamp: when the stream begins, for a client that does not say it with the audio.
        source: what the history says that it came from.
        remember: makes what watches an engine for the history; None remembers nothing.
        drift: lets the sounds follow what is heard.
    """

    def __init__(
        self,
        config: EngineConfig,
        timestamp: int = 0,
        *,
        source: str = "",
        remember: Remember | None = None,
        drift: Drift | None = None,
    ) -> None:
        self._config = config
        self._begin = timestamp
        self._source = source
        self._remember = remember
        self._drift = drift
        self._session = secrets.token_hex(8)
        self._stream: Stream[Engine] | None = None

    def hear(self, loaded: ClientSounds, pieces: Sequence[Piece]) -> list[TimedWake]:
        """Hear more of the stream."""
        stream = self._ready(loaded)
        events: list[WakeEvent] = []
        for piece in pieces:
            events += self._heard(stream, piece)
        return [self._timed(event) for event in events]

    @property
    def begun(self) -> bool:
        """Whether it has heard anything."""
        return self._stream is not None

    def end(self) -> list[TimedWake]:
        """The end of the stream: hear its last bit."""
        if self._stream is None:
            return []
        found = [self._timed(event) for event in self._stream.flush()]
        self._stream.finish()
        return found

    def _ready(self, loaded: ClientSounds) -> Stream[Engine]:
        """The stream with the newest sounds; another encoder needs another engine."""
        stream = self._stream
        if stream is None or stream.hears.encoder is not loaded.encoder:
            if stream is not None:
                stream.finish()
            stream = self._stream = self._begun(Engine(loaded.sounds, loaded.encoder, self._config))
            self._piece_rate = stream.rate
            self._base = self._fed = 0
            self._marks: deque[tuple[int, int]] = deque([(0, self._begin)])
        stream.reload(loaded.sounds)
        return stream

    def _begun(self, engine: Engine) -> Stream[Engine]:
        """A stream of which the history remembers what is heard."""
        observers: list[Observer] = []
        if self._remember is not None:
            observers.append(self._remember(engine, self._source, self._session))
        if self._drift is not None:
            observers.append(self._drift.collector(engine))
        return Stream(
            engine, observers, lambda event: identified(event, self._source, self._session)
        )

    def _heard(self, stream: Stream[Engine], piece: Piece) -> list[WakeEvent]:
        """Hear a piece; behind a gap or at another rate the stream's times are counted anew."""
        events: list[WakeEvent] = []
        if piece.lost_seconds or piece.format.rate != self._piece_rate:
            events = stream.gap(piece.lost_seconds)
            self._piece_rate = piece.format.rate
            self._base, self._fed = stream.position, 0
        if piece.timestamp is not None:
            begin = self._base + round(self._fed / piece.format.rate * stream.rate)
            self._mark(begin, piece.timestamp, begin - round(KEPT_SECONDS * stream.rate))
        samples = piece.samples()
        self._fed += len(samples)
        return events + stream.feed(samples, piece.format.rate)

    def _mark(self, position: int, timestamp: int, past: int) -> None:
        """Remember when a sample was, and forget what was before the past."""
        self._marks.append((position, timestamp))
        while len(self._marks) > 1 and self._marks[1][0] < past:
            self._marks.popleft()

    def _timed(self, event: WakeEvent) -> TimedWake:
        """Say when it was: the last timestamp before it, and the milliseconds since."""
        position, timestamp = next(
            (mark for mark in reversed(self._marks) if mark[0] < event.end), self._marks[0]
        )
        after_ms = max(0, event.end - position) * 1000 / event.rate
        return TimedWake(event, timestamp + int(after_ms))
