"""``wakesound export``: sounds into a file."""

from __future__ import annotations

from pathlib import Path

import click

from runtime.cli.options import Settings, examples, library_option


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

    library = settings.open_library()
    packed = export_sounds(library, names, _target(out, library.folder))
    click.echo(f"Packed {', '.join(packed)} into {out}.")


def _target(out: Path, library: Path) -> Path:
    """Where to write; links are followed.

    Raises:
        ConfigError: that place cannot be a file of one's own.
    """
    from wakeword.errors import ConfigError

    target = out.resolve()
    if target.exists() and not target.is_file():
        raise ConfigError(f"{out} is not a regular file; name one to write, e.g. sounds.zip")
    if target.is_relative_to(library.resolve()):
        raise ConfigError(f"{out} lies inside the library; choose a place outside of it")
    if not target.parent.is_dir():
        raise ConfigError(f"there is no folder {target.parent}; make it first")
    return target
