"""The options of every command that hears something: what, how, and until when."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from runtime.cli.settings import Decorated, FiniteRange

SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""What ends the listening, cleanly."""


def sources_option(flag: str = "--source") -> Callable[[Decorated], Decorated]:
    """What to hear, as the argument ``sources``; see :func:`one_standard_input`."""
    return click.option(
        flag,
        "sources",
        metavar="URI",
        multiple=True,
        default=("mic",),
        help="mic, mic:NAME, file:PATH, or - for raw 16-bit PCM; may be repeated. Default: mic.",
    )


def realtime_option(function: Decorated) -> Decorated:
    """``--realtime``, for commands that may hear files."""
    return click.option(
        "--realtime", is_flag=True, help="Play files by the clock, not at full speed."
    )(function)


def action_timeout_option(function: Decorated) -> Decorated:
    """``--action-timeout``, for commands that act on what they hear."""
    return click.option(
        "--action-timeout",
        metavar="SECONDS",
        type=FiniteRange(min=0, min_open=True),
        default=10.0,
        help="How long one action may take.",
        show_default=True,
    )(function)


def one_standard_input(sources: Sequence[str], flag: str = "--source") -> None:
    """Refuse to read standard input twice.

    Raises:
        click.UsageError: several sources are ``-``.
    """
    from runtime.assembly import named_source

    if sum(named_source(uri)[1].partition("?")[0] == "-" for uri in sources) > 1:
        raise click.UsageError(f"there is one standard input; give '{flag} -' only once")


@contextmanager
def on_signals(handler: Callable[..., Any]) -> Iterator[None]:
    """Call this on the signals of :data:`SIGNALS`, meanwhile."""
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
