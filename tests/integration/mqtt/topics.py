"""Topics of the device in these tests, and what was said there."""

from __future__ import annotations

from runtime.services.mqtt.device import identifier
from tests.integration.mosquitto import Ear, Mosquitto
from tests.integration.mqtt_device import WHISTLE

BASE = "wakesound/kitchen"
CONFIG = "homeassistant/device/kitchen/config"
EVENTS = f"{BASE}/source/mic/event"
STATE = f"{BASE}/source/mic/state"
AVAILABILITY = f"{BASE}/availability"
LISTENING = f"{BASE}/listening"
THRESHOLDS = f"{BASE}/thresholds"
BELL, KEY = "door_bell", identifier(WHISTLE)


def wait_online(ear: Ear) -> None:
    """Wait until the bridge says that it is there."""
    ear.wait(AVAILABILITY, lambda said: said[-1:] == ["online"])


def kept(broker: Mosquitto, *topics: str) -> dict[str, str]:
    """What the broker keeps under these topics."""
    with broker.client() as late:
        late.hear(*topics)
        late.say("the/end", "")
        late.hear("the/end")
        return {m.topic: m.payload.decode() for m in late.messages if m.retain}
