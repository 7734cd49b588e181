"""How ``wakesound listen`` tells what it hears: JSON lines for programs, a ticker for people."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Protocol

import click

if TYPE_CHECKING:
    from runtime.listener import WakeListener
    from runtime.stats import Stats
    from wakeword.events import WakeEvent

BAR_WIDTH = 10


class Report(Protocol):
    """Is told about one run of listening."""

    def begin(self, listener: WakeListener) -> None:
        """The sources are being heard."""
        ...

    def event(self, event: WakeEvent) -> None:
        """A sound was heard."""
        ...

    def end(self, stats: Stats) -> None:
        """All is over."""
        ...


class JsonLines:
    """An object a line on stdout, each written at once."""

    def begin(self, listener: WakeListener) -> None:
        """Nothing: the lines are events."""

    def event(self, event: WakeEvent) -> None:
        """A line for a wake."""
        click.echo(json.dumps(event.to_dict()))

    def end(self, stats: Stats) -> None:
        """The last line."""
        end = {
            "event": "end",
            "seconds": round(stats.seconds, 4),
            "frames_dropped": stats.frames_dropped,
        }
        click.echo(json.dumps(end))


class Ticker:
    """A line for each wake on stdout; what surrounds them goes to stderr.

    Args:
        sources: the URIs that are listened to.
        realtime: whether files are played by the clock.
    """

    def __init__(self, sources: tuple[str, ...], *, realtime: bool) -> None:
        from runtime.cli import screen

        self._out = screen.console()
        self._err = screen.console(stderr=True)
        self._sources = sources
        self._by_the_clock = realtime or any(s.partition(":")[0] == "mic" for s in sources)
        self._name_width = 0

    def begin(self, listener: WakeListener) -> None:
        """Say what is listened for."""
        names = [name for sound in listener.library.sounds() for name in sound.events]
        self._name_width = max(map(len, names), default=0)
        heard = ", ".join(self._sources)
        self._err.print(f"Listening to {heard} for {', '.join(names)}. Ctrl-C ends.", style="dim")

    def event(self, event: WakeEvent) -> None:
        """Time, sound, score against what was needed and, with several sources, where."""
        from rich.text import Text

        from runtime.cli import screen

        when = time.strftime("%H:%M:%S") if self._by_the_clock else _minutes(event.start_seconds)
        line = Text(f"{when:>9}  ", style="dim")
        line.append(event.name.ljust(self._name_width), style="bold green")
        line.append(f"  {screen.bar(event.score, BAR_WIDTH)} ", style="green")
        line.append(f"{event.score:.2f}", style="bold")
        line.append(f" (needs {event.threshold:.2f})", style="dim")
        if len(self._sources) > 1:
            line.append(f"  {event.source}", style="cyan")
        self._out.print(line, soft_wrap=True)

    def end(self, stats: Stats) -> None:
        """Say how it went."""
        wakes = "no wake" if not stats.events else f"{stats.events} wakes"
        wakes = "1 wake" if stats.events == 1 else wakes
        self._err.print(f"Heard {_minutes(stats.seconds)} of audio, {wakes}.", style="dim")
        if stats.frames_dropped:
            text = f"{stats.frames_dropped} frames were dropped: this machine is too slow for it."
            self._err.print(text, style="yellow")
        for action in stats.actions:
            unwell = action.failed + action.timed_out + action.dropped
            if unwell:
                text = f"{action.action}: {unwell} of {action.called + action.dropped} failed."
                self._err.print(text, style="yellow", soft_wrap=True)


def _minutes(seconds: float) -> str:
    """``75.3`` as ``1:15.3``."""
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{minutes:.0f}:{rest:04.1f}"
