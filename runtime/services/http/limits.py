"""How much may be sent, how slowly, and by how many at once."""

from __future__ import annotations

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.services.http.auth import refuse
from runtime.services.http.config import Limits
from runtime.services.http.problems import Refusal

DRAIN_SECONDS = 5.0
"""How long the rest of what is too large is taken, so that the client reads the answer."""


class RequestLimits:
    """Refuses bodies that are too large or too slow, and requests beyond a number.

    A body that says its size is refused before it is read, another one as soon as it has
    become too large. Streams are not counted: they have limits of their own.

    Args:
        app: what is protected.
        limits: the bounds.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._active = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] == "/events":
            await self._app(scope, receive, send)
        elif self._active >= self._limits.requests:
            busy = Refusal(503, "busy", "too many requests at once; try again", retry_seconds=1)
            await refuse(busy, scope, receive, send)
        else:
            self._active += 1
            try:
                await self._limited(scope, receive, send)
            finally:
                self._active -= 1

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        stated = headers.get("content-length", "0")
        body = _Body(receive, self._limits)
        if stated.isdecimal() and int(stated) > self._limits.upload_bytes:
            if "expect" not in headers:
                await body.drain()
            await refuse(body.too_large(), scope, receive, send)
        else:
            await self._app(scope, body.receive, send)


class _Body:
    """The body of one request, as it arrives."""

    def __init__(self, receive: Receive, limits: Limits) -> None:
        self._receive = receive
        self._limits = limits
        self._taken = 0
        self._complete = False

    async def receive(self) -> Message:
        """The next message.

        Raises:
            Refusal: too much has arrived (413), or nothing for too long (408).
        """
        if self._complete:  # what comes now is the client's leaving, however late
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._limits.idle_seconds)
        except asyncio.TimeoutError:
            seconds = self._limits.idle_seconds
            raise Refusal(408, "too_slow", f"nothing arrived for {seconds:.0f} s") from None
        self._taken += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._taken > self._limits.upload_bytes:
            await self.drain()
            raise self.too_large()
        return message

    async def drain(self) -> None:
        """Take and forget the rest, up to as much again as is allowed."""
        deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
        rest = self._limits.upload_bytes
        while rest > 0 and not self._complete:
            left = deadline - asyncio.get_running_loop().time()
            try:
                message = await asyncio.wait_for(self._receive(), max(0.0, left))
            except asyncio.TimeoutError:
                return
            rest -= len(message.get("body", b""))
            self._complete = not message.get("more_body", False)

    def too_large(self) -> Refusal:
        """What is told."""
        mb = self._limits.upload_bytes / 1e6
        return Refusal(413, "too_large", f"at most {mb:g} MB can be sent; send a shorter recording")
