"""``wakesound config``: check or write a configuration file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runtime.cli.options import Settings, examples, library_option
from wakeword.errors import ConfigError, WakesoundError

if TYPE_CHECKING:
    from runtime.configuration import Configuration, Problem
    from runtime.hooks.hook import Hook

FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("config", epilog=examples("wakesound config init", "wakesound config check"))
def command() -> None:
    """Check or write a configuration file.

    It holds sources, the library, the engine's settings and hooks; commands that listen read it.
    """


@command.command(
    "check", epilog=examples("wakesound config check", "wakesound config check my.toml")
)
@click.argument("file", required=False, type=FILE)
@library_option
@click.pass_obj
@click.pass_context
def check(ctx: click.Context, settings: Settings, file: Path | None) -> None:
    """Show the problems of a configuration file, line by line.

    Without FILE, the file in use is checked. Hooks are set up as for listening, but not
    performed. The exit status is 2 when something must be changed.
    """
    from runtime.configuration import ConfigFileError, default_path, find

    settings.config = file or settings.config
    path = settings.config or find()
    if path is None:
        raise ConfigError(
            f"there is no configuration file at {default_path()}; "
            "'wakesound config init' writes one"
        )
    try:
        configuration = settings.configuration()
    except ConfigFileError as error:
        _tell_and_leave(ctx, error.problems)
    assert configuration is not None
    found = [*_command_problems(configuration), *_hook_problems(configuration)]
    if found := [*configuration.hazards.values(), *found]:
        _tell_and_leave(ctx, found)
    for warning in _warnings(settings, configuration):
        click.echo(f"{warning} (warning)")
    hooks = sum(table.enabled for table in configuration.table.hooks)
    click.echo(f"{path}: in order; {hooks} {'hook' if hooks == 1 else 'hooks'}.")


@command.command("init", epilog=examples("wakesound config init", "wakesound config init my.toml"))
@click.argument("file", required=False, type=FILE)
def init(file: Path | None) -> None:
    """Write a first configuration file.

    Without FILE it is written to the default place. An existing file is not changed.
    """
    from runtime.configuration import default_path, find, template

    path = file or find() or default_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as new:
            new.write(template())
    except FileExistsError:
        raise ConfigError(f"{path} already exists and was not changed") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None
    click.echo(f"Written: {path}")


def _tell_and_leave(ctx: click.Context, problems: tuple[Problem, ...] | list[Problem]) -> None:
    for problem in sorted(problems, key=lambda problem: problem.line):
        click.echo(str(problem))
    ctx.exit(2)


def _command_problems(configuration: Configuration) -> Iterator[Problem]:
    """Problems of the tables that hold options of commands."""
    from runtime.cli.configured import problems
    from runtime.configuration.schema import COMMANDS

    group = click.get_current_context().find_root().command
    assert isinstance(group, click.Group)
    for name in COMMANDS:
        if name not in configuration.table.model_fields_set:
            continue
        if name not in group.list_commands(click.get_current_context()):
            yield configuration.problem((name,), "belongs to a command that is not installed")
            continue
        found = group.get_command(click.get_current_context(), name)
        assert found is not None
        yield from problems(found, configuration)


def _hook_problems(configuration: Configuration) -> Iterator[Problem]:
    """Actions that cannot be set up; those whose secrets are not set here are skipped."""
    from runtime.sinks import open_sink

    for number, hook in _complete_hooks(configuration):
        try:
            sink = open_sink(hook.action, timeout_seconds=hook.timeout_seconds)
        except WakesoundError as error:
            yield configuration.problem(("hooks", number, "do"), f"is wrong: {error}")
            continue
        close = getattr(sink, "close", None)
        if close is not None:
            close()


def _complete_hooks(configuration: Configuration) -> Iterator[tuple[int, Hook]]:
    from runtime.hooks.hook import build

    for number, table in enumerate(configuration.table.hooks):
        try:
            if table.enabled and number not in configuration.hazards:
                yield number, build(table, os.environ)
        except ConfigError:
            continue


def _warnings(settings: Settings, configuration: Configuration) -> Iterator[Problem]:
    """What may be right elsewhere: secrets that are not set, sounds that are not enrolled."""
    from runtime.hooks.hook import variables
    from wakeword.library.records import clean_name

    library = settings.open_library()
    for number, table in enumerate(configuration.table.hooks):
        if not table.enabled:
            continue
        for name in sorted(variables(table)):
            if not os.environ.get(name):
                yield configuration.problem(
                    ("hooks", number), f"needs {name}, which is not set here"
                )
        for sound in table.sounds:
            try:
                if sound != "*":
                    library.event_name(clean_name(sound))
            except WakesoundError:
                yield configuration.problem(
                    ("hooks", number, "sounds"), f"names {sound!r}, which is not enrolled"
                )
