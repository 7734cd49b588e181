"""One connection to a broker, and what goes wrong with it in plain words."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from runtime.services.mqtt.broker import Broker
from wakeword.errors import MissingExtra, SinkError

if TYPE_CHECKING:
    from types import ModuleType

    from aiomqtt import Client, MqttError, Will

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
    text = re.sub(r"^\[(Errno|code:)[^\]]*\] *|\(_ssl\.c:\d+\)", "", str(error)).strip()
    if "CERTIFICATE_VERIFY_FAILED" in text:
        reason = text.rpartition("failed: ")[2]
        return f"{broker} shows a certificate that is not trusted: {reason}"
    if text.startswith("[SSL"):
        return f"{broker} does not answer encrypted; mqtts:// usually is port 8883"
    if "timed out" in text:
        return f"{broker} does not answer"
    return f"{broker} cannot be reached: {text}"
