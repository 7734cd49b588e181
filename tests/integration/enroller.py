"""A process that enrolls in children of its own, for tests that kill them.

    python enroller.py RECORDING...

Reads one JSON object a line: ``library``, ``name``; ``turn`` (odd: the first half of the
recordings, even: the others); ``forever`` (turn after turn);
``die_at`` (kill yourself before that change to the disk); ``limit`` (bytes that a file may
have, like a full disk). Prints the child's process id and, when it ended, its exit status and
the error that it ended with.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from itertools import count
from pathlib import Path
from typing import Any

from enroll.files import enroll_files
from wakeword.errors import WakesoundError
from wakeword.testing import ToneEncoder

CHANGES = {"open", "os.mkdir", "os.remove", "os.rename", "os.truncate"}
"""What Python announces before it happens; files that are only read are left out."""


def die_before_change(folder: Path, number: int) -> None:
    """Be killed just before the given change to a file in the folder."""
    left = number

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event not in CHANGES or not str(arguments[0]).startswith(str(folder)):
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
            return
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def work(recordings: list[Path], order: dict[str, Any]) -> str:
    """Enroll as ordered; the error, if any."""
    library = Path(order["library"])
    if "limit" in order:
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["limit"], order["limit"]))
    if "die_at" in order:
        die_before_change(library, order["die_at"])
    half = len(recordings) // 2
    try:
        for turn in count() if order.get("forever") else [order.get("turn", 0)]:
            paths = recordings[:half] if turn % 2 else recordings[half:]
            enroll_files(
                library,
                ToneEncoder(),
                order["name"],
                paths,
                encoder_spec="tone",
                replace=True,
                force=True,
            )
    except WakesoundError as error:
        return f"{type(error).__name__}: {error}"
    return ""


def main(recordings: list[Path]) -> None:
    """Obey until there are no more orders."""
    for line in sys.stdin:
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.close(reader)
            os.write(writer, work(recordings, json.loads(line)).encode())
            os._exit(0)
        os.close(writer)
        print(child, flush=True)  # noqa: T201
        with os.fdopen(reader) as pipe:
            error = pipe.read()
        _, status = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), error]), flush=True)  # noqa: T201


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
