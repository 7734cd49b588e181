"""A user's function as a sink."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from wakeword.errors import ConfigError
from wakeword.events import WakeEvent

Function = Callable[[WakeEvent], object] | Callable[[], object]
"""What may be called on an event: with the event or with nothing; may be a coroutine function."""


class FunctionSink:
    """Calls a function with the event, or without it if the function takes no argument.

    Args:
        function: the function, or anything that can be called; may return an awaitable.
        label: its name in logs; the function's own by default.

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
        """Call the function; returns its result, which may be an awaitable."""
        return self._function(event) if self._arguments else self._function()


def _arguments(function: Callable[..., Any], label: str) -> int:
    """1 if the function takes the event, 0 if it takes nothing."""
    try:
        signature = inspect.signature(function)
    except ValueError:  # some built-in functions have none
        return 1
    for count in (1, 0):
        try:
            signature.bind(*[None] * count)
        except TypeError:
            continue
        return count
    raise ConfigError(f"{label}{signature} cannot be called with a wake event alone")
