"""``mqtts://HOST/TOPIC``: publish each event as JSON to an MQTT broker, encrypted."""

from __future__ import annotations

from runtime.sinks.mqtt import MqttSink


def create(rest: str, timeout_seconds: float) -> MqttSink:
    """A sink that publishes to ``mqtts:`` and ``rest``."""
    return MqttSink(f"mqtts:{rest}", timeout_seconds)
