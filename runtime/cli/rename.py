"""``wakesound rename``: another name for a sound."""

from __future__ import annotations

import click

from runtime.cli.options import Settings, examples, library_option


@click.command("rename", epilog=examples('wakesound rename whistle "low whistle"'))
@click.argument("name")
@click.argument("new")
@library_option
@click.pass_obj
def command(settings: Settings, name: str, new: str) -> None:
    """Give a sound another name.

    NAME becomes NEW; takes and threshold stay. Actions set up for the old name ('--on') must
    be changed too.
    """
    sound = settings.open_library().rename(name, new)
    click.echo(f"{name} is now called {sound.name}.")
