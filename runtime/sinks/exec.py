"""``exec:COMMAND``: run a shell command.

The command gets the event in ``WAKESOUND_SOUND``, ``_SCORE``, ``_THRESHOLD``, ``_START``,
``_END``, ``_SOURCE`` and ``_ID``, and whole as a line of JSON on its standard input. What it
prints goes to standard error, since standard output may be for events.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading

from runtime.stderr import real_stderr
from wakeword.errors import ConfigError, SinkError
from wakeword.events import WakeEvent

VARIABLES = ("sound", "score", "threshold", "start", "end", "source", "id")
"""Fields of the event that become variables."""
TERM_SECONDS = 0.5
"""How long a command that took too long has to tidy up before it is killed."""


class ExecSink:
    """A shell command, run anew for each event in a process group of its own.

    Args:
        command: for ``/bin/sh``.
        timeout_seconds: after this, the command and all it started are ended.
    """

    def __init__(self, command: str, timeout_seconds: float) -> None:
        self.command = command
        self._timeout = timeout_seconds
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()  # guards the set: close() may come from any thread
        self._closed = False

    def __str__(self) -> str:
        return f"exec:{self.command}"

    def __call__(self, event: WakeEvent) -> None:
        """Run the command and wait for it.

        Raises:
            TimeoutError: it took too long; it is gone now.
            SinkError: it cannot be started, or its exit status is not 0.
        """
        fields = event.to_dict()
        line = json.dumps(fields) + "\n"
        variables = {f"WAKESOUND_{name.upper()}": str(fields[name]) for name in VARIABLES}
        with self._start(variables) as process:
            try:
                process.communicate(line.encode(), timeout=self._timeout)
            except subprocess.TimeoutExpired:
                raise TimeoutError(f"{self} ran for more than {self._timeout:g} s") from None
            finally:
                _end(process)
                with self._lock:
                    self._running.discard(process)
        if process.returncode:
            raise SinkError(f"{self} failed: {_status(process.returncode)}")

    def close(self) -> None:
        """End what is running, and start nothing more."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for process in running:
            _end(process)

    def _start(self, variables: dict[str, str]) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise SinkError(f"{self} was not run: listening has ended")
            try:
                with real_stderr() as stderr:
                    process = subprocess.Popen(
                        self.command,
                        shell=True,
                        stdin=subprocess.PIPE,
                        stdout=stderr,
                        stderr=stderr,
                        env={**os.environ, **variables},
                        start_new_session=True,
                    )
            except (OSError, ValueError) as error:
                raise SinkError(f"{self} cannot be started: {error}") from error
            self._running.add(process)
            return process


def _end(process: subprocess.Popen[bytes]) -> None:
    """Make sure that the process is gone and its status was collected."""
    if process.poll() is not None:
        return
    _signal(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(TERM_SECONDS)
    _signal(process, signal.SIGKILL)
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal the process and all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _status(code: int) -> str:
    return f"exit status {code}" if code > 0 else f"ended by {signal.Signals(-code).name}"


def create(rest: str, timeout_seconds: float) -> ExecSink:
    """A sink that runs the command ``rest``.

    Raises:
        ConfigError: it is empty.
    """
    if not rest.strip():
        raise ConfigError("'exec:' needs a command, e.g. exec:./lights.sh")
    return ExecSink(rest, timeout_seconds)
