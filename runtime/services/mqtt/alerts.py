"""Labels as a device of Home Assistant: a binary sensor for each, on while its alert lasts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runtime.services.mqtt import bridge as commands
from runtime.services.mqtt import device as discovery
from runtime.services.mqtt.bridge import GRACE_SECONDS, LATEST_ANSWER_SECONDS, POLL_SECONDS
from runtime.services.mqtt.device import Device, identifier
from runtime.services.mqtt.link import Link, Outbox, end
from runtime.sinks._broker import Broker, require
from runtime.threads import Worker
from wakeword.labels.watch import Alert

if TYPE_CHECKING:
    from aiomqtt import Message

ATTRIBUTES = ("score", "threshold", "start", "end", "source", "id", "clip")
"""What is told of the latest alert, besides on and off."""


class AlertPublisher:
    """Publishes alerts from a thread of its own; a broker that is away is waited for.

    Args:
        broker: where the alerts go.
        device: who we are there.
        labels: what is watched for.
        rng: for pauses.
        latest_answer_seconds: the longest pause before Home Assistant's birth is answered.

    Raises:
        MissingExtra: the MQTT library is not installed.
    """

    def __init__(
        self,
        broker: Broker,
        device: Device,
        labels: Sequence[str],
        rng: random.Random | None = None,
        *,
        latest_answer_seconds: float = LATEST_ANSWER_SECONDS,
    ) -> None:
        require()
        self._latest_answer = latest_answer_seconds
        self.device = device
        self._broker = broker
        self._rng = rng or random.Random()
        self._found = components(device, labels)
        self._on: dict[str, set[str]] = {label: set() for label in labels}
        self._loop = asyncio.new_event_loop()
        self._worker = Worker("wakesound-mqtt", self._work)
        self._stop = asyncio.Event()

    def start(self) -> None:
        """Connect, in the background, and describe the device."""
        self._worker.start()

    def publish(self, alert: Alert) -> None:
        """Say that an alert has begun or ended; from any thread, without waiting."""
        with contextlib.suppress(RuntimeError):  # closed meanwhile
            self._loop.call_soon_threadsafe(self._tell, alert)

    def close(self) -> None:
        """Send what waits, for a moment at most, turn everything off and say ``offline``."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._worker.ident is not None:
            self._worker.join()

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self._run())
        finally:
            self._loop.close()

    async def _run(self) -> None:
        self._outbox = Outbox()
        self._outbox.state(
            self.device.config, discovery.payload(self.device, self._found, removed={})
        )
        for label in self._on:
            self._outbox.state(self.device.alert(identifier(label)), "OFF")
        link = Link(
            self._broker,
            self.device.client,
            self.device.availability,
            self._outbox,
            [self.device.config, self.device.birth],
            self._received,
        )
        linked = asyncio.ensure_future(link.run())
        try:
            await self._stop.wait()
            for label in self._on:
                self._outbox.state(self.device.alert(identifier(label)), "OFF")
            left = GRACE_SECONDS
            while link.connected and not self._outbox.empty and left > 0:
                await asyncio.sleep(POLL_SECONDS)
                left -= POLL_SECONDS
            link.leave()
            await asyncio.wait([linked], timeout=GRACE_SECONDS)
        finally:
            await end(linked)

    def _tell(self, alert: Alert) -> None:
        key, sources = identifier(alert.sound), self._on[alert.sound]
        (sources.discard if alert.ended else sources.add)(alert.source)
        fields = alert.to_dict()
        told = {name: fields[name] for name in ATTRIBUTES}
        self._outbox.state(self.device.alert_attributes(key), json.dumps(told, ensure_ascii=False))
        self._outbox.state(self.device.alert(key), "ON" if sources else "OFF")

    async def _received(self, message: Message) -> None:
        topic, text = message.topic.value, commands.text(message.payload)
        if topic == self.device.config and message.retain:
            self._remove_others(discovery.platforms(text))
        elif topic == self.device.birth and text == "online":
            await asyncio.sleep(self._rng.uniform(0, self._latest_answer))
            self._outbox.renew()

    def _remove_others(self, before: Mapping[str, str]) -> None:
        """Take back what an earlier run described and this one does not watch for."""
        removed = {key: platform for key, platform in before.items() if key not in self._found}
        if not removed:
            return
        farewell = discovery.payload(self.device, self._found, removed)
        self._outbox.notice(self.device.config, farewell)
        for key in removed:
            label = key.removeprefix("label_")
            for topic in (self.device.alert(label), self.device.alert_attributes(label)):
                self._outbox.notice(topic, "")


def components(device: Device, labels: Sequence[str]) -> discovery.Components:
    """A binary sensor for each label."""
    found: dict[str, dict[str, Any]] = {}
    for label in labels:
        key = identifier(label)
        found[f"label_{key}"] = {
            "p": "binary_sensor",
            "name": label,
            "device_class": "sound",
            "state_topic": device.alert(key),
            "json_attributes_topic": device.alert_attributes(key),
            "qos": discovery.QOS,
            "unique_id": f"{device.client}_label_{key}",
        }
    return found
