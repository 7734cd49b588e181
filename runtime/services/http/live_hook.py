"""A hook of the configuration file, at work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.configuration.hook import build
from runtime.configuration.hook_file import KnownHook
from runtime.dispatch import Dispatcher
from runtime.stats import ActionStats
from wakeword.errors import WakesoundError

END_SECONDS = 1.0
"""How long a hook that is over may go on with what it does."""


@dataclass(frozen=True, eq=False)
class LiveHook:
    """A hook of the file, at work."""

    known: KnownHook
    dispatcher: Dispatcher
    problem: str = ""
    """Why it does nothing."""

    @classmethod
    def started(cls, known: KnownHook) -> LiveHook:
        """Let a hook of the file act from now on, if it is enabled and can."""
        dispatcher = Dispatcher()
        problem = ""
        if known.table.enabled:
            try:
                build(known.table, os.environ).dispatch_by(dispatcher)
            except WakesoundError as error:
                problem = str(error)
        return cls(known, dispatcher, problem)

    def __str__(self) -> str:
        return repr(self.known.table.name or f"{scheme(self.known.table.do)}:")

    @property
    def stats(self) -> ActionStats | None:
        """What it did so far, if it is enabled."""
        return next(iter(self.dispatcher.stats()), None)


def scheme(uri: str) -> str:
    """What an address begins with."""
    return uri.partition(":")[0]


def end(dispatchers: Sequence[Dispatcher]) -> None:
    """End them all, once they are done or ``END_SECONDS`` have passed."""
    for dispatcher in dispatchers:
        dispatcher.finish()
    for dispatcher in dispatchers:
        dispatcher.wait(END_SECONDS)
        dispatcher.close()
