"""One connection: what a client asks for and sends, and what it is told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event, Eventable, async_write_event
from wyoming.info import Describe
from wyoming.ping import Ping, Pong
from wyoming.wake import Detect, Detection, NotDetected

from runtime.services.pcm import PcmFormat, Piece, pieces
from runtime.services.wyoming.ear import Backlog, ClientStream, Mark, Remember, TimedWake
from runtime.services.wyoming.framing import BODY_SECONDS, FramingError, encodable, read_event
from runtime.services.wyoming.sounds import Sounds, key
from wakeword.engine import EngineConfig
from wakeword.errors import AudioFormatError, WakesoundError

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What clients may do to the service."""

    clients: int = 100
    """Connections at a time; when there are more, the one silent for the longest time is closed."""
    questions_per_second: int = 200
    """Events other than audio that are answered at most, for each client."""
    send_seconds: float = 10.0
    """A client that takes nothing for so long is closed."""
    close_seconds: float = 1.0
    """How long a client may take to fetch its last messages."""
    body_seconds: float = BODY_SECONDS
    """How long the rest of an event may take to arrive."""
    warning_seconds: float = 1.0
    """Between two warnings about clients; the others are counted."""


@dataclass(frozen=True)
class Shared:
    """What all clients have in common."""

    sounds: Sounds
    config: EngineConfig
    threads: Executor
    """Where the listening is done."""
    remember: Remember | None = None
    """Makes what watches an engine for the history; None remembers nothing."""
    limits: Limits = Limits()


class _Stalled(OSError):
    """The client does not read what it is told."""


@dataclass(frozen=True)
class _Start(Mark):
    timestamp: int


class _Stop(Mark):
    pass


