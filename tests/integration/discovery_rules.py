"""What Home Assistant documents of its MQTT device discovery, as checks."""

from __future__ import annotations

import re
from typing import Any

SHARED = {"qos", "unique_id", "name", "icon", "entity_category", "value_template", "p"}
ALLOWED = {
    "event": {*SHARED, "event_types", "state_topic", "device_class"},
    "sensor": {
        *SHARED,
        "state_topic",
        "state_class",
        "unit_of_measurement",
        "suggested_display_precision",
    },
    "switch": {*SHARED, "state_topic", "command_topic", "retain", "payload_on", "payload_off"},
    "number": {*SHARED, "state_topic", "command_topic", "min", "max", "step", "mode"},
    "binary_sensor": {
        *("p", "qos", "name", "unique_id", "icon", "entity_category", "device_class"),
        *("state_topic", "value_template", "json_attributes_topic"),
    },
    "device_automation": {
        *("p", "qos", "automation_type", "type", "subtype", "topic", "payload", "value_template")
    },
}
"""Settings of each platform that we use."""
REQUIRED = {
    "binary_sensor": {"state_topic", "unique_id"},
    "event": {"event_types", "state_topic", "unique_id"},
    "sensor": {"state_topic", "unique_id"},
    "switch": {"command_topic", "unique_id"},
    "number": {"command_topic", "unique_id"},
    "device_automation": {"automation_type", "type", "subtype", "topic"},
}
CATEGORIES = {
    "binary_sensor": {"diagnostic"},
    "event": {"diagnostic"},
    "sensor": {"diagnostic"},
    "switch": {"config", "diagnostic"},
    "number": {"config", "diagnostic"},
}
"""Entity categories that make sense; a sensor that has ``config`` is refused."""
TOPIC = re.compile(r"^[^/]+/device/[a-zA-Z0-9_-]+/config$")
STRINGS = {"name", "icon", "unique_id", "type", "subtype", "payload", "value_template"}


def check_discovery(topic: str, message: dict[str, Any]) -> None:
    """Assert that Home Assistant takes the whole message.

    Args:
        topic: where it was published.
        message: what, read as JSON.
    """
    assert TOPIC.match(topic)
    assert message.keys() <= {"dev", "o", "cmps", "availability_topic", "qos", "encoding"}
    device, origin = message["dev"], message["o"]
    assert device["ids"]
    assert all(isinstance(identifier, str) for identifier in device["ids"])
    assert device.keys() <= {"ids", "cns", "name", "mf", "mdl", "sw", "hw", "sn", "sa", "cu"}
    assert isinstance(origin["name"], str)
    assert origin.keys() <= {"name", "sw", "url"}
    _check_topic(message["availability_topic"])
    assert message["cmps"]
    for key, component in message["cmps"].items():
        assert re.fullmatch(r"[a-zA-Z0-9_-]+", key)
        if component.keys() != {"p"}:  # which removes it
            _check_component(component)
    unique = [c["unique_id"] for c in message["cmps"].values() if "unique_id" in c]
    assert len(unique) == len(set(unique))


def _check_component(component: dict[str, Any]) -> None:
    platform = component["p"]
    assert REQUIRED[platform] <= component.keys() <= ALLOWED[platform]
    assert component.get("qos", 0) in (0, 1, 2)
    for key, value in component.items():
        if key.endswith("topic"):
            _check_topic(value, wildcard=platform == "device_automation")
        if key in STRINGS:
            assert isinstance(value, str)
            assert value
    if "entity_category" in component:
        assert component["entity_category"] in CATEGORIES[platform]
    if platform == "event":
        assert all(isinstance(kind, str) and kind for kind in component["event_types"])
        assert len(component["event_types"]) == len(set(component["event_types"]))
    if platform == "number":
        assert component["min"] < component["max"]
        assert component["step"] >= 0.001
        assert component["mode"] in {"auto", "box", "slider"}
    if platform == "device_automation":
        assert component["automation_type"] == "trigger"
    if platform == "sensor":
        assert component.get("state_class") in {None, "measurement", "total", "total_increasing"}


def _check_topic(topic: str, *, wildcard: bool = False) -> None:
    assert topic
    assert "#" not in topic
    assert wildcard or "+" not in topic
    assert not topic.startswith(("$", "/"))
