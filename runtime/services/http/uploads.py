"""How much may be sent, how slowly, and by how many at once.

From an uploaded file to samples, within bounds and without trusting anything it says.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO

import numpy as np
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runtime.services.http.auth import refuse
from runtime.services.http.config import Limits
from runtime.services.http.problems import Refusal
from wakeword.audio.channels import MIX, Choice
from wakeword.audio.reading import RAW, AudioClip, Recording, whole_clip
from wakeword.errors import AudioDecodeError, AudioTooLong

DRAIN_SECONDS = 5.0
"""How long the rest of what is too large is taken, so that the client reads the answer."""


class RequestLimits:
    """Refuses bodies that are too large or too slow, and requests beyond a number or a sum.

    A body that says its size is refused before it is read, another one as soon as it has
    become too large. What is uploaded counts until its request is answered, so that all
    together hold no more than a sum. Streams are not counted: they have limits of their own.

    Args:
        app: what is protected.
        limits: the bounds.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits
        self._active = 0
        self._held = _Held(limits.uploads_bytes)

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
        body = _Body(receive, self._limits, self._held)
        if stated.isdecimal() and int(stated) > self._limits.upload_bytes:
            if "expect" not in headers:
                await body.drain()
            await refuse(body.too_large(), scope, receive, send)
            return
        try:
            await self._app(scope, body.receive, send)
        finally:
            body.release()


class _Held:
    """The bytes of all bodies together; used on the event loop alone.

    Args:
        most: how many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._bytes = 0

    def take(self, count: int) -> bool:
        """Whether so many more fit in; then they are held."""
        fits = self._bytes + count <= self._most
        self._bytes += count if fits else 0
        return fits

    def release(self, count: int) -> None:
        """So many are held no more."""
        self._bytes -= count


class _Body:
    """The body of one request, as it arrives."""

    def __init__(self, receive: Receive, limits: Limits, held: _Held) -> None:
        self._receive = receive
        self._limits = limits
        self._all = held
        self._taken = self._own = 0
        self._complete = False
        self._began = asyncio.get_running_loop().time()

    async def receive(self) -> Message:
        """The next message.

        Raises:
            Refusal: too much has arrived (413), or nothing for too long (408), or all bodies
                together are too much (503).
        """
        if self._complete:  # what comes now is the client's leaving, however late
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._limits.idle_seconds)
        except asyncio.TimeoutError:
            seconds = self._limits.idle_seconds
            raise Refusal(408, "too_slow", f"nothing arrived for {seconds:.0f} s") from None
        size = len(message.get("body", b""))
        self._taken += size
        self._complete = not message.get("more_body", False)
        took = asyncio.get_running_loop().time() - self._began
        patience = self._limits.idle_seconds + self._taken / self._limits.body_bytes_per_second
        if took > patience and not self._complete:
            raise Refusal(408, "too_slow", f"{self._taken} bytes in {took:.0f} s are too slow")
        if self._taken > self._limits.upload_bytes:
            await self.drain()
            raise self.too_large()
        if not self._all.take(size):
            await self.drain()
            raise Refusal(503, "busy", "too much is being uploaded; try again", retry_seconds=5)
        self._own += size
        return message

    def release(self) -> None:
        """The request is answered: nothing of it is held any more."""
        self._all.release(self._own)
        self._own = 0

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


MAX_CHANNELS = 32
BLOCK_SECONDS = 1.0


def decode(
    file: BinaryIO,
    name: str | None,
    most_seconds: float,
    most_samples: int,
    channel: Choice = MIX,
) -> AudioClip:
    """Read an uploaded recording; blocking.

    The client's name for it is used in messages only, never as a path.

    Args:
        file: what was uploaded.
        name: what the client calls it.
        most_seconds: longest recording.
        most_samples: most samples of all channels together.
        channel: which channel is meant, see :class:`wakeword.audio.reading.Recording`.

    Raises:
        AudioDecodeError: it is not audio that can be read, or has no such channel.
        Refusal: it is too long (413).
    """
    shown = shown_name(name)
    raw = Path(shown).suffix.lower() in RAW
    with tempfile.TemporaryDirectory(prefix="wakesound-upload-") as folder:
        path = Path(folder) / ("clip.raw" if raw else "clip")
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        try:
            with Recording(
                path,
                channel=channel,
                shown=shown,
                most_seconds=most_seconds,
                most_samples=most_samples,
            ) as recording:
                if recording.channels > MAX_CHANNELS:
                    raise AudioDecodeError(
                        f"{shown}: {recording.channels} channels are too many; send one or two"
                    )
                blocks = [block.samples for block in recording.blocks(BLOCK_SECONDS)]
                return whole_clip(np.concatenate(blocks), recording)
        except AudioTooLong as error:  # by its seconds, or its samples and channels
            raise too_long(error.most_seconds) from None


def shown_name(name: str | None) -> str:
    """What messages call an upload, from what the client calls it."""
    return re.sub(r"[^\w .()-]", "_", Path(name or "").name)[-60:] or "the upload"


def too_long(most_seconds: float) -> Refusal:
    """What is told of a recording that is too long."""
    return Refusal(
        413, "too_long", f"at most {most_seconds:.4g} s can be sent here; cut out what matters"
    )
