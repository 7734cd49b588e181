"""``shell:COMMAND``: run a command in ``/bin/sh``, with its pipes, redirection and variables.

Everything else is as for ``exec:COMMAND``, which does without a shell and is the better choice
wherever that is enough.
"""

from __future__ import annotations

from runtime.sinks.exec import ExecSink
from wakeword.errors import ConfigError


def create(rest: str, timeout_seconds: float) -> ExecSink:
    """A sink that has ``/bin/sh`` run the command ``rest``.

    Raises:
        ConfigError: it is empty.
    """
    if not rest.strip():
        raise ConfigError("'shell:' needs a command, e.g. shell:'date >> whistles.txt'")
    return ExecSink(["/bin/sh", "-c", rest], timeout_seconds, f"shell:{rest}")
