"""What people see: consoles, tables, bars and progress."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console
    from rich.table import Table

PIPE_WIDTH = 120
"""Columns of what is not shown on a terminal."""


def console(*, stderr: bool = False) -> Console:
    """A console on stdout or stderr that colours nothing on its own."""
    from rich.console import Console

    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made = Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=PIPE_WIDTH)
    return made


def table(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """An empty table with these headings; those in ``right`` hold numbers."""
    from rich import box
    from rich.table import Table

    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        if column in right:
            made.add_column(column, justify="right", no_wrap=True)
        else:
            made.add_column(column, overflow="fold")
    return made


def note(text: str, *, sign: str = "!", colour: str = "yellow") -> Table:
    """A remark with a coloured sign before it; longer ones are wrapped behind the sign."""
    from rich.table import Table
    from rich.text import Text

    made = Table.grid(padding=(0, 1))
    made.add_column()
    made.add_column(overflow="fold")
    made.add_row(Text(sign, style=colour), Text(text))
    return made


def bar(part: float, width: int) -> str:
    """A bar that is filled to ``part`` (0..1) of ``width`` characters."""
    filled = round(min(1.0, max(0.0, part)) * width)
    return "█" * filled + "░" * (width - filled)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(value, indent=2))


@contextmanager
def progress(title: str, *, of: str = "items") -> Iterator[Callable[[int, int], None]]:
    """A bar on stderr, gone when done and absent where nobody watches.

    Args:
        title: what is being done.
        of: what is counted, ``"items"`` or ``"bytes"``.

    Yields:
        A function that takes ``(done, total)``.
    """
    from rich import progress as bars

    stderr = console(stderr=True)
    columns: list[bars.ProgressColumn] = [bars.TextColumn("{task.description}"), bars.BarColumn()]
    if of == "bytes":
        columns += [bars.DownloadColumn(), bars.TransferSpeedColumn(), bars.TimeRemainingColumn()]
    else:
        columns += [bars.MofNCompleteColumn(), bars.TimeRemainingColumn()]
    with bars.Progress(
        *columns, console=stderr, transient=True, disable=not stderr.is_terminal
    ) as shown:
        task = shown.add_task(title, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


@contextmanager
def busy(title: str) -> Iterator[None]:
    """Show on stderr that something takes its time, where somebody watches."""
    stderr = console(stderr=True)
    if not stderr.is_terminal:
        yield
        return
    with stderr.status(f"{title} ..."):
        yield
