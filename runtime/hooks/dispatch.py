"""Events to actions, without ever holding up the listening."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterator

from runtime.hooks.action import ANY, Action, ActionStats, CoroutineRunner
from runtime.hooks.conditions import ALWAYS, Conditions
from runtime.sinks import SinkSpec, open_sink
from runtime.sinks._function import Function, FunctionSink
from wakeword.events import WakeEvent
from wakeword.protocols import Sink

SINK_MARGIN_SECONDS = 1.0
"""Sinks made from a URI keep their own time limit; this much later the call is abandoned."""


class Dispatcher:
    """All actions of one run.

    Args:
        loop: the event loop for coroutines; None makes one when it is needed.
        owner: what :data:`runtime.hooks.action.caller` says during a call.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None, owner: object = None) -> None:
        self._coroutines = CoroutineRunner(loop)
        self._owner = owner
        self._actions: tuple[Action, ...] = ()
        self._finished = False

    def add(
        self,
        sounds: str | Collection[str],
        do: Function | Sink | SinkSpec | str,
        timeout_seconds: float,
        *,
        conditions: Conditions = ALWAYS,
        concurrency: int = 1,
    ) -> None:
        """Perform this from now on when such a sound is heard; after :meth:`finish`, never.

        Args:
            sounds: name of the sound or names of several; ``"*"`` is any.
            do: a function, a coroutine function, or a sink by its URI or by a
                :class:`runtime.sinks.SinkSpec`.
            timeout_seconds: how long one call may take.
            conditions: what else must hold.
            concurrency: how many calls may run at once.

        Raises:
            ConfigError: the action is invalid.
            SinkError: it cannot be set up.
        """
        if isinstance(do, (str, SinkSpec)):
            sink = open_sink(do, timeout_seconds=timeout_seconds)
            timeout_seconds = getattr(sink, "longest_seconds", timeout_seconds)
            timeout_seconds += SINK_MARGIN_SECONDS
        else:
            sink = FunctionSink(do)
        names = (sounds,) if isinstance(sounds, str) else tuple(sounds)
        action = Action(
            names, sink, timeout_seconds, self._coroutines, self._owner, conditions, concurrency
        )
        action.start()
        self._actions = (*self._actions, action)
        if self._finished:  # asked last: finish() says so before it looks for actions
            action.finish()

    def dispatch(self, event: WakeEvent, *, patient: bool) -> None:
        """Hand the event to the actions that wait for it.

        Args:
            event: what was heard.
            patient: wait for an action that cannot keep up, instead of dropping events.
        """
        for action in self._actions:
            action.submit(event, patient=patient)

    def missing(self, known: Collection[str]) -> Iterator[tuple[str, str]]:
        """Sounds that actions wait for and that do not exist, each with the action.

        Args:
            known: the names of all sounds, casefolded.
        """
        for action in self._actions:
            for sound in action.sounds:
                if sound != ANY and sound.casefold() not in known:
                    yield sound, str(action)

    def finish(self) -> None:
        """Accept no more events; perform those that wait."""
        self._finished = True
        for action in self._actions:
            action.finish()

    def wait(self, timeout_seconds: float) -> bool:
        """After :meth:`finish`: whether everything is done within that time."""
        deadline = time.monotonic() + timeout_seconds
        return all(action.wait(max(0.0, deadline - time.monotonic())) for action in self._actions)

    def close(self) -> None:
        """End all actions now."""
        for action in self._actions:
            action.close()
        self._coroutines.close()

    def stats(self) -> tuple[ActionStats, ...]:
        """The counts of all actions so far."""
        return tuple(action.stats() for action in self._actions)
