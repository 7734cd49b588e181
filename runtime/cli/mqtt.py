"""``wakesound mqtt``: a device of Home Assistant, or of anything that speaks MQTT."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from runtime.cli.configured import add_hooks, config_option, engine_config
from runtime.cli.label_options import BrokerOptions, broker_options
from runtime.cli.options import (
    SIGNALS,
    FiniteRange,
    Settings,
    encoder_option,
    examples,
    library_option,
    one_standard_input,
    realtime_option,
    remember_options,
    sources_option,
)

if TYPE_CHECKING:
    from runtime.services.mqtt.bridge import Bridge
    from runtime.services.mqtt.device import Device
    from runtime.sinks._broker import Broker


@click.command(
    "mqtt",
    epilog=examples(
        "wakesound mqtt --broker mqtt://user:password@homeassistant.local",
        "wakesound mqtt --broker mqtts://host --ca ca.pem --source mic:USB",
        "wakesound mqtt --broker mqtt://host --id kitchen --name Kitchen",
        "wakesound mqtt --broker mqtt://host --id kitchen --forget",
    ),
)
@broker_options(
    "mqtt://USER:PASSWORD@HOST:PORT, or mqtts:// for an encrypted connection. WAKESOUND_BROKER "
    "in the environment may name it instead, which keeps the password out of the process list.",
    "the host",
    required=True,
)
@sources_option("--listen")
@realtime_option
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
    broker: BrokerOptions,
    sources: tuple[str, ...],
    realtime: bool,
    max_age: float,
    forget: bool,
) -> None:
    """Publish wakes to an MQTT broker, as a device of Home Assistant.

    It goes on until Ctrl-C, or until the files have ended. A broker that is away is waited
    for.
    """
    from runtime.sinks import _broker as connection

    address, device = broker.broker(), broker.device()
    connection.require()
    if forget:
        _forget(address, device)
        return
    from runtime.listening.listener import WakeListener
    from runtime.services.mqtt.bridge import Bridge

    one_standard_input(sources, "--source")
    listener = WakeListener(
        settings.folder,
        sources,
        encoder=settings.encoder,
        config=engine_config(settings),
        realtime=realtime,
        history=settings.wanted_history(),
        drift=not settings.no_drift,
    )
    add_hooks(settings, listener)
    heard = ", ".join(sources)
    click.echo(f"Listening to {heard} for {address}, as {device.base}. Ctrl-C ends.", err=True)
    asyncio.run(_run(Bridge(listener, address, device, max_age_seconds=max_age)))
    if listener.errors:
        ctx.exit(2)


async def _run(bridge: Bridge) -> None:
    """Until a signal comes."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in SIGNALS:
        loop.add_signal_handler(number, stop.set)
    await bridge.run(stop)


def _forget(broker: Broker, device: Device) -> None:
    from runtime.services.mqtt.forget import forget

    if asyncio.run(forget(broker, device)):
        click.echo(f"{broker} has forgotten the device {device.id}.")
    else:
        click.echo(f"{broker} knows no device {device.id}; nothing was done.")
