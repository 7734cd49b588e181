"""Functions as sinks."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import pytest

from runtime.sinks._function import FunctionSink
from wakeword.errors import ConfigError
from wakeword.events import WakeEvent

EVENT = WakeEvent("bell", 0.9, 0.5, 0, 1600, 16000)


class Lamp:
    """Something to switch."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def toggle(self) -> None:
        self.calls.append(())

    def react(self, event: WakeEvent) -> None:
        self.calls.append((event,))

    def dim(self, level: int = 5) -> None:
        self.calls.append((level,))

    def __call__(self, event: WakeEvent, *, gently: bool = True) -> None:
        self.calls.append((event, gently))


def test_with_or_without_the_event() -> None:
    """A function gets the event if it can take it, and nothing if it takes nothing."""
    lamp = Lamp()
    for action in (lamp.toggle, lamp.react, lamp, functools.partial(lamp.dim, 7)):
        FunctionSink(action)(EVENT)
    assert lamp.calls == [(), (EVENT,), (EVENT, True), (7,)]


def test_built_in_functions_do() -> None:
    """Those that keep their signature to themselves get the event."""
    events: list[WakeEvent] = []
    FunctionSink(events.append)(EVENT)
    assert events == [EVENT]


def test_a_coroutine_comes_back() -> None:
    """A coroutine function's coroutine is for the caller to run."""

    async def react(event: WakeEvent) -> None: ...

    coroutine = FunctionSink(react)(EVENT)
    assert inspect.iscoroutine(coroutine)
    coroutine.close()


def test_the_name_is_told() -> None:
    """Logs name the function."""
    assert str(FunctionSink(Lamp().toggle)) == "Lamp.toggle"
    assert str(FunctionSink(Lamp())) == "Lamp"
    assert str(FunctionSink(print, "py:x:y")) == "py:x:y"


def test_what_cannot_be_called_is_refused() -> None:
    """Neither a number nor a function that wants more than the event."""
    with pytest.raises(ConfigError, match="a function or a URI"):
        FunctionSink(3)  # type: ignore[arg-type]

    def needy(event: WakeEvent, more: int) -> None: ...

    with pytest.raises(ConfigError, match="needy"):
        FunctionSink(needy)  # type: ignore[arg-type]
