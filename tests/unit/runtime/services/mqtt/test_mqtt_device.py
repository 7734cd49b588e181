"""Identifiers and topics of the device."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.services.mqtt.device import Device, host_name, identifier
from wakeword.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("whistle", "whistle"),
        ("Door bell", "door_bell"),
        ("double-knock 2", "double-knock_2"),
        ("口哨", "306fc716"),
        ("große Glocke", "grosse_glocke"),
        ("Küche", "k_che-d4b04d03"),
        ("mic:USB", "mic_usb-a1ea4b17"),
    ],
)
def test_identifiers_never_change(name: str, expected: str) -> None:
    """They are in people's automations: these stay as they are in every version."""
    assert identifier(name) == expected


@given(st.text(min_size=1, max_size=64))
def test_identifiers_can_be_used(name: str) -> None:
    """Only what discovery allows, whatever the name; case does not matter."""
    assert re.fullmatch(r"[a-z0-9_-]+", identifier(name))
    assert identifier(name.casefold()) == identifier(name)


@pytest.mark.parametrize(
    "names",
    [
        ["door bell", "door_bell", "door-bell", "door.bell", "door  bell", " door bell"],
        ["口哨", "口琴", "口 哨", "口-哨", "!", "?", "_", "a", "a!", "a_", "_a"],
    ],
)
def test_identifiers_are_unique(names: list[str]) -> None:
    """Names that look alike are told apart."""
    assert len({identifier(name) for name in names}) == len(names)


@pytest.mark.parametrize("name", ["", "a b", "a/b", "口哨", "x" * 65, "a+"])
def test_a_device_needs_a_plain_id(name: str) -> None:
    """Since it is part of topics and of Home Assistant's identifiers."""
    with pytest.raises(ConfigError, match="must be letters, digits"):
        Device(name, "Kitchen")


def test_prefixes_are_topics() -> None:
    """Without wildcards."""
    for options in ({"root": "a/+"}, {"prefix": "#"}, {"root": ""}):
        with pytest.raises(ConfigError, match="topic"):
            Device("kitchen", "Kitchen", **options)
    assert Device("kitchen", "Kitchen", root="home/ears").base == "home/ears/kitchen"


def test_this_machine_can_be_a_device() -> None:
    """Whatever it is called."""
    Device(identifier(host_name()), host_name())
