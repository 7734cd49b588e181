"""The device as Home Assistant wants it described."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.services.mqtt import bridge as commands
from runtime.services.mqtt import device as discovery
from runtime.services.mqtt.device import Device
from tests.integration.discovery_rules import check_discovery

DEVICE = Device("kitchen", "Kitchen")


@given(
    st.lists(st.text(min_size=1, max_size=20), max_size=8, unique_by=str.casefold),
    st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=3, unique_by=str.casefold),
)
def test_any_name_makes_a_valid_description(names: list[str], sources: list[str]) -> None:
    """Whatever sounds, patterns and microphones are called, nothing of them collides."""
    plain, patterned = names[::2], names[1::4]
    sounds = {name: [name] for name in plain}
    sounds |= {name: [f"{name} x2", f"{name} x3"] for name in patterned}
    found = discovery.components(DEVICE, sounds, sources)
    check_discovery(DEVICE.config, json.loads(discovery.payload(DEVICE, found, {})))
    assert len(found) == 1 + 2 * len(plain) + 3 * len(patterned) + 3 * len(sources)


def test_patterns_are_what_is_heard() -> None:
    """A sound with patterns has an event type and a trigger for each, and one threshold."""
    found = discovery.components(DEVICE, {"bell": ["bell"], "clap": ["clap x2", "off"]}, ["mic"])
    assert found["event_mic"]["event_types"] == ["bell", "clap x2", "off"]
    triggers = {c["subtype"]: c["payload"] for k, c in found.items() if k.startswith("trigger_")}
    assert triggers == {"bell": "bell", "clap x2": "clap_x2", "off": "off"}
    assert {key for key in found if key.startswith("threshold_")} == {
        "threshold_bell",
        "threshold_clap",
    }


def test_a_removed_component_has_its_platform_alone() -> None:
    """That is how Home Assistant is told to remove it."""
    found = discovery.components(DEVICE, {"a": ["a"]}, ["mic"])
    text = discovery.payload(DEVICE, found, {"trigger_b": "device_automation"})
    assert json.loads(text)["cmps"]["trigger_b"] == {"p": "device_automation"}
    assert discovery.platforms(text) == {
        **{key: component["p"] for key, component in found.items()},
        "trigger_b": "device_automation",
    }


@pytest.mark.parametrize(
    "message", [b"", b"\xff", "{}", "[]", "3", '{"cmps": 3}', '{"cmps": {"a": 3}}', '{"cmps": []}']
)
def test_what_others_left_there_breaks_nothing(message: bytes | str) -> None:
    """A description that is none has no components."""
    assert discovery.platforms(message) == {}


@pytest.mark.parametrize(
    ("text", "value"),
    [("0.5", 0.5), ("-1", -1.0), (" 2 ", 2.0), ("2.01", None), ("nan", None), ("on", None)],
)
def test_thresholds_are_read(text: str, value: float | None) -> None:
    """A number that the library takes, or nothing."""
    assert commands.threshold(text) == value


@pytest.mark.parametrize(
    ("text", "value"), [("ON", True), ("off ", False), ("", None), ("1", None)]
)
def test_switches_are_read(text: str, value: bool | None) -> None:
    """ON and OFF, or nothing."""
    assert commands.on_or_off(text) is value


def test_no_payload_breaks_the_reading() -> None:
    """Nothing at all, and bytes that are no text."""
    assert commands.text(None) == ""
    assert commands.text(b"a\xff") == "a\ufffd"
