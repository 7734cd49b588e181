"""``wakesound import``: sounds out of a file."""

from __future__ import annotations

from pathlib import Path

import click

from runtime.cli.options import (
    Settings,
    encoder_option,
    examples,
    library_option,
)


@click.command(
    "import",
    epilog=examples("wakesound import sounds.zip", "wakesound import sounds.zip --replace"),
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Redo sounds of the same names.")
@library_option
@encoder_option
@click.pass_obj
def command(settings: Settings, file: Path, replace: bool) -> None:
    """Add the sounds of an exported file.

    FILE comes from 'wakesound export'. Thresholds are fitted again when it was made with another
    encoder. Nothing is written unless all of the file is whole.
    """
    from enroll import import_sounds
    from runtime.cli import screen

    library = settings.open_library()
    with screen.busy("Reading the sounds"):
        encoder, spec = settings.open_encoder(library)
        stored = import_sounds(library, file, encoder, spec, replace=replace)
    click.echo(f"Added {', '.join(sound.name for sound in stored)}.")
