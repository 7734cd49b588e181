"""Our device as others see it: its name, its topics, and identifiers that any system takes.

The device as Home Assistant's MQTT discovery wants it described: in one message.
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.sinks._broker import check_topic
from wakeword import __version__
from wakeword.errors import ConfigError
from wakeword.library.records import HIGHEST_THRESHOLD, LOWEST_THRESHOLD

LONGEST_ID = 64
_PLAIN = re.compile(r"[a-z0-9-]+( [a-z0-9-]+)*")
_ID = re.compile(r"[a-zA-Z0-9_-]+")


def identifier(name: str) -> str:
    """An identifier of ``[a-z0-9_-]`` for a name in any script; case does not matter.

    The same name always gets the same one, and two names get two: what cannot be written in
    these characters is told apart by a hash.
    """
    folded = name.casefold()
    if _PLAIN.fullmatch(folded):
        return folded.replace(" ", "_")
    readable = re.sub(r"[^a-z0-9]+", "_", folded).strip("_")
    digest = hashlib.sha256(folded.encode()).hexdigest()[:8]
    return f"{readable}-{digest}" if readable else digest


@dataclass(frozen=True)
class Device:
    """Our device.

    Raises:
        ConfigError: an identifier or a topic that cannot be used.
    """

    id: str
    """Names it to the broker and to Home Assistant: letters, digits, ``_`` and ``-``."""
    name: str
    """For people."""
    root: str = "wakesound"
    """All its topics begin with this and ``id``."""
    prefix: str = "homeassistant"
    """Where Home Assistant looks for devices."""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id) or len(self.id) > LONGEST_ID:
            raise ConfigError(
                f"the id {self.id!r} must be letters, digits, '_' and '-', at most {LONGEST_ID}"
            )
        for topic in (self.root, self.prefix):
            check_topic(topic)

    @property
    def base(self) -> str:
        """What all topics begin with."""
        return f"{self.root}/{self.id}"

    @property
    def client(self) -> str:
        """What the broker calls this client."""
        return f"wakesound-{self.id}"

    @property
    def config(self) -> str:
        """Where the device is described to Home Assistant."""
        return f"{self.prefix}/device/{self.id}/config"

    @property
    def birth(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.prefix}/status"

    @property
    def availability(self) -> str:
        """``online`` or ``offline``."""
        return f"{self.base}/availability"

    @property
    def listening(self) -> str:
        """``ON`` or ``OFF``."""
        return f"{self.base}/listening"

    @property
    def listening_command(self) -> str:
        """Turns the listening ``ON`` or ``OFF``."""
        return f"{self.listening}/set"

    @property
    def thresholds(self) -> str:
        """A JSON object: the threshold of each sound by its identifier."""
        return f"{self.base}/thresholds"

    def threshold_command(self, sound: str) -> str:
        """Sets the threshold of the sound with this identifier; ``+`` stands for any."""
        return f"{self.thresholds}/{sound}/set"

    def events(self, source: str) -> str:
        """Wakes of the source with this identifier; ``+`` stands for any."""
        return f"{self.base}/source/{source}/event"

    def alert(self, label: str) -> str:
        """``ON`` while there is an alert for the label with this identifier, else ``OFF``."""
        return f"{self.base}/label/{label}/state"

    def alert_attributes(self, label: str) -> str:
        """A JSON object: the latest alert for the label with this identifier."""
        return f"{self.base}/label/{label}/attributes"

    def state(self, source: str) -> str:
        """A JSON object: level and last score of the source with this identifier."""
        return f"{self.base}/source/{source}/state"


def host_name() -> str:
    """This machine's name, without its domain."""
    return socket.gethostname().partition(".")[0] or "wakesound"


QOS = 1

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
