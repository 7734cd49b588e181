"""``wakesound export``: sounds into a file."""

from __future__ import annotations

from pathlib import Path

import click

from runtime.cli.settings import Settings, examples, library_option


@click.command(
    "export",
    epilog=examples(
        "wakesound export --out sounds.zip", "wakesound export whistle clap --out two.zip"
    ),
)
@click.argument("names", metavar="[NAME...]", nargs=-1)
@click.option(
    "--out",
    metavar="FILE",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.",
)
@library_option
@click.pass_obj
def command(settings: Settings, names: tuple[str, ...], out: Path) -> None:
    """Pack sounds into one file.

    A zip file of the recordings and what was fitted to them: all sounds, or those named.
    'wakesound import' adds them to another library.
    """
    from enroll import export_sounds

    packed = export_sounds(settings.open_library(), names, out)
    click.echo(f"Packed {', '.join(packed)} into {out}.")
