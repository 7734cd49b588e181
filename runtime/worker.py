"""A thread that does not lose its error."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

_log = logging.getLogger(__name__)


class Worker(threading.Thread):
    """Runs a function in the background and keeps what it raised.

    It never holds up the end of the program.

    Args:
        name: of the thread, for those who look at stacks.
        work: what to run.
        carry: whether somebody looks at ``error``; otherwise it is logged.
    """

    def __init__(self, name: str, work: Callable[[], object], *, carry: bool = False) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._carry = carry
        self.error: BaseException | None = None
        """What it raised."""

    def run(self) -> None:
        """Do the work."""
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - carried to who looks, or logged
            self.error = error
            if not self._carry:
                _log.exception("the thread %s failed", self.name)
