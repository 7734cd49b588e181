"""``mqtt://HOST/TOPIC``: publish each event as JSON to an MQTT broker."""

from __future__ import annotations

import asyncio
import json

from runtime.sinks import _broker as connection
from wakeword.events import WakeEvent

QOS = 1
"""The broker confirms each message."""


class MqttSink:
    """Publishes to a topic, on a connection of its own for each event.

    Args:
        uri: ``mqtt://USER:PASSWORD@HOST:PORT/TOPIC``; ``mqtts://`` is encrypted.
        timeout_seconds: how long all of it may take.

    Raises:
        ConfigError: the address or the topic makes no sense.
        MissingExtra: the MQTT library is not installed.
    """

    def __init__(self, uri: str, timeout_seconds: float) -> None:
        self._broker, topic = connection.parse(uri)
        self._topic = connection.check_topic(topic)
        self._timeout = timeout_seconds
        connection.require()

    def __str__(self) -> str:
        """The address without user and password."""
        return f"{self._broker}/{self._topic}"

    def __call__(self, event: WakeEvent) -> None:
        """Publish the event.

        Raises:
            TimeoutError: the broker has not confirmed it in time.
            SinkError: the broker cannot be reached or refuses us.
        """
        message = json.dumps(event.to_dict(), ensure_ascii=False)
        asyncio.run(self._publish(message))

    async def _publish(self, message: str) -> None:
        try:
            await asyncio.wait_for(self._send(message), self._timeout)
        except asyncio.TimeoutError:
            late = f"{self._broker} did not answer within {self._timeout:g} s"
            raise TimeoutError(late) from None

    async def _send(self, message: str) -> None:
        async with connection.connected(self._broker) as client:
            await client.publish(self._topic, message, QOS)


def create(rest: str, timeout_seconds: float) -> MqttSink:
    """A sink that publishes to ``mqtt:`` and ``rest``."""
    return MqttSink(f"mqtt:{rest}", timeout_seconds)
