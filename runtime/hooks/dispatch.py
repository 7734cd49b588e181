"""A user's function as a sink.

Events to actions, without ever holding up the listening.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Collection, Iterator
from typing import Any

from runtime.hooks.action import ANY, Action, CoroutineRunner
from runtime.hooks.conditions import ALWAYS, Conditions
from runtime.listening.stats import ActionStats
from runtime.sinks import SinkSpec, open_sink
from wakeword.errors import ConfigError
from wakeword.events import WakeEvent
from wakeword.protocols import Sink

Function = Callable[[WakeEvent], object] | Callable[[], object]
"""What may be called on an event: with the event or with nothing; may be a coroutine function."""


class FunctionSink:
    """Calls a function with the event, or without it if the function takes no argument.

    Args:
        function: the function, or anything that can be called; may return an awaitable.
        label: what to call it in logs; its own name by default.

    Raises:
        ConfigError: it cannot be called, or needs more than the event.
    """

    def __init__(self, function: Function, label: str = "") -> None:
        name = getattr(function, "__qualname__", type(function).__qualname__)
        self._label = label or name
        self._function: Callable[..., object] = function
        if not callable(function):
            raise ConfigError(f"an action is a function or a URI such as 'exec:...', not {name}")
        self._arguments = _arguments(function, self._label)

    def __str__(self) -> str:
        return self._label

    def __call__(self, event: WakeEvent) -> object:
        """Call the function; what it returns, which may be an awaitable."""
        return self._function(event) if self._arguments else self._function()


def _arguments(function: Callable[..., Any], label: str) -> int:
    """1 if the function takes the event, 0 if it takes nothing."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # some built-in functions do not tell
        return 1
    for count in (1, 0):
        try:
            signature.bind(*[None] * count)
        except TypeError:
            continue
        return count
    raise ConfigError(f"{label}{signature} cannot be called with a wake event alone")


SINK_MARGIN_SECONDS = 1.0
"""Sinks made from a URI keep their time themselves; this much later they are given up on."""


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
        """From now on, do this when such a sound is heard; after :meth:`finish`, never.

        Args:
            sounds: name of the sound or names of several; ``"*"`` is any.
            do: a function, a coroutine function, or a sink by its URI or by a
                :class:`runtime.sinks.SinkSpec`.
            timeout_seconds: how long one call may take.
            conditions: what else must hold.
            concurrency: how many calls may run at once.

        Raises:
            ConfigError: the action makes no sense.
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
        """Sounds that actions wait for in vain, each with the action in words.

        Args:
            known: the sounds there are, casefolded.
        """
        for action in self._actions:
            for sound in action.sounds:
                if sound != ANY and sound.casefold() not in known:
                    yield sound, str(action)

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
