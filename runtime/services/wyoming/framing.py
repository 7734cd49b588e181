"""Reading Wyoming events from a peer that is not to be trusted.

An event is a line of JSON, then ``data_length`` bytes of JSON and ``payload_length`` bytes of
audio. Whatever else arrives is refused, and nothing is read that is longer than it may be.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from wyoming.event import Event

MAX_LINE_BYTES = 64 * 1024
"""Longest line; give it to the stream reader as its limit."""
MAX_DATA_BYTES = 256 * 1024
MAX_PAYLOAD_BYTES = 4 * 1024 * 1024
"""About two minutes of audio as Home Assistant sends it; it sends 10 ms at a time."""
BODY_SECONDS = 20.0
"""How long what follows a line may take to arrive."""


class FramingError(Exception):
    """The peer does not speak Wyoming; nothing after this can be understood."""


async def read_event(
    reader: asyncio.StreamReader, body_seconds: float = BODY_SECONDS
) -> Event | None:
    """The next event; None when the peer has ended between two events.

    Args:
        reader: of the peer.
        body_seconds: how long what follows a line may take to arrive.

    Raises:
        FramingError: what came is no event, is too long or stopped in the middle.
        OSError: the connection broke.
    """
    head = await _read_head(reader)
    if head is None:
        return None
    data_length = _length(head, "data_length", MAX_DATA_BYTES)
    payload_length = _length(head, "payload_length", MAX_PAYLOAD_BYTES)
    data = _object(head.get("data") or {}, "data")
    body = b""
    if data_length or payload_length:
        body = await _read_body(reader, data_length + payload_length, body_seconds)
    if data_length:
        data = {**data, **_object(_parsed(body[:data_length]), "data")}
    return Event(head["type"], data, body[data_length:] or None)


def encodable(text: str) -> str:
    """The text without what UTF-8 cannot say: JSON can hold half a character."""
    return text.encode(errors="replace").decode()


async def _read_head(reader: asyncio.StreamReader) -> dict[str, Any] | None:
    try:
        line = await reader.readline()
    except ValueError:
        raise FramingError("its first line is too long") from None
    if not line:
        return None
    if not line.endswith(b"\n"):
        raise FramingError("it ended in the middle of an event")
    head = _object(_parsed(line), "an event")
    if not isinstance(head.get("type"), str):
        raise FramingError("an event needs a type")
    return head


async def _read_body(reader: asyncio.StreamReader, length: int, seconds: float) -> bytes:
    """Exactly so many bytes, in time.

    A timer, not ``wait_for``, since that makes a task for each event on older Pythons.
    """
    late = FramingError(f"the rest of an event did not come within {seconds:g} seconds")
    timer = asyncio.get_running_loop().call_later(seconds, reader.set_exception, late)
    try:
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        raise FramingError("it ended in the middle of an event") from None
    finally:
        timer.cancel()


def _length(head: dict[str, Any], key: str, limit: int) -> int:
    length = head.get(key)
    if length is None:
        return 0
    if not isinstance(length, int) or isinstance(length, bool) or length < 0:
        raise FramingError(f"{key} is no length")
    if length > limit:
        raise FramingError(f"{key} is {length}, the most is {limit}")
    return length


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        raise FramingError("it is not JSON") from None


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FramingError(f"{what} must be a JSON object")
    return value
