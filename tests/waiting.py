"""Waiting for what another thread, process or task does: the one place where tests poll."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

TIMEOUT_SECONDS = 60.0
"""How long a test waits at most; what it waits for takes a fraction of it on an idle machine."""
POLL_SECONDS = 0.005

Explain = str | Callable[[], object]


def wait_until(
    condition: Callable[[], Any],
    otherwise: Explain = "it did not happen",
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> None:
    """Return as soon as the condition is true.

    Args:
        condition: what is asked again and again; an exception in it goes through.
        otherwise: says what is missing; a function is called when the time is over.
        timeout_seconds: how long to wait.

    Raises:
        AssertionError: the time is over.
    """
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, _words(otherwise, timeout_seconds)
        time.sleep(POLL_SECONDS)


async def wait_until_async(
    condition: Callable[[], Any],
    otherwise: Explain = "it did not happen",
    *,
    timeout_seconds: float = TIMEOUT_SECONDS,
) -> None:
    """The same for a task: the event loop runs on while it waits."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, _words(otherwise, timeout_seconds)
        await asyncio.sleep(POLL_SECONDS)


def _words(otherwise: Explain, timeout_seconds: float) -> str:
    said = otherwise if isinstance(otherwise, str) else otherwise()
    return f"{said}, within {timeout_seconds:g} s"
