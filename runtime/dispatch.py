"""Events to actions, without ever holding up the listening."""

from __future__ import annotations

import asyncio
import time

from runtime.action import Action
from runtime.coroutines import CoroutineRunner
from runtime.function import Function, FunctionSink
from runtime.sinks import open_sink
from runtime.stats import ActionStats
from wakeword.events import WakeEvent
from wakeword.protocols import Sink

SINK_MARGIN_SECONDS = 1.0
"""Sinks made from a URI keep their time themselves; this much later they are given up on."""


class Dispatcher:
    """All actions of one run.

    Args:
        loop: the event loop for coroutines; None makes one when it is needed.
        owner: what :data:`runtime.action.caller` says during a call.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None, owner: object = None) -> None:
        self._coroutines = CoroutineRunner(loop)
        self._owner = owner
        self._actions: tuple[Action, ...] = ()
        self._finished = False

    def add(self, sound: str, do: Function | Sink | str, timeout_seconds: float) -> None:
        """From now on, do this when that sound is heard; after :meth:`finish`, never.

        Args:
            sound: name of the sound, or ``"*"``.
            do: a function, a coroutine function, or the URI of a sink.
            timeout_seconds: how long one call may take.

        Raises:
            ConfigError: the action makes no sense.
            SinkError: it cannot be set up.
        """
        if isinstance(do, str):
            sink: Sink = open_sink(do, timeout_seconds=timeout_seconds)
            timeout_seconds += SINK_MARGIN_SECONDS
        else:
            sink = FunctionSink(do)
        action = Action(sound, sink, timeout_seconds, self._coroutines, self._owner)
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

    def finish(self) -> None:
        """Take no more events; perform those that wait."""
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
        """What the actions did so far."""
        return tuple(action.stats() for action in self._actions)
