"""Forgetting a device: nothing of it stays at the broker or in Home Assistant."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from runtime.services.mqtt.device import Device
from runtime.services.mqtt.link import QOS
from runtime.sinks._broker import TIMEOUT_SECONDS, Broker, connected
from wakeword.errors import SinkError

if TYPE_CHECKING:
    from aiomqtt import Message


async def forget(broker: Broker, device: Device) -> int:
    """Delete everything that the broker keeps of the device.

    Returns:
        How many messages that were.

    Raises:
        SinkError: the broker cannot be reached or refuses us, or the device is connected.
    """
    async with connected(broker) as client:
        for topic in (f"{device.base}/#", device.config):
            await client.subscribe(topic, QOS)
        # The broker hands out what it keeps before what comes in later, so this ends the list.
        end = f"{device.base}/forget/{secrets.token_hex(8)}"
        await client.publish(end, "", QOS)
        kept: dict[str, bytes] = {}
        try:
            await asyncio.wait_for(_collect(client.messages, end, kept), TIMEOUT_SECONDS)
        except asyncio.TimeoutError:
            raise SinkError(f"{broker} does not let us read {device.base}/#") from None
        if kept.get(device.availability) == b"online":
            raise SinkError(
                f"the device {device.id!r} is connected to {broker}; end 'wakesound mqtt' first"
            )
        topics = sorted(kept, key=lambda topic: topic != device.config)
        for topic in topics:
            await client.publish(topic, None, QOS, retain=True)
        return len(topics)


async def _collect(messages: AsyncIterator[Message], end: str, kept: dict[str, bytes]) -> None:
    """Gather what the broker keeps, by topic, until the message on ``end`` comes."""
    async for message in messages:
        if message.topic.value == end:
            return
        if message.retain and isinstance(message.payload, bytes):
            kept[message.topic.value] = message.payload
