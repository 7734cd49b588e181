"""``/events``: wake events as they happen, as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from starlette.types import Receive, Scope, Send

from runtime.services.http.access import TheService
from runtime.services.http.feed import FeedItem, Reader
from runtime.services.http.problems import Refusal, declared_beside
from runtime.services.http.service import Service

HEARTBEAT_SECONDS = 15.0
"""A comment is sent when there was nothing for so long, so that the connection stays."""
SEND_SECONDS = 20.0
"""A client that does not take what is sent for so long is left."""

router = APIRouter(tags=["events"])

_EXAMPLE = """id: 3fa8c1d2-17
event: wake
data: {"event": "wake", "sound": "whistle", "score": 0.93, "threshold": 0.71, ...}

"""


@router.get(
    "/events",
    summary="Live events",
    response_class=Response,
    responses={
        200: {
            "description": "Server-sent events, without an end: `wake` for each wake event, "
            "`sounds` when the sounds have changed, and with `moments=true` also `level` and "
            "`scores` of the server's own sources.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        },
        **declared_beside(429),
    },
)
async def events(
    service: TheService,
    moments: Annotated[bool, Query(description="Levels and scores too, for meters.")] = False,
    last_event_id: Annotated[
        str,
        Header(
            max_length=100,
            description="The ``id`` of the last event that was read: those since are told first. "
            "Browsers send it by themselves when they connect again.",
        ),
    ] = "",
) -> Response:
    """Wake events of the server's sources and of all clients' streams."""
    if service.feed.readers >= service.config.limits.event_streams:
        raise Refusal(429, "too_many_streams", "too many clients read events", retry_seconds=10)
    return EventStream(service, service.feed.subscribe(last_event_id, moments=moments))


class EventStream(Response):
    """A stream of events to one reader.

    Args:
        service: whose events they are.
        reader: gets them.
    """

    media_type = "text/event-stream"

    def __init__(self, service: Service, reader: Reader) -> None:
        super().__init__(
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
            media_type=self.media_type,
        )
        del self.headers["content-length"]
        self._service = service
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the client leaves, is too slow, or the server ends."""
        leaving = asyncio.ensure_future(self._wait_for_leaving(receive))
        try:
            await self._stream(send)
        finally:
            leaving.cancel()
            self._service.feed.leave(self._reader)

    async def _stream(self, send: Send) -> None:
        start = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        await send(start)
        text = ": events\n\n"
        with contextlib.suppress(EOFError):
            while True:
                if not await self._sent(send, text):
                    self._service.metrics.dropped_readers.labels("events").inc()
                    return  # the connection is cut off, as its buffers are full
                item = await self._reader.get(HEARTBEAT_SECONDS)
                text = ": still here\n\n" if item is None else _text(item)
        if self._reader.dropped:
            self._service.metrics.dropped_readers.labels("events").inc()
        with contextlib.suppress(asyncio.TimeoutError):
            end = send({"type": "http.response.body", "body": b"", "more_body": False})
            await asyncio.wait_for(end, SEND_SECONDS)

    @staticmethod
    async def _sent(send: Send, text: str) -> bool:
        body = {"type": "http.response.body", "body": text.encode(), "more_body": True}
        try:
            await asyncio.wait_for(send(body), SEND_SECONDS)
        except asyncio.TimeoutError:
            return False
        return True

    async def _wait_for_leaving(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._reader.close()


def _text(item: FeedItem) -> str:
    """An item as a server-sent event; JSON has no line breaks of its own."""
    lines = [f"id: {item.id}"] if item.id else []
    data = json.dumps(item.data, ensure_ascii=False)
    return "\n".join([*lines, f"event: {item.data['event']}", f"data: {data}", "", ""])
