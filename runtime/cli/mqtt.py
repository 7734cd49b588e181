"""``wakesound mqtt``: a device of Home Assistant, or of anything that speaks MQTT."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runtime.cli.configured import add_hooks, config_option, engine_config
from runtime.cli.settings import (
    FiniteRange,
    Settings,
    encoder_option,
    examples,
    library_option,
    remember_options,
)

if TYPE_CHECKING:
    from runtime.services.mqtt.bridge import Bridge
    from runtime.services.mqtt.broker import Broker
    from runtime.services.mqtt.device import Device

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""What ends it, cleanly."""


@click.command(
    "mqtt",
    epilog=examples(
        "wakesound mqtt --broker mqtt://user:password@homeassistant.local",
        "wakesound mqtt --broker mqtts://host --ca ca.pem --listen mic:USB",
        "wakesound mqtt --broker mqtt://host --id kitchen --name Kitchen",
        "wakesound mqtt --broker mqtt://host --id kitchen --forget",
    ),
)
@click.option(
    "--broker",
    "uri",
    metavar="URI",
    envvar="WAKESOUND_BROKER",
    required=True,
    help="mqtt://USER:PASSWORD@HOST:PORT, or mqtts:// for an encrypted connection. "
    "WAKESOUND_BROKER in the environment says it too, and keeps the password out of the "
    "list of processes.",
)
@click.option(
    "--ca",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Certificate of who signed the broker's (default: those the system trusts).",
)
@click.option(
    "--listen",
    "sources",
    metavar="URI",
    multiple=True,
    default=("mic",),
    help="mic, mic:NAME, file:PATH, or - for raw 16-bit PCM; may be repeated. Default: mic.",
)
@click.option("--realtime", is_flag=True, help="Play files by the clock, not at full speed.")
@click.option("--id", "device_id", metavar="ID", help="Names this device (default: the host).")
@click.option("--name", metavar="NAME", help="The device's name for people.")
@click.option(
    "--topic",
    metavar="TOPIC",
    default="wakesound",
    help="All topics begin with this and the id.",
    show_default=True,
)
@click.option(
    "--discovery-prefix",
    metavar="TOPIC",
    default="homeassistant",
    help="Where Home Assistant looks for devices.",
    show_default=True,
)
@click.option(
    "--max-age",
    metavar="SECONDS",
    type=FiniteRange(min=0, min_open=True),
    default=30.0,
    help="A wake that could not be sent for this long is dropped.",
    show_default=True,
)
@click.option("--forget", is_flag=True, help="Remove the device from the broker, and end.")
@config_option
@remember_options
@library_option
@encoder_option
@click.pass_obj
@click.pass_context
def command(
    ctx: click.Context,
    settings: Settings,
    uri: str,
    ca: Path | None,
    sources: tuple[str, ...],
    realtime: bool,
    device_id: str | None,
    name: str | None,
    topic: str,
    discovery_prefix: str,
    max_age: float,
    forget: bool,
) -> None:
    """Publish wakes to an MQTT broker, as a device of Home Assistant.

    It goes on until Ctrl-C, or until the files have ended. A broker that is away is waited
    for.
    """
    from runtime.services.mqtt import connection
    from runtime.services.mqtt.device import Device, host_name, identifier

    broker = _broker(uri, ca)
    device = Device(
        device_id or identifier(host_name()),
        name or f"Wakesound {device_id or host_name()}",
        topic,
        discovery_prefix,
    )
    connection.require()
    if forget:
        _forget(broker, device)
        return
    from runtime.listener import WakeListener
    from runtime.services.mqtt.bridge import Bridge

    if sum(source.partition("?")[0] == "-" for source in sources) > 1:
        raise click.UsageError("there is one standard input; give '--listen -' only once")
    listener = WakeListener(
        settings.folder,
        sources,
        encoder=settings.encoder,
        config=engine_config(settings),
        realtime=realtime,
        history=settings.wanted_history(),
    )
    add_hooks(settings, listener)
    heard = ", ".join(sources)
    click.echo(f"Listening to {heard} for {broker}, as {device.base}. Ctrl-C ends.", err=True)
    asyncio.run(_run(Bridge(listener, broker, device, max_age_seconds=max_age)))
    if listener.errors:
        ctx.exit(2)


async def _run(bridge: Bridge) -> None:
    """Until a signal comes."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    await bridge.run(stop)


def _broker(uri: str, ca: Path | None) -> Broker:
    from runtime.services.mqtt.broker import parse

    broker, topic = parse(uri, ca)
    if topic:
        raise click.UsageError("--broker ends with host and port; --topic names a topic")
    return broker


def _forget(broker: Broker, device: Device) -> None:
    from runtime.services.mqtt.forget import forget

    if asyncio.run(forget(broker, device)):
        click.echo(f"{broker} has forgotten the device {device.id}.")
    else:
        click.echo(f"{broker} knows no device {device.id}; nothing was done.")
