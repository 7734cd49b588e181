"""``/ws``: audio in, events out, over a WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from runtime.services.http.auth import SUBPROTOCOL
from runtime.services.http.ear import Ear
from runtime.services.http.problems import Refusal, in_http_words, refusal_of
from runtime.services.http.service import Service
from runtime.services.pcm import PcmFormat
from wakeword.errors import WakesoundError

PART_BYTES = 64_000
"""Longer messages are heard in parts, so that clients take turns."""
SEND_SECONDS = 20.0
"""A client that does not take what is sent for so long is left."""
LONGEST_REASON = 123
"""Bytes that the reason of a close may have: RFC 6455, 5.5."""
NORMAL, UNSUPPORTED, TOO_LARGE, FAULT, TRY_LATER = 1000, 1003, 1009, 1011, 1013
"""Codes that close a WebSocket."""

router = APIRouter()


class Hello(BaseModel):
    """What a client declares, in the address or in its first message."""

    model_config = ConfigDict(extra="ignore")

    rate: int = Field(default=16_000)
    width: int = Field(default=2)
    channels: int = Field(default=1)
    moments: bool = Field(default=False, alias="scores")
    name: str = Field(default="", max_length=64)
    draft: str = Field(default="", max_length=64)


@router.websocket("/ws")
async def stream(websocket: WebSocket) -> None:
    """Hear a client's audio.

    Binary messages are PCM, little-endian. A text message is JSON: first it may declare the
    format, ``{"event": "end"}`` ends the stream. Answers are JSON text messages.
    """
    service: Service = websocket.app.state.service
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
    connection = _Connection(websocket, service)
    if service.audio_streams >= service.config.limits.audio_streams:
        await connection.fail("too_many_streams", "too many clients send audio", TRY_LATER)
        return
    service.audio_streams += 1
    try:
        await connection.serve()
    except (WebSocketDisconnect, asyncio.TimeoutError, RuntimeError):
        pass  # the client is gone, or does not read
    finally:
        service.audio_streams -= 1
        connection.close()


class _Connection:
    """One client."""

    def __init__(self, websocket: WebSocket, service: Service) -> None:
        self._websocket = websocket
        self._service = service
        self._ear: Ear | None = None

    def close(self) -> None:
        """Let go of what it held."""
        if self._ear is not None:
            self._ear.close()

    async def serve(self) -> None:
        """Answer until the client ends or makes a mistake, which it is told."""
        try:
            query = dict(self._websocket.query_params)
            await self._begin(query)
            await self._listen(query)
        except ValidationError as error:
            first = error.errors()[0]
            detail = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
            await self.fail("bad_request", detail, UNSUPPORTED)
        except WakesoundError as error:
            refusal = refusal_of(error)
            await self.fail(refusal.error, in_http_words(str(error)), UNSUPPORTED)
        except Refusal as refusal:
            code = TRY_LATER if refusal.status_code == 503 else UNSUPPORTED
            await self.fail(refusal.error, refusal.detail, code)

    async def fail(self, error: str, detail: str, code: int) -> None:
        """Tell what is wrong and close."""
        with contextlib.suppress(WebSocketDisconnect, asyncio.TimeoutError, RuntimeError):
            await self._tell({"event": "error", "error": error, "detail": detail})
            reason = detail.encode()[:LONGEST_REASON].decode(errors="ignore")
            await asyncio.wait_for(self._websocket.close(code, reason), SEND_SECONDS)

    async def _begin(self, declared: dict[str, Any]) -> None:
        """Set up an engine for what was declared, and say what is listened for."""
        hello = Hello.model_validate(declared)
        format = PcmFormat(hello.rate, hello.width, hello.channels)
        shown = "".join(c for c in hello.name if c.isprintable()).strip()
        source = f"ws:{shown}" if shown else "ws"
        draft = self._service.drafts.get(hello.draft) if hello.draft else None
        self._ear = await self._service.hearing_jobs.run(
            Ear, self._service, format, source, hello.moments, draft
        )
        ready = {
            "event": "ready",
            "rate": format.rate,
            "width": format.width,
            "channels": format.channels,
            "scores": hello.moments,
            "sounds": [
                {"name": name, "threshold": round(threshold, 4)}
                for name, threshold in sorted(self._ear.thresholds.items())
            ],
        }
        await self._tell(ready)

    async def _listen(self, query: dict[str, Any]) -> None:
        heard = False
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            if data := message.get("bytes"):
                heard = True
                await self._hear(data)
            elif text := message.get("text"):
                told = _object(text)
                if told.get("event") == "end":
                    await self._end()
                    return
                if heard:
                    raise Refusal(422, "bad_request", "the format can only be declared at first")
                self.close()
                await self._begin({**query, **told})

    async def _hear(self, data: bytes) -> None:
        assert self._ear is not None
        part = PART_BYTES - PART_BYTES % self._ear.frame_bytes
        for offset in range(0, len(data), part):
            run = self._service.hearing_jobs.run
            for message in await run(self._ear.push, data[offset : offset + part]):
                await self._tell(message)

    async def _end(self) -> None:
        assert self._ear is not None
        seconds = self._ear.seconds
        for message in await self._service.hearing_jobs.run(self._ear.finish):
            await self._tell(message)
        await self._tell({"event": "end", "seconds": round(seconds, 3)})
        await self._websocket.close(NORMAL)

    async def _tell(self, message: dict[str, Any]) -> None:
        if self._websocket.application_state is WebSocketState.CONNECTED:
            text = json.dumps(message, ensure_ascii=False)
            try:
                await asyncio.wait_for(self._websocket.send_text(text), SEND_SECONDS)
            except asyncio.TimeoutError:
                self._service.metrics.dropped_readers.labels("audio").inc()
                raise


def _object(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Refusal(422, "bad_request", "text messages are JSON objects; audio is sent binary")
    return told
