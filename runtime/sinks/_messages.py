"""Messages of webhooks: the event itself, the user's own body, or the form of a messenger.

Headers are checked here, and messages are signed, so that a receiver knows that one is genuine
and recent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from runtime.foreign import printable
from runtime.sinks import _filling
from wakeword.errors import ConfigError
from wakeword.events import WakeEvent

TIMESTAMP_HEADER = "X-Wakesound-Timestamp"
SIGNATURE_HEADER = "X-Wakesound-Signature"


def signed_headers(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The headers that go with a signed body.

    Args:
        secret: shared by sender and receiver.
        body: the bytes that are sent.
        timestamp: seconds since 1970. It is signed too, so that the receiver can refuse old
            messages.
    """
    message = b"%d." % timestamp + body
    digest = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    return {TIMESTAMP_HEADER: str(timestamp), SIGNATURE_HEADER: f"sha256={digest}"}


def feishu_sign(secret: str, timestamp: int) -> str:
    """The signature that a Feishu robot asks for: the secret is in the key, nothing is signed."""
    key = f"{timestamp}\n{secret}".encode()
    return base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()


RESERVED_HEADERS = frozenset({"content-length", "transfer-encoding"})
"""Headers that frame a message: only the HTTP client may set them."""
LONGEST_HEADER = 8_000
"""Characters of a header's value."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")


def check_headers(headers: Mapping[str, str]) -> None:
    """Make sure that headers can be sent. Values are not quoted, as they may be secrets.

    Raises:
        ConfigError: a name is invalid or reserved, or a value holds a line break, another
            character that is not printable, or a blank at an end.
    """
    for name, value in headers.items():
        if not _TOKEN.fullmatch(name):
            shown = printable(name, 50)
            raise ConfigError(f"cannot have the header {shown!r}: the name is invalid")
        if name.lower() in RESERVED_HEADERS:
            raise ConfigError(f"cannot have the header {name}: it is set for each message")
        if len(value) > LONGEST_HEADER:
            raise ConfigError(
                f"cannot have the header {name}: its value has more than {LONGEST_HEADER:,} "
                "characters"
            )
        if value != value.strip() or not all(c == "\t" or c.isprintable() for c in value):
            raise ConfigError(
                f"cannot have the header {name}: its value begins or ends with a blank, or "
                "holds a line break or another such character"
            )


TEXT = "{name} was heard by {source} at {time:%H:%M:%S} (score {score:.2f})"
"""The text for messengers, unless the user writes another."""
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
    """Why a messenger refused a message although its HTTP status was a success."""

    reason: str
    again: bool = False
    """Whether another attempt may succeed."""


class Message(Protocol):
    """Composes a message and reads the answer to it."""

    def compose(self, url: str, event: WakeEvent, now: datetime) -> Post:
        """The message for an event."""
        ...

    def refusal(self, answer: bytes) -> Refusal | None:
        """The refusal in the body of an answer with a status of success; None if accepted."""
        ...


class EventMessage:
    """The event as a JSON object."""

    def compose(self, url: str, event: WakeEvent, now: datetime) -> Post:
        """All fields of the event."""
        return Post(url, _json(event.to_dict()))

    def refusal(self, answer: bytes) -> Refusal | None:
        """None: any body is accepted."""
        return None


class BodyMessage(EventMessage):
    """The user's own body.

    Args:
        body: a text, sent as such, or a structure, sent as JSON; with placeholders.

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
        text: the message, with placeholders.

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
        text: the message, with placeholders.
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
        text: the message, with placeholders.
        title: the title, with placeholders.
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
        return Refusal(f"the answer is not that of such a robot: {printable(answer, 80)!r}")
    if number == 0:
        return None
    return Refusal(printable(f"{told.get(text, '')} ({code} {number})"), number in busy)
