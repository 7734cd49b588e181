"""What ``wakesound`` shows by itself in a terminal: where to begin, or what can be done next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.cli.options import Settings

FIRST = (
    ("wakesound enroll whistle", "teach your first sound: make it ten times"),
    ("wakesound enroll bell a.wav b.wav c.wav", "or teach it from recordings"),
    ("wakesound serve", "or do it in the browser"),
    ("wakesound doctor", "check microphone and set-up"),
)
NEXT = (
    ("wakesound listen --on '*=log:'", "listen, and log every wake"),
    ("wakesound listen --on whistle='exec:./lamp.sh'", "run a command when it is heard"),
    ("wakesound calibrate --ambient 10m", "fit your sounds to the room"),
    ("wakesound history", "what woke, and what nearly did"),
    ("wakesound mqtt --broker mqtt://HOST", "a device of Home Assistant"),
)


def welcome(settings: Settings) -> str:
    """A few lines for whoever typed the bare command.

    Raises:
        LibraryError: the library cannot be read.
    """
    library = settings.open_library()
    names = [sound.name for sound in library.sounds()] if library.folder.is_dir() else []
    if names:
        listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if names[5:] else "")
        first = f"You have taught: {listed}. What next?"
        rows = [(line.replace("whistle", _quoted(names[0])), text) for line, text in NEXT]
    else:
        first, rows = "Wake a device with your own sound. No sound is enrolled yet.", list(FIRST)
    width = max(len(line) for line, _ in rows)
    lines = [f"  {line:{width}}  {text}" for line, text in rows]
    return "\n".join([first, "", *lines, "", "All commands: wakesound --help"])


def _quoted(name: str) -> str:
    return name if name.isalnum() else f'"{name}"'
