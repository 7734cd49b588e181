"""``wakesound history``: what fired and what nearly did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runtime.cli.options import (
    Settings,
    examples,
    history_option,
    json_option,
    library_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.history.store import History, HistoryEntry

SHORT = 8
"""Digits of an identifier that are shown."""


@click.command(
    "history",
    epilog=examples(
        "wakesound history",
        "wakesound history --near --sound whistle",
        "wakesound history --export 8bf94d92 heard.flac",
    ),
)
@click.option("--sound", metavar="NAME", help="Only of this sound or pattern.")
@click.option("--near", is_flag=True, help="Only near misses.")
@click.option(
    "--limit",
    metavar="N",
    type=click.IntRange(min=1),
    default=20,
    help="How many of the latest events to show.",
    show_default=True,
)
@click.option("--play", metavar="ID", help="Play the audio of an event.")
@click.option(
    "--export",
    metavar="ID FILE",
    nargs=2,
    type=(str, click.Path(dir_okay=False, path_type=Path)),
    help="Write the audio of an event to a FLAC file.",
)
@click.option("--clear", is_flag=True, help="Forget everything.")
@json_option
@history_option
@library_option
@click.pass_obj
def command(
    settings: Settings,
    sound: str | None,
    near: bool,
    limit: int,
    play: str | None,
    export: tuple[str, Path] | None,
    clear: bool,
    as_json: bool,
) -> None:
    """Show what woke and what nearly did, and why.

    'wakesound listen' remembers it; audio only with its --keep-audio.
    """
    from runtime.cli import screen

    history = settings.open_history()
    if clear:
        click.echo(f"Forgot {history.clear()} events.")
    elif play:
        from runtime.sources._devices import play_flac

        play_flac(_audio(history, play))
    elif export:
        from wakeword.library.storage import write_bytes

        write_bytes(export[1], _audio(history, export[0]))
        click.echo(f"Wrote {export[1]}.")
    else:
        entries = history.entries(sound, near=True if near else None)[:limit]
        if as_json:
            screen.print_json([summary(entry) for entry in entries])
        else:
            _show(history, entries)


def summary(entry: HistoryEntry) -> dict[str, Any]:
    """An event as a JSON object, without its embeddings."""
    return entry.model_dump(mode="json", exclude={"schema_version", "vectors", "dim"})


def _audio(history: History, id: str) -> bytes:
    """The audio of an event, a FLAC file.

    Raises:
        HistoryError: there is no such event, or its audio was not kept.
    """
    from wakeword.errors import HistoryError

    entry = history.get(id)
    clip = history.clip(entry)
    if clip is None:
        raise HistoryError(
            f"the audio of {entry.id[:SHORT]} was not kept; 'wakesound listen --keep-audio' "
            "keeps it from now on, but no speech"
        )
    return clip


def _show(history: History, entries: Sequence[HistoryEntry]) -> None:
    from rich.text import Text

    from runtime.cli import screen

    console = screen.console()
    if not entries:
        console.print(f"Nothing is remembered in {history.folder}.", soft_wrap=True)
        return
    numbers = ("Score", "Needed")
    table = screen.table("When", "ID", "Sound", *numbers, "Why", "Source", "Audio", right=numbers)
    for entry in entries:
        wake = entry.kind == "wake"
        table.add_row(
            f"{entry.time.astimezone():%d %b %H:%M:%S}",
            entry.id[:SHORT],
            Text(entry.name, style="bold green" if wake else "yellow"),
            f"{entry.score:.2f}",
            f"{entry.threshold:.2f}",
            entry.why if wake else f"near: {entry.why}",
            entry.source,
            "yes" if entry.clip else "",
        )
    console.print(table)
    wakes = [entry.id[:SHORT] for entry in entries if entry.kind == "wake"]
    if wakes:
        said = f"Not right? wakesound feedback {wakes[0]} --false"
        console.print(Text(said, style="dim"), soft_wrap=True)
