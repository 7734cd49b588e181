"""The commands by name, each imported only when it is called."""

from __future__ import annotations

import difflib
import importlib
from importlib.metadata import EntryPoint, entry_points

import click

SECTIONS = {
    "Sounds": {
        "enroll": "Teach a sound, from recordings or the microphone.",
        "sounds": "List the enrolled sounds.",
        "pattern": "Wake on a number of beats in a row, or on a rhythm.",
        "calibrate": "Fit the sounds to your room, or to another false-alarm budget.",
        "remove": "Delete sounds and their recordings.",
        "rename": "Give a sound another name.",
        "export": "Pack sounds into one file.",
        "import": "Add the sounds of an exported file.",
        "reindex": "Compute all embeddings again, or switch to another encoder.",
    },
    "Listening": {
        "listen": "Wake on the sounds in a microphone, file or stream.",
        "wyoming": "Serve the sounds as wake words to Home Assistant and satellites.",
        "mqtt": "Publish wakes to an MQTT broker, as a device of Home Assistant.",
        "serve": "Serve a web page and the HTTP API: sounds, enrollment, labels, live events.",
        "history": "Show what woke and what nearly did, and why.",
        "feedback": "Correct false wakes and report missed sounds.",
    },
    "Words": {
        "classify": "Find which labels describe a recording best.",
        "monitor": "Watch a microphone, file or stream for labels and raise alerts.",
        "batch": "Classify all recordings in a folder by labels.",
        "labels": "Check labels, and measure how well they are recognised.",
    },
    "Set-up": {
        "config": "Check or write a configuration file.",
        "devices": "List the microphones.",
        "doctor": "Find out what is wrong with this set-up.",
        "models": "List and download encoder weights.",
        "bench": "Measure how well wake sounds are heard.",
        "completion": "Print the script that lets a shell complete commands and options.",
    },
}
"""What ``wakesound --help`` shows: sections, commands and their one-line help."""

ENTRY_POINTS = "wakesound.commands"
"""The group in which any installed package may add commands of its own."""

_BUILT_IN = {name: text for rows in SECTIONS.values() for name, text in rows.items()}
_FROM_ENTRY_POINT = {"bench"}


def module_name(command: str) -> str:
    """Where a built-in command lives; its module has it as ``command``."""
    return f"runtime.cli.{command}_" if command == "import" else f"runtime.cli.{command}"


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Built-in commands in the order of the help, then those of other packages."""
        added = _added()
        own = [name for name in _BUILT_IN if name not in _FROM_ENTRY_POINT or name in added]
        return own + sorted(added.keys() - _BUILT_IN.keys())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command.

        Raises:
            click.ClickException: it belongs to a package that cannot be imported.
        """
        if cmd_name in _BUILT_IN and cmd_name not in _FROM_ENTRY_POINT:
            command = importlib.import_module(module_name(cmd_name)).command
            return command if isinstance(command, click.Command) else None
        point = _added().get(cmd_name)
        return _load(point) if point else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        name = args[0]
        known = self.list_commands(ctx)
        if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f", did you mean '{close[0]}'?" if close else ""
            raise click.UsageError(f"there is no command {name!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections without importing a command."""
        listed = self.list_commands(ctx)
        others = {n: _origin(p) for n, p in _added().items() if n not in _BUILT_IN}
        for title, rows in {**SECTIONS, "More": dict(sorted(others.items()))}.items():
            shown = [(name, text) for name, text in rows.items() if name in listed]
            if shown:
                with formatter.section(title):
                    width = max(map(len, listed))
                    formatter.write_dl([(name.ljust(width), text) for name, text in shown])


def _added() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=ENTRY_POINTS)}


def _origin(point: EntryPoint) -> str:
    return f"From the package {point.dist.name}." if point.dist else f"From {point.module}."


def _load(point: EntryPoint) -> click.Command:
    """Import the command of another package; whatever goes wrong there is told in a line."""
    try:
        command = point.load()
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        message = f"the command {point.name!r} ({point.value}) cannot be loaded: {reason}"
        raise click.ClickException(message) from error
    if not isinstance(command, click.Command):
        raise click.ClickException(f"{point.value} is not a click command")
    return command
