"""``wakesound wyoming``: the sounds as wake words, for Home Assistant and satellites."""

from __future__ import annotations

import asyncio

import click

from runtime.cli.configured import config_option, engine_config
from runtime.cli.options import (
    Settings,
    device_option,
    encoder_option,
    examples,
    library_option,
    remember_options,
    threshold_offset_option,
)
from wakeword.errors import MissingExtra

DEFAULT_URI = "tcp://127.0.0.1:10400"


@click.command(
    "wyoming",
    epilog=examples(
        "wakesound wyoming",
        "wakesound wyoming --uri tcp://0.0.0.0:10400 --zeroconf",
        "wakesound wyoming --uri unix:///run/wakesound.sock",
    ),
)
@click.option(
    "--uri",
    metavar="URI",
    default=DEFAULT_URI,
    help="tcp://HOST:PORT, unix:///PATH or stdio://.",
    show_default=True,
)
@click.option("--zeroconf", is_flag=True, help="Announce it, so that Home Assistant finds it.")
@threshold_offset_option
@device_option
@config_option
@remember_options
@library_option
@encoder_option
@click.pass_obj
def command(
    settings: Settings, uri: str, zeroconf: bool, threshold_offset: float, device: str
) -> None:
    """Serve the sounds as wake words to Home Assistant and satellites.

    Ends with Ctrl-C. The protocol knows no password: offer it to a network that you trust.
    """
    try:
        from runtime.services.wyoming.announce import Address
        from runtime.services.wyoming.server import Server, serve
        from runtime.services.wyoming.sounds import Sounds
    except ModuleNotFoundError as error:
        if error.name != "wyoming":
            raise
        raise MissingExtra("the Wyoming service", "wyoming") from None
    from runtime.listening.drift import Drift
    from wakeword.library.library import SoundLibrary

    config = engine_config(settings, threshold_offset=threshold_offset)
    library = SoundLibrary(settings.folder, config.segmenter)
    drift = None if settings.no_drift else Drift(library)
    sounds = Sounds(library, settings.encoder, device, drift)

    def started(address: Address) -> None:
        names = ", ".join(sounds.catalogue.names)
        says = f"with {names}" if names else f"without sounds: {sounds.catalogue.hint}"
        # On stdio:// the standard output belongs to the protocol.
        click.echo(f"Serving {address} {says}. Ctrl-C ends.", err=address.kind == "stdio")

    server = Server(sounds, config, history=settings.wanted_history())
    asyncio.run(serve(server, Address.parse(uri), zeroconf=zeroconf, started=started))
