"""Signatures, by which a receiver knows that a message is genuine and fresh.

What is posted: the event as it is, a body of one's own, or what a messenger expects.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from runtime.sinks import _filling
from wakeword.errors import ConfigError
from wakeword.events import WakeEvent

TIMESTAMP_HEADER = "X-Wakesound-Timestamp"
SIGNATURE_HEADER = "X-Wakesound-Signature"


def signed_headers(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers that go with a signed body.

    Args:
        secret: what sender and receiver know.
        body: what is sent, byte for byte.
        timestamp: when, in seconds since 1970. It is signed too, so that the receiver can
            refuse what is old.
    """
    message = b"%d." % timestamp + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return {TIMESTAMP_HEADER: str(timestamp), SIGNATURE_HEADER: f"sha256={digest}"}


def feishu_sign(secret: str, timestamp: int) -> str:
    """The signature that a Feishu robot asks for: the secret is in the key, nothing is signed."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


TEXT = "{name} was heard by {source} at {time:%H:%M:%S} (score {score:.2f})"
"""What messengers are told unless something else is said."""
JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Post:
    """A message on its way."""

    url: str
    body: bytes
    content_type: str = JSON


@dataclass(frozen=True)
class Refusal:
    """Why a messenger did not take a message, though it answered with success."""

    reason: str
    again: bool = False
    """Whether it is worth another try."""


class Message(Protocol):
    """What to post, and how to read the answer."""

    def compose(self, url: str, event: WakeEvent, now: datetime) -> Post:
        """The message for an event."""
        ...

    def refusal(self, answer: bytes) -> Refusal | None:
        """What is wrong, according to the body of an answer that claims success."""
        ...


class EventMessage:
    """The event's JSON object."""

    def compose(self, url: str, event: WakeEvent, now: datetime) -> Post:
        """All fields of the event."""
        return Post(url, _json(event.to_dict()))

    def refusal(self, answer: bytes) -> Refusal | None:
        """None; whatever it says."""
        return None


class BodyMessage(EventMessage):
    """A body of one's own.

    Args:
        body: a text, sent as such, or a structure, sent as JSON; with places to fill in.

    Raises:
        ConfigError: it cannot be filled in.
    """

    def __init__(self, body: Any) -> None:
        _filling.check(body)
        self._body = body

    def compose(self, url: str, event: WakeEvent, now: datetime) -> Post:
        """The body, filled in."""
        known = _filling.values(event, now)
        if isinstance(self._body, str):
            return Post(url, _filling.fill_text(self._body, known).encode(), PLAIN)
        return Post(url, _json(_filling.fill(self._body, known)))


class WecomMessage:
    """For a robot in a group of WeChat Work (企业微信群机器人).

    Args:
        text: what it says, with places to fill in.

    Raises:
        ConfigError: it cannot be filled in.
    """

    BUSY = (-1, 45009)
    """Error codes for a busy server and for too many messages."""

    def __init__(self, text: str = TEXT) -> None:
        _filling.check(text)
        self._text = text

    def compose(self, url: str, event: WakeEvent, now: datetime) -> Post:
        """A text message."""
        text = _filling.fill_text(self._text, _filling.values(event, now))
        return Post(url, _json({"msgtype": "text", "text": {"content": text}}))

    def refusal(self, answer: bytes) -> Refusal | None:
        """An ``errcode`` other than 0."""
        return _refusal(answer, "errcode", "errmsg", self.BUSY)


class FeishuMessage:
    """For a robot in a group of Feishu (飞书群机器人).

    Args:
        text: what it says, with places to fill in.
        secret: for robots with signature verification (签名校验); empty for others.

    Raises:
        ConfigError: it cannot be filled in.
    """

    BUSY = (9499, 11232)
    """Error codes for too many messages."""

    def __init__(self, text: str = TEXT, secret: str = "") -> None:
        _filling.check(text)
        self._text = text
        self._secret = secret

    def compose(self, url: str, event: WakeEvent, now: datetime) -> Post:
        """A text message, signed when there is a secret."""
        text = _filling.fill_text(self._text, _filling.values(event, now))
        message: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
        if self._secret:
            timestamp = int(now.timestamp())
            sign = feishu_sign(self._secret, timestamp)
            message = {"timestamp": str(timestamp), "sign": sign, **message}
        return Post(url, _json(message))

    def refusal(self, answer: bytes) -> Refusal | None:
        """A ``code`` other than 0."""
        return _refusal(answer, "code", "msg", self.BUSY)


class NtfyMessage(EventMessage):
    """For a topic of ntfy: the last part of the address is the topic.

    Args:
        text: what it says, with places to fill in.
        title: above it, likewise.
        priority: 1 (least) to 5.
        tags: words or names of emoji.

    Raises:
        ConfigError: a text cannot be filled in.
    """

    def __init__(
        self,
        text: str = TEXT,
        title: str = "{name}",
        priority: int = 3,
        tags: tuple[str, ...] = ("bell",),
    ) -> None:
        _filling.check([text, title])
        self._text = text
        self._title = title
        self._extra = {"priority": priority, "tags": list(tags)}

    def compose(self, url: str, event: WakeEvent, now: datetime) -> Post:
        """A message to the server itself, which names the topic.

        Raises:
            ConfigError: the address names no topic.
        """
        parts = urlsplit(url)
        folder, _, topic = parts.path.rstrip("/").rpartition("/")
        if not topic:
            raise ConfigError("the address of an ntfy topic looks like https://ntfy.sh/my-topic")
        known = _filling.values(event, now)
        texts = {
            "title": _filling.fill_text(self._title, known),
            "message": _filling.fill_text(self._text, known),
        }
        server = urlunsplit(parts._replace(path=f"{folder}/"))
        return Post(server, _json({"topic": topic, **texts, **self._extra}))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _refusal(answer: bytes, code: str, text: str, busy: tuple[int, ...]) -> Refusal | None:
    """Read an answer of the kind ``{code: number, text: words}``."""
    try:
        told = json.loads(answer)
        number = told[code]
    except (ValueError, TypeError, LookupError):
        return Refusal(f"the answer is not that of such a robot: {answer[:80]!r}")
    if number == 0:
        return None
    return Refusal(f"{told.get(text, '')} ({code} {number})".strip(), number in busy)
