"""``wakesound remove``: forget sounds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from runtime.cli.settings import Settings, examples, library_option

if TYPE_CHECKING:
    from wakeword.library import SoundLibrary


@click.command(
    "remove",
    epilog=examples("wakesound remove whistle", 'wakesound remove whistle "door bell" --yes'),
)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@library_option
@click.pass_obj
def command(settings: Settings, names: tuple[str, ...], yes: bool) -> None:
    """Delete sounds and their recordings.

    On a terminal it asks first. 'wakesound export' keeps a copy.
    """
    library = settings.open_library()
    for name in names:
        _check(library, name)
    listed = ", ".join(names)
    if not yes and sys.stdin.isatty() and not click.confirm(f"Delete {listed} and all takes?"):
        click.echo("Nothing was deleted.")
        return
    for name in names:
        library.remove(name)
        click.echo(f"Deleted {name}.")


def _check(library: SoundLibrary, name: str) -> None:
    """Make sure that there is such a sound before any is deleted.

    Raises:
        SoundNotFound: there is none, not even a damaged one.
    """
    from wakeword.records import slug

    if slug(name) not in library.problems():
        library.get(name)
