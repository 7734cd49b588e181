"""The device as Home Assistant's MQTT discovery wants it described: in one message."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from runtime.services.mqtt.device import Device, identifier
from wakeword import __version__

QOS = 1
LOWEST_THRESHOLD, HIGHEST_THRESHOLD = -1.0, 2.0
"""What the library takes; no score reaches the upper one."""

Components = dict[str, dict[str, Any]]
"""Settings by the identifier of the component; ``p`` is its platform."""


def components(
    device: Device, sounds: Mapping[str, Sequence[str]], sources: Sequence[str]
) -> Components:
    """Everything that the device consists of.

    Args:
        device: whose.
        sounds: the sounds that it knows, by name, and the names of the events each makes.
        sources: names of what it hears.
    """
    found: Components = {"listening": _switch(device)}
    events = [event for made in sounds.values() for event in made]
    for source in sources:
        key = identifier(source)
        where = f" ({source})" if len(sources) > 1 else ""
        found[f"event_{key}"] = {
            "p": "event",
            "name": f"Sound{where}",
            "icon": "mdi:waveform",
            "event_types": events,
            "state_topic": device.events(key),
        }
        found[f"score_{key}"] = {
            **_measurement(device, key, "score"),
            "name": f"Last score{where}",
            "suggested_display_precision": 2,
        }
        found[f"level_{key}"] = {
            **_measurement(device, key, "level"),
            "name": f"Level{where}",
            "unit_of_measurement": "dBFS",
            "suggested_display_precision": 0,
        }
    for event in events:
        key = identifier(event)
        found[f"trigger_{key}"] = _trigger(device, event, key)
    for sound in sounds:
        key = identifier(sound)
        found[f"threshold_{key}"] = _number(device, sound, key)
    for key, component in found.items():
        component["qos"] = QOS
        if component["p"] != "device_automation":
            component["unique_id"] = f"{device.client}_{key}"
    return found


def payload(device: Device, found: Components, removed: Mapping[str, str]) -> str:
    """The message on the topic ``device.config``.

    Args:
        device: whose.
        found: see :func:`components`.
        removed: platforms of components that are no more, by identifier; a message without
            them has to follow.
    """
    return json.dumps(
        {
            "dev": {
                "ids": [device.client],
                "name": device.name,
                "mf": "Wakesound",
                "mdl": "Wake sound listener",
                "sw": __version__,
            },
            "o": {"name": "Wakesound", "sw": __version__},
            "availability_topic": device.availability,
            "cmps": {**found, **{key: {"p": platform} for key, platform in removed.items()}},
        },
        ensure_ascii=False,
    )


def platforms(message: bytes | str) -> dict[str, str]:
    """The components in an earlier message: platform by identifier; none if it is not ours."""
    try:
        found = json.loads(message)["cmps"]
        return {str(key): str(component["p"]) for key, component in found.items()}
    except (ValueError, LookupError, TypeError, AttributeError):
        return {}


def sources(found: Collection[str]) -> list[str]:
    """The sources that these components are for, by identifier."""
    return [key.removeprefix("level_") for key in found if key.startswith("level_")]


def _switch(device: Device) -> dict[str, Any]:
    return {
        "p": "switch",
        "name": "Listening",
        "icon": "mdi:ear-hearing",
        "state_topic": device.listening,
        "command_topic": device.listening_command,
        "retain": True,
    }


def _measurement(device: Device, source: str, what: str) -> dict[str, Any]:
    return {
        "p": "sensor",
        "entity_category": "diagnostic",
        "state_class": "measurement",
        "state_topic": device.state(source),
        "value_template": f"{{{{ value_json.{what} }}}}",
    }


def _trigger(device: Device, event: str, key: str) -> dict[str, Any]:
    return {
        "p": "device_automation",
        "automation_type": "trigger",
        "type": "heard",
        "subtype": event,
        "topic": device.events("+"),
        "value_template": "{{ value_json.type_id }}",
        "payload": key,
    }


def _number(device: Device, sound: str, key: str) -> dict[str, Any]:
    return {
        "p": "number",
        "name": f"Threshold of {sound}",
        "icon": "mdi:tune-vertical",
        "entity_category": "config",
        "mode": "box",
        "min": LOWEST_THRESHOLD,
        "max": HIGHEST_THRESHOLD,
        "step": 0.01,
        "state_topic": device.thresholds,
        "value_template": f"{{{{ value_json.get('{key}') }}}}",
        "command_topic": device.threshold_command(key),
    }
