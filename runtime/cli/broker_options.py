"""The options of commands that are a device at an MQTT broker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runtime.cli.gathered import Decorated, gathered
from runtime.secret_variables import BROKER_VARIABLE

if TYPE_CHECKING:
    from runtime.services.mqtt.broker import Broker
    from runtime.services.mqtt.device import Device


@dataclass(frozen=True)
class BrokerOptions:
    """Which broker, and what the device is called there."""

    broker_uri: str | None
    ca: Path | None
    device_id: str | None
    name: str | None
    topic: str
    discovery_prefix: str

    def broker(self) -> Broker:
        """The broker; one must be named.

        Raises:
            click.UsageError: the address names a topic.
            ConfigError: it is no address of a broker.
        """
        from runtime.services.mqtt.broker import parse

        broker, topic = parse(self.broker_uri or "", self.ca)
        if topic:
            raise click.UsageError("--broker ends with host and port; --topic names a topic")
        return broker

    def device(self, suffix: str = "") -> Device:
        """The device; without ``--id`` it is called like the host, with the suffix."""
        from runtime.services.mqtt.device import Device, host_name, identifier

        own = self.device_id or f"{identifier(host_name())}{suffix}"
        people = self.device_id or f"{host_name()}{suffix}"
        return Device(own, self.name or f"Wakesound {people}", self.topic, self.discovery_prefix)


def broker_options(what: str, called: str, *, required: bool = False) -> Callable[[Decorated], Any]:
    """The options, as the argument ``broker`` (:class:`BrokerOptions`).

    Args:
        what: the help of ``--broker``.
        called: what the device is called without ``--id``.
        required: whether there must be a broker.
    """
    return gathered(
        "broker",
        BrokerOptions,
        click.option(
            "--broker",
            "broker_uri",
            metavar="URI",
            envvar=BROKER_VARIABLE,
            required=required,
            help=what,
        ),
        click.option(
            "--ca",
            metavar="FILE",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Certificate of who signed the broker's (default: those the system trusts).",
        ),
        click.option(
            "--id", "device_id", metavar="ID", help=f"Names the device (default: {called})."
        ),
        click.option("--name", metavar="NAME", help="The device's name for people."),
        click.option(
            "--topic",
            metavar="TOPIC",
            default="wakesound",
            help="All topics begin with this and the id.",
            show_default=True,
        ),
        click.option(
            "--discovery-prefix",
            metavar="TOPIC",
            default="homeassistant",
            help="Where Home Assistant looks for devices.",
            show_default=True,
        ),
    )
