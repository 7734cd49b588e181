"""``wakesound devices``: which microphones there are."""

from __future__ import annotations

from dataclasses import asdict

import click

from runtime.cli.options import examples, json_option, verbose_option


@click.command("devices", epilog=examples("wakesound devices", "wakesound listen --source mic:USB"))
@json_option
@verbose_option
def command(as_json: bool) -> None:
    """List the microphones.

    A part of a name that fits one of them, or its number, is enough for --source mic:NAME.
    """
    from runtime.cli import screen
    from runtime.sources._devices import list_microphones

    microphones = list_microphones()
    if as_json:
        screen.print_json([asdict(microphone) for microphone in microphones])
        return
    console = screen.console()
    if not microphones:
        console.print("There is no microphone. Connect one, then run 'wakesound devices' again.")
        console.print("In a container, pass the sound device on; 'wakesound doctor' tells more.")
        return
    table = screen.table("", "No.", "Name", "Channels", "Rate", right=("No.", "Channels", "Rate"))
    for mic in microphones:
        mark = "★" if mic.default else ""
        table.add_row(mark, str(mic.index), mic.name, str(mic.channels), f"{mic.rate} Hz")
    console.print(table)
    console.print("★ is what --source mic means; mic:NAME or mic:NUMBER chooses another.")
