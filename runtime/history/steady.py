"""A clock for what is kept for some days, which no jump of the system's clock can hurry.

The time of day may be wrong at boot, be set back, or be a month ahead for a minute. This clock goes
on by what has passed since it was last looked at, but by no more than two days at once, and what
it was set back is taken off what comes; it never shows the same time twice. So its times say in
which order things were written, and a clock that jumps makes nothing older than two days. On a
machine that was off for longer, things are kept for that much longer.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from wakeword.library.plain import read_file
from wakeword.library.private import create

LONGEST_STEP_SECONDS = 2 * 86400.0
"""No look at the clock makes more time pass."""
NAME = ".clock"
_SIZE = 200


class SteadyClock:
    """The clock of one folder; its state is a small file in there.

    Whoever shares it between processes holds the folder's lock. A state that is lost is made
    again from the times of what is there.

    Args:
        folder: of what is kept.
        wall: the system's clock, in seconds since 1970.
    """

    def __init__(self, folder: Path, wall: Callable[[], float] = time.time) -> None:
        self._path = folder / NAME
        self._wall = wall

    def now(self, known: Iterable[float] = ()) -> int:
        """The time, in microseconds; later than ever before.

        Args:
            known: times of what is there, in seconds, for a clock whose state is lost.
        """
        wall = round(self._wall() * 1e6)
        state = self._read()
        if state is None:
            newest = round(max(known, default=wall / 1e6) * 1e6)
            step = round(LONGEST_STEP_SECONDS * 1e6)
            state = {"steady": min(wall, newest + step) - 1, "wall": wall, "owed": 0}
        longest = round(LONGEST_STEP_SECONDS * 1e6)
        passed = max(-longest, min(longest, wall - state["wall"]))
        owed = state["owed"] - passed
        steady = state["steady"] + max(1, -owed)
        self._write({"steady": steady, "wall": wall, "owed": max(0, owed)})
        return steady

    def _read(self) -> dict[str, int] | None:
        try:
            found = json.loads(read_file(self._path)[:_SIZE])
            state = {key: int(found[key]) for key in ("steady", "wall", "owed")}
        except (OSError, ValueError, TypeError, KeyError, OverflowError):
            return None
        return state if state["owed"] >= 0 and 0 <= state["steady"] < 2**62 else None

    def _write(self, state: dict[str, int]) -> None:
        """Not synced: what is lost with the power is made again."""
        temporary = self._path.with_name(NAME + "-new")
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
            with create(temporary, like=self._path) as file:
                file.write(json.dumps(state).encode())
            temporary.replace(self._path)
