"""``/ws``: audio in, events out, over a WebSocket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.websockets import WebSocket

from runtime.foreign import printable
from runtime.services.http.connection import Connection, Message
from runtime.services.http.ears import SoundListener
from runtime.services.http.problems import Refusal
from runtime.services.pcm import PcmFormat

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
    await _WakeConnection(websocket, websocket.app.state.service).answer()


class _WakeConnection(Connection):
    """A client that wants to know of enrolled sounds."""

    async def greet(self, query: Mapping[str, str]) -> None:
        """Listen at once: all that is declared has a default."""
        self._query = dict(query)
        await self._begin(self._query)

    async def told(self, message: Message) -> None:
        """The format, if nothing was heard yet."""
        if self.heard:
            raise Refusal(422, "bad_request", "the format can only be declared at first")
        self.close()
        await self._begin({**self._query, **message})

    async def _begin(self, declared: Mapping[str, Any]) -> None:
        """Set up an engine for what was declared, and say what is listened for."""
        hello = Hello.model_validate(declared)
        format = PcmFormat(hello.rate, hello.width, hello.channels)
        shown = printable(hello.name)
        source = f"ws:{shown}" if shown else "ws"
        draft = self.service.drafts.get(hello.draft) if hello.draft else None
        ear = await self.service.hearing_jobs.run(
            SoundListener, self.service, format, source, hello.moments, draft
        )
        self.listener = ear
        await self.tell(
            {
                "event": "ready",
                "rate": format.rate,
                "width": format.width,
                "channels": format.channels,
                "scores": hello.moments,
                "sounds": [
                    {"name": name, "threshold": round(threshold, 4)}
                    for name, threshold in sorted(ear.thresholds.items())
                ],
            }
        )
