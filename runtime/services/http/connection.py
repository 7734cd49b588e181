"""A client that sends audio over a WebSocket: what all such endpoints have in common."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from runtime.services.http.auth import SUBPROTOCOL
from runtime.services.http.problems import Refusal, refusal_of
from runtime.services.http.service import Service
from wakeword.errors import WakesoundError

PART_BYTES = 64_000
"""Longer messages are heard in parts, so that clients take turns."""
SEND_SECONDS = 20.0
"""A client that does not take what is sent for so long is left."""
LONGEST_REASON = 123
"""Bytes that the reason of a close may have: RFC 6455, 5.5."""
NORMAL, UNSUPPORTED, TOO_LARGE, FAULT, TRY_LATER = 1000, 1003, 1009, 1011, 1013
"""Codes that close a WebSocket."""

Message = dict[str, Any]
"""What is told: a JSON object; its ``event`` says what kind it is."""


class Listener(Protocol):
    """Hears one client's audio. Its methods block."""

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""

    @property
    def seconds(self) -> float:
        """How much was heard."""

    def push(self, data: bytes) -> list[Message]:
        """Hear more; what there is to tell."""

    def finish(self) -> list[Message]:
        """The stream has ended; what is left to tell."""

    def close(self) -> None:
        """Let go of the stream; closing twice is harmless."""


class Connection:
    """One client. A subclass says how it begins, and what its text messages mean.

    Args:
        websocket: of the client.
        service: what hears it.
    """

    def __init__(self, websocket: WebSocket, service: Service) -> None:
        self.websocket = websocket
        self.service = service
        self.listener: Listener | None = None
        self.heard = False
        """Whether audio has come."""

    async def greet(self, query: Mapping[str, str]) -> None:
        """The client is there; ``query`` is what its address says."""
        raise NotImplementedError

    async def told(self, message: Message) -> None:
        """The client sent a text message that is not the end."""
        raise NotImplementedError

    async def answer(self) -> None:
        """Take the connection and answer until the client ends, leaves or makes a mistake."""
        offered = self.websocket.scope.get("subprotocols", [])
        await self.websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
        if self.service.audio_streams >= self.service.config.limits.audio_streams:
            await self.fail("too_many_streams", "too many clients send audio", TRY_LATER)
            return
        self.service.audio_streams += 1
        try:
            await self._serve()
        except (WebSocketDisconnect, asyncio.TimeoutError, RuntimeError):
            pass  # the client is gone, or does not read
        finally:
            self.service.audio_streams -= 1
            self.close()

    def close(self) -> None:
        """Let go of what it held."""
        if self.listener is not None:
            self.listener.close()

    async def tell(self, *messages: Message) -> None:
        """Send messages, in order.

        Raises:
            asyncio.TimeoutError: the client does not take them.
        """
        for message in messages:
            if self.websocket.application_state is not WebSocketState.CONNECTED:
                return
            text = json.dumps(message, ensure_ascii=False)
            try:
                await asyncio.wait_for(self.websocket.send_text(text), SEND_SECONDS)
            except asyncio.TimeoutError:
                self.service.metrics.dropped_readers.labels("audio").inc()
                raise

    async def fail(self, error: str, detail: str, code: int) -> None:
        """Tell what is wrong and close."""
        with contextlib.suppress(WebSocketDisconnect, asyncio.TimeoutError, RuntimeError):
            await self.tell({"event": "error", "error": error, "detail": detail})
            reason = detail.encode()[:LONGEST_REASON].decode(errors="ignore")
            await asyncio.wait_for(self.websocket.close(code, reason), SEND_SECONDS)

    async def _serve(self) -> None:
        try:
            await self.greet(dict(self.websocket.query_params))
            await self._listen()
        except ValidationError as error:
            first = error.errors()[0]
            detail = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            await self.fail("bad_request", detail, UNSUPPORTED)
        except WakesoundError as error:
            refusal = refusal_of(error)
            await self.fail(refusal.error, refusal.detail, UNSUPPORTED)
        except Refusal as refusal:
            code = TRY_LATER if refusal.status_code == 503 else UNSUPPORTED
            await self.fail(refusal.error, refusal.detail, code)

    async def _listen(self) -> None:
        while True:
            message = await self.websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if data := message.get("bytes"):
                await self._hear(data)
            elif text := message.get("text"):
                told = _object(text)
                if told.get("event") == "end":
                    await self._end()
                    return
                await self.told(told)

    async def _hear(self, data: bytes) -> None:
        self.heard = True
        listener = self._ready()
        part = PART_BYTES - PART_BYTES % listener.frame_bytes
        for offset in range(0, len(data), part):
            run = self.service.hearing_jobs.run
            await self.tell(*await run(listener.push, data[offset : offset + part]))

    async def _end(self) -> None:
        listener = self._ready()
        seconds = listener.seconds
        await self.tell(*await self.service.hearing_jobs.run(listener.finish))
        await self.tell({"event": "end", "seconds": round(seconds, 3)})
        await self.websocket.close(NORMAL)

    def _ready(self) -> Listener:
        if self.listener is None:
            raise Refusal(422, "bad_request", "say first what to listen for")
        return self.listener


def _object(text: str) -> Message:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Refusal(422, "bad_request", "text messages are JSON objects; audio is sent binary")
    return told
