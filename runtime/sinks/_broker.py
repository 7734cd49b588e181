"""The address of an MQTT broker.

One connection to a broker, and what goes wrong with it in plain words.
"""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urlsplit

from runtime.foreign import printable
from wakeword.errors import ConfigError, MissingExtra, SinkError

if TYPE_CHECKING:
    from types import ModuleType

    from aiomqtt import Client, MqttError, Will


PORTS = {"mqtt": 1883, "mqtts": 8883}
"""Where brokers listen, by scheme."""


@dataclass(frozen=True)
class Broker:
    """Where a broker is, and who we are to it. Printing it tells no password."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: Path | None = None
    """The certificate of who signed the broker's; None trusts whom the system trusts."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        """How to encrypt; None for a plain connection.

        Raises:
            ConfigError: the certificate in ``ca`` cannot be read.
        """
        if not self.tls:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise ConfigError(f"{self.ca} is no certificate that can be used: {error}") from None


def parse(uri: str, ca: Path | None = None) -> tuple[Broker, str]:
    """The broker that ``mqtt://USER:PASSWORD@HOST:PORT/TOPIC`` names, and the topic.

    User, password and topic are percent-decoded; all but the host may be left out.

    Args:
        uri: the address; ``mqtts://`` is encrypted.
        ca: see :class:`Broker`.

    Raises:
        ConfigError: it makes no sense; the message does not repeat it, since it may hold a
            password.
    """
    parts = _split(uri)
    tls = parts.scheme == "mqtts"
    if ca is not None and not tls:
        raise ConfigError("a certificate is for encrypted connections: begin with mqtts://")
    broker = Broker(
        host=parts.hostname or "",
        port=parts.port or PORTS[parts.scheme],
        tls=tls,
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else unquote(parts.password),
        ca=ca,
    )
    broker.tls_context()
    return broker, unquote(parts.path.removeprefix("/"))


def check_topic(topic: str) -> str:
    """The topic, if it can be published to.

    Raises:
        ConfigError: it is empty, too long, or holds a wildcard or a character that no topic may.
    """
    if not topic or len(topic.encode(errors="replace")) > 65535:
        raise ConfigError("a topic needs a name, e.g. home/whistle")
    if bad := sorted({c for c in topic if c in "+#" or not c.isprintable()}):
        raise ConfigError(f"a topic cannot hold {' '.join(map(repr, bad))}")
    if topic.startswith("$"):
        raise ConfigError("a topic cannot begin with '$', which is for the broker itself")
    return topic


def _split(uri: str) -> SplitResult:
    remedy = (
        "write mqtt://USER:PASSWORD@HOST:PORT, and % codes for special characters in the password"
    )
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError:
        raise ConfigError(f"the broker's address makes no sense; {remedy}") from None
    if parts.scheme not in PORTS:
        raise ConfigError(f"the broker's address must begin with mqtt:// or mqtts://; {remedy}")
    if not parts.hostname:
        raise ConfigError(f"the broker's address names no host; {remedy}")
    if port == 0:
        raise ConfigError("a broker has a port from 1 to 65535")
    if "?" in uri or "#" in uri:
        raise ConfigError(f"the broker's address cannot hold '?' or '#'; {remedy}")
    return parts


_SILENT = logging.Logger("mqtt", logging.CRITICAL + 1)
"""For the library: what it logs as an error comes as an exception too, and is told once."""

TIMEOUT_SECONDS = 5.0
"""How long the broker may take for any answer."""
KEEPALIVE_SECONDS = 15
"""How soon a connection is noticed to be dead when nothing is sent over it."""
BAD_LOGIN, NOT_ALLOWED = 134, 135
"""Codes with which a broker refuses a connection."""


def require() -> ModuleType:
    """The MQTT library.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import aiomqtt
    except ImportError as error:
        raise MissingExtra("MQTT", "mqtt") from error
    return aiomqtt


@asynccontextmanager
async def connected(
    broker: Broker,
    *,
    identifier: str | None = None,
    will: Will | None = None,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> AsyncIterator[Client]:
    """Connect to the broker, and leave it in order at the end.

    Args:
        broker: where.
        identifier: names this client; a second one of that name ends the first's connection.
        will: what the broker says for us when we vanish.
        timeout_seconds: how long the broker may take for any answer.

    Raises:
        SinkError: it cannot be reached, refuses us, or the connection was lost.
        MissingExtra: the MQTT library is not installed.
    """
    aiomqtt = require()
    stood = False
    try:
        async with aiomqtt.Client(
            broker.host,
            broker.port,
            username=broker.user,
            password=broker.password,
            logger=_SILENT,
            identifier=identifier,
            will=will,
            tls_context=broker.tls_context(),
            timeout=timeout_seconds,
            keepalive=KEEPALIVE_SECONDS,
        ) as client:
            stood = True
            yield client
    except aiomqtt.MqttError as error:
        lost = f"the connection to {broker} was lost"
        raise SinkError(lost if stood else explain(error, broker)) from error


def explain(error: MqttError, broker: Broker) -> str:
    """Why there is no connection and what to do, without a secret."""
    code = getattr(getattr(error, "rc", None), "value", None)
    if code in (BAD_LOGIN, NOT_ALLOWED):
        if broker.user is None:
            return f"{broker} wants a user and a password: mqtt://USER:PASSWORD@HOST"
        return f"{broker} refuses the user {broker.user!r} or the password"
    text = printable(re.sub(r"^\[(Errno|code:)[^\]]*\] *|\(_ssl\.c:\d+\)", "", str(error)))
    if "CERTIFICATE_VERIFY_FAILED" in text:
        reason = text.rpartition("failed: ")[2]
        return f"{broker} shows a certificate that is not trusted: {reason}"
    if text.startswith("[SSL"):
        return f"{broker} does not answer encrypted; mqtts:// usually is port 8883"
    if "timed out" in text:
        return f"{broker} does not answer"
    return f"{broker} cannot be reached: {text}"
