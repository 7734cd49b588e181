"""``json:`` and ``json:FILE``: write each event as a line of JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from wakeword.errors import ConfigError, SinkError
from wakeword.events import WakeEvent


class JsonSink:
    """Lines on standard output, or at the end of a file.

    Args:
        path: the file; None for standard output.

    Raises:
        ConfigError: the file cannot be written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        if path is not None:
            try:
                path.open("a").close()
            except OSError as error:
                raise ConfigError(f"cannot write to {path}: {error.strerror}") from error

    def __str__(self) -> str:
        return f"json:{self.path or ''}"

    def __call__(self, event: WakeEvent) -> None:
        """Write the event.

        Raises:
            SinkError: the disk is full, or nobody reads on.
        """
        line = json.dumps(event.to_dict()) + "\n"
        try:
            if self.path is None:
                sys.stdout.write(line)
                sys.stdout.flush()
            else:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(line)
        except OSError as error:
            where = self.path or "standard output"
            raise SinkError(f"cannot write to {where}: {error.strerror}") from error


def create(rest: str, timeout_seconds: float) -> JsonSink:
    """A sink that writes to the file ``rest``, or to standard output when it is empty."""
    return JsonSink(Path(rest).expanduser() if rest else None)