class Client:
    """Serves one client: one task reads, another listens, a bounded backlog between.

    Args:
        name: what the log calls it.
        reader: its limit must be ``framing.MAX_LINE_BYTES``.
        writer: to the client.
        shared: what all clients have in common.
        source: what the history calls it.
    """

    def __init__(
        self,
        name: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        shared: Shared,
        source: str = "wyoming",
    ) -> None:
        self.name = name
        self._source = source
        self.last_event = time.monotonic()
        """When it sent something that makes sense."""
        self._reader = reader
        self._writer = writer
        self._shared = shared
        self._backlog = Backlog()
        self._ear = self._new_ear()
        self._wanted: frozenset[str] | None = None
        self._fired = False
        self._complained = False
        self._writing = asyncio.Lock()  # events must not mix
        self._second, self._questions = 0, 0

    async def run(self) -> str:
        """Serve it until it ends; what it did wrong, if anything."""
        tasks = [asyncio.create_task(work()) for work in (self._read, self._listen)]
        try:
            await asyncio.gather(*tasks)
        except FramingError as error:
            await self._last_words(f"this is not Wyoming: {error}", "protocol")
            return f"sent what is not Wyoming: {error}"
        except _Stalled as error:
            return str(error)
        except OSError as error:  # it vanished
            _log.debug("%s: %s", self.name, error)
        except WakesoundError as error:
            await self._last_words(str(error), "failed")
            return f"cannot be served: {error}"
        except Exception:  # the log has it
            await self._last_words("the service met a fault; its log says more", "fault")
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._close()
        return ""

    # -- reading ---------------------------------------------------------------------------

    async def _read(self) -> None:
        limit = self._shared.limits.body_seconds
        while (event := await read_event(self._reader, limit)) is not None:
            self.last_event = time.monotonic()
            if AudioChunk.is_type(event.type):
                await self._take(event)
            else:
                await self._pace()
                await self._answer(event)
            await asyncio.sleep(0)  # the others' turn, also when more is waiting already
        self._backlog.finish()

    async def _answer(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self._send(self._shared.sounds.catalogue.info)
        elif Ping.is_type(event.type):
            text = event.data.get("text")
            await self._tell(Pong(encodable(text) if isinstance(text, str) else None))
        elif Detect.is_type(event.type):
            await self._select(event.data.get("names"))
        elif AudioStart.is_type(event.type):
            self._complained = False
            await self._backlog.put(_Start(_timestamp(event.data) or 0))
        elif AudioStop.is_type(event.type):
            await self._backlog.put(_Stop())
        else:  # the protocol grows; what is not for us is passed over
            _log.debug("%s sent %.40r, which is not for a wake word service", self.name, event.type)

    async def _select(self, names: object) -> None:
        """Listen for these names only; those that are enrolled later count from then on."""
        if names is not None and not (
            isinstance(names, list) and all(isinstance(name, str) for name in names)
        ):
            await self._tell(Error("names must be a list of names", "bad-request"))
            return
        self._wanted = frozenset(map(key, names)) if names else None
        catalogue = self._shared.sounds.catalogue
        unknown = catalogue.unknown(names or [])
        if unknown:
            await self._tell(Error(catalogue.refusal(unknown), "unknown-sound"))

    async def _take(self, event: Event) -> None:
        try:
            audio = pieces(PcmFormat.of(event.data), event.payload or b"", _timestamp(event.data))
            for piece in audio:
                if not await self._backlog.put(piece):
                    _log.warning(
                        "this machine is too slow to hear %s: %.1f seconds dropped so far",
                        self.name,
                        self._backlog.dropped_seconds,
                    )
        except AudioFormatError as error:
            if not self._complained:  # once, not for each chunk
                self._complained = True
                await self._tell(Error(f"this audio cannot be heard: {error}", "bad-audio"))

    async def _pace(self) -> None:
        """Make one who asks too much wait."""
        now = time.monotonic()
        if int(now) != self._second:
            self._second, self._questions = int(now), 0
        self._questions += 1
        if self._questions > self._shared.limits.questions_per_second:
            await asyncio.sleep(math.ceil(now) - now)

    # -- listening -------------------------------------------------------------------------

    async def _listen(self) -> None:
        while (item := await self._backlog.take()) is not None:
            if isinstance(item, _Start):
                await self._end_stream()
                self._ear = self._new_ear(item.timestamp)
                self._fired = False
            elif isinstance(item, _Stop):
                await self._end_stream()
                if not self._fired:
                    await self._tell(NotDetected())
                self._fired = False
            elif isinstance(item, list):
                await self._hear(item)
        await self._end_stream()

    def _new_ear(self, timestamp: int = 0) -> ClientStream:
        shared = self._shared
        return ClientStream(
            shared.config,
            timestamp,
            source=self._source,
            remember=shared.remember,
            drift=shared.sounds.drift,
        )

    async def _hear(self, audio: Sequence[Piece]) -> None:
        loaded = await self._shared.sounds.loaded()
        loop = asyncio.get_running_loop()
        heard = await loop.run_in_executor(self._shared.threads, self._ear.hear, loaded, audio)
        await self._report(heard)

    async def _end_stream(self) -> None:
        ear, self._ear = self._ear, self._new_ear()
        if not ear.begun:
            return
        loop = asyncio.get_running_loop()
        await self._report(await loop.run_in_executor(self._shared.threads, ear.end))

    async def _report(self, heard: Sequence[TimedWake]) -> None:
        for wake in heard:
            event = wake.event
            if self._wanted is None or key(event.name) in self._wanted:
                _log.info("%s: heard %s (%.3f)", self.name, event.name, event.score)
                self._fired = True
                await self._tell(Detection(name=event.name, timestamp=wake.timestamp))

    # -- writing ---------------------------------------------------------------------------

    async def _tell(self, message: Eventable) -> None:
        await self._send(message.event())

    async def _send(self, event: Event) -> None:
        async with self._writing:
            try:
                await asyncio.wait_for(
                    async_write_event(event, self._writer), self._shared.limits.send_seconds
                )
            except asyncio.TimeoutError:
                raise _Stalled("does not read what it is told") from None

    async def _last_words(self, text: str, code: str) -> None:
        with contextlib.suppress(OSError):
            await self._tell(Error(encodable(text), code))

    async def _close(self) -> None:
        self._backlog.close()
        self._writer.close()
        with contextlib.suppress(OSError, asyncio.TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), self._shared.limits.close_seconds)
            return
        self._writer.transport.abort()


def _timestamp(data: dict[str, Any]) -> int | None:
    """The time that an event states, usually in milliseconds; some clients state none."""
    value = data.get("timestamp")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 2**63:
        return None
    return int(value)
