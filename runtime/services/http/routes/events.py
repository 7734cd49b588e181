"""``/events``: wake events as they happen, as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import AppStatus
from starlette.types import Message, Receive, Scope, Send

from runtime.services.http.access import TheService
from runtime.services.http.feed import FeedItem, Reader
from runtime.services.http.problems import Refusal, declared_beside
from runtime.services.http.service import Service

HEARTBEAT_SECONDS = 15.0
"""Seconds without an event after which a comment keeps the connection alive."""
SEND_SECONDS = 20.0
"""A client that accepts nothing for this long is disconnected."""

# The feed ends its readers when the server does; the library's own way looks at signal handlers.
AppStatus.disable_automatic_graceful_drain()  # type: ignore[no-untyped-call]

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


class EventStream(EventSourceResponse):
    """A stream of events to one reader, which ends when the client leaves or is too slow.

    Args:
        service: publishes the events.
        reader: gets them.
    """

    def __init__(self, service: Service, reader: Reader) -> None:
        super().__init__(_told(reader), sep="\n", ping=0)  # the reader knows when it is idle
        self._service = service
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the client leaves, is too slow, or the server ends."""

        async def send_soon(message: Message) -> None:
            await asyncio.wait_for(send(message), SEND_SECONDS)

        late = False
        try:
            await super().__call__(scope, receive, send_soon)
        except asyncio.TimeoutError:  # the connection is cut off, as its buffers are full
            late = True
        finally:
            if late or self._reader.dropped:
                self._service.metrics.dropped_readers.labels("events").inc()
            self._service.feed.leave(self._reader)


async def _told(reader: Reader) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(comment="events", sep="\n")
    with contextlib.suppress(EOFError):
        while True:
            item = await reader.get(HEARTBEAT_SECONDS)
            if item is None:
                yield ServerSentEvent(comment="still here", sep="\n")
            else:
                yield _sent(item)


def _sent(item: FeedItem) -> ServerSentEvent:
    data = json.dumps(item.data, ensure_ascii=False)
    return ServerSentEvent(data, event=item.data["event"], id=item.id or None, sep="\n")
