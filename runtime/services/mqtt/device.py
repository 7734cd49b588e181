"""Our device as others see it: its name, its topics, and identifiers that any system takes."""

from __future__ import annotations

import hashlib
import re
import socket
from dataclasses import dataclass

from runtime.services.mqtt.broker import check_topic
from wakeword.errors import ConfigError

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
