"""The level meter that is shown while takes are recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from runtime.cli import screen

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console

    from enroll import Reading

LOWEST_DB = -72.0
"""Level at the left end of the meter, dBFS; the right end is 0."""
HOT_DB = -6.0
"""From here on the meter is yellow."""
WIDTH = 30


class Meter:
    """A line at the bottom of the terminal; nothing where there is none.

    Args:
        console: the terminal.
    """

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._shown = console.is_terminal

    def __enter__(self) -> Meter:
        if self._shown:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._shown:
            self._live.stop()

    def show(self, reading: Reading, title: str) -> None:
        """Draw it anew.

        Args:
            reading: what the microphone delivers.
            title: what is being recorded.
        """
        if self._shown:
            self._live.update(render(reading, title), refresh=True)


def render(reading: Reading, title: str) -> Text:
    """The meter as a line of at most 80 columns."""
    colour = "red" if reading.clipped else "yellow" if reading.level_db > HOT_DB else "green"
    filled = screen.bar(1.0 - reading.level_db / LOWEST_DB, WIDTH)
    line = Text.assemble((f"{title}  ", "bold"), (filled, colour))
    line.append(f" {reading.level_db:4.0f} dBFS  ", style="dim")
    if reading.settling:
        return line.append("keep quiet ...", style="yellow")
    if reading.clipped:
        return line.append("too loud", style="red")
    if reading.active:
        return line.append("● recording", style="red")
    return line.append("make the sound")
