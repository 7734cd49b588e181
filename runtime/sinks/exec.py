"""``exec:COMMAND``: run a program.

No shell comes between: the command is split into words as a shell would split it, quotes
included, and ``~/`` at the beginning of a word is the home folder. What needs a shell (pipes,
redirection, variables) is refused with a word about ``shell:COMMAND``, which has one.

The program gets each field of the event in a variable, ``WAKESOUND_SOUND``, ``_PATTERN``,
``_NAME``, ``_SCORE`` and so on, and the whole event as a line of JSON on its standard input. Of the
environment it gets all but the service's own secrets: it has no use for them, and might show them.
Its output goes to standard error, since standard output may be for events: line by line, printable
and bounded.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from runtime.foreign import printable
from runtime.sources._portaudio import real_stderr
from runtime.threads import Worker
from wakeword.errors import ConfigError, SinkError
from wakeword.events import WakeEvent

TOKEN_VARIABLE = "WAKESOUND_TOKEN"
"""The token that clients of the HTTP service need."""
BROKER_VARIABLE = "WAKESOUND_BROKER"
"""The address of the MQTT broker, with its password."""
SECRET_VARIABLES = frozenset({TOKEN_VARIABLE, BROKER_VARIABLE})
"""Variables of the environment that hold secrets of the service itself."""


def without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program that the user has us start; what the user put there stays."""
    return {name: value for name, value in environment.items() if name not in SECRET_VARIABLES}


TERM_SECONDS = 0.5
"""How long a command that took too long has to tidy up before it is killed."""
OUTPUT_BYTES = 64 * 1024
"""Output of one run that is shown; the rest is read and left out."""
OUTPUT_SECONDS = 0.2
"""How long the end of the output is waited for: programs in the background keep it open."""
_LINE_BYTES = 1024
_QUOTED = re.compile(r"\\.|'[^']*'")
_DOUBLE_QUOTED = re.compile(r'"[^"]*"')


class ExecSink:
    """A program, run anew for each event in a process group of its own.

    Several events may be in work at once.

    Args:
        words: the program and its arguments.
        timeout_seconds: after this, the program and all it started are ended.
        label: what to call it; the words by default.
    """

    def __init__(self, words: Sequence[str], timeout_seconds: float, label: str = "") -> None:
        self.words = list(words)
        self._timeout = timeout_seconds
        self._label = label or f"exec:{shlex.join(words)}"
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()  # guards the set: close() may come from any thread
        self._closed = False

    def __str__(self) -> str:
        return self._label

    def __call__(self, event: WakeEvent) -> None:
        """Run the program and wait for it.

        Raises:
            TimeoutError: it took too long; it is gone now.
            SinkError: it cannot be started, or its exit status is not 0.
        """
        fields = event.to_dict()
        line = json.dumps(fields) + "\n"
        process, output = self._start(_variables({**fields, "name": event.name}))
        with process:
            try:
                process.communicate(line.encode(), timeout=self._timeout)
            except subprocess.TimeoutExpired:
                raise TimeoutError(f"{self} ran for more than {self._timeout:g} s") from None
            finally:
                _end(process)
                output.join(OUTPUT_SECONDS)
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

    def _start(self, variables: dict[str, str]) -> tuple[subprocess.Popen[bytes], _Output]:
        with self._lock:
            if self._closed:
                raise SinkError(f"{self} was not run: listening has ended")
            readable, writable = os.pipe()
            try:
                process = subprocess.Popen(
                    self.words,
                    stdin=subprocess.PIPE,
                    stdout=writable,
                    stderr=writable,
                    env={**without_secrets(os.environ), **variables},
                    start_new_session=True,
                )
            except (OSError, ValueError) as error:
                os.close(readable)
                raise SinkError(f"{self} cannot be started: {error}") from error
            finally:
                os.close(writable)
            self._running.add(process)
        output = _Output(readable, str(self))
        output.start()
        return process, output


class _Output(Worker):
    """Shows what a program prints, up to ``OUTPUT_BYTES``, and reads on until nobody writes.

    Args:
        descriptor: of the pipe's end; closed when all was read.
        label: the name of the program in the note that output was left out.
    """

    def __init__(self, descriptor: int, label: str) -> None:
        super().__init__("wakesound-output", self._read)
        self._descriptor = descriptor
        self._label = printable(label, 80)

    def _read(self) -> None:
        left, whole = OUTPUT_BYTES, True
        with os.fdopen(self._descriptor, "rb") as pipe:
            while piece := pipe.readline(_LINE_BYTES):
                if left > 0 and whole:
                    _show(printable(piece))
                    if left <= len(piece):
                        _show(f"{self._label} prints more, which is left out")
                left -= len(piece)
                whole = piece.endswith(b"\n")


def _show(line: str) -> None:
    with contextlib.suppress(OSError), real_stderr() as stderr:
        os.write(stderr, f"{line}\n".encode("utf-8", "replace"))


def _variables(fields: dict[str, object]) -> dict[str, str]:
    """Each field as a variable; a list or an object is JSON, what is missing is empty."""
    return {
        f"WAKESOUND_{name.upper()}": value if isinstance(value, str) else json.dumps(value)
        for name, value in ((name, "" if v is None else v) for name, v in fields.items())
    }


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


def _words(command: str) -> list[str]:
    """Split as a shell does.

    Raises:
        ConfigError: it needs a shell, or a quotation mark is left open.
    """
    outside = _QUOTED.sub("", command)
    found = re.search(r"[$`]", outside) or re.search(r"[|&;<>]", _DOUBLE_QUOTED.sub("", outside))
    if found:
        raise ConfigError(
            f"'exec:{command}' runs no shell, so {found[0]!r} means nothing in it: "
            f"write 'shell:{command}', or put it in single quotation marks"
        )
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise ConfigError(f"'exec:{command}' cannot be understood: {error}") from None
    return [str(Path(word).expanduser()) if word.startswith("~/") else word for word in words]


def create(rest: str, timeout_seconds: float) -> ExecSink:
    """A sink that runs the command ``rest``.

    Raises:
        ConfigError: it is empty, needs a shell, or there is no such program.
    """
    words = _words(rest)
    if not words:
        raise ConfigError("'exec:' needs a command, e.g. exec:./lights.sh")
    if shutil.which(words[0]) is None:
        there = Path(words[0]).exists()
        reason = "may not be executed (chmod +x)" if there else "is not there"
        raise ConfigError(
            f"'exec:{rest}' cannot be run: the program {words[0]!r} {reason}; "
            "for a word of the shell write 'shell:...'"
        )
    return ExecSink(words, timeout_seconds, f"exec:{rest}")
