"""``wakesound remove``: forget sounds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from runtime.cli.options import Settings, examples, library_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wakeword.library.library import SoundLibrary


@click.command(
    "remove",
    epilog=examples(
        "wakesound remove whistle",
        'wakesound remove whistle "door bell" --yes',
        "wakesound remove glass --text",
    ),
)
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@click.option("--text", is_flag=True, help="Delete only the words that stand for them.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@library_option
@click.pass_obj
def command(settings: Settings, names: tuple[str, ...], text: bool, yes: bool) -> None:
    """Delete sounds and their recordings.

    On a terminal it asks first. 'wakesound export' keeps a copy. With --text the sounds and
    their recordings stay, and are fitted again.
    """
    library = settings.open_library()
    if text:
        _remove_texts(settings, library, names)
        return
    for name in names:
        _check(library, name)
    listed = ", ".join(names)
    if not yes and sys.stdin.isatty() and not click.confirm(f"Delete {listed} and all takes?"):
        click.echo("Nothing was deleted.")
        return
    for name in names:
        library.remove(name)
        click.echo(f"Deleted {name}.")


def _remove_texts(settings: Settings, library: SoundLibrary, names: Sequence[str]) -> None:
    from enroll.changing import remove_text

    encoder, _ = settings.open_encoder(library)
    for name in names:
        fit = remove_text(library, encoder, name)
        sound = fit.sound
        click.echo(
            f"{sound.name} has no words any more. Threshold {sound.threshold:.2f}: ", nl=False
        )
        click.echo(f"{fit.calibration}.")


def _check(library: SoundLibrary, name: str) -> None:
    """Make sure that there is such a sound before any is deleted.

    Raises:
        SoundNotFound: there is none, not even a damaged one.
    """
    from wakeword.library.records import slug

    if slug(name) not in library.problems():
        library.get(name)
