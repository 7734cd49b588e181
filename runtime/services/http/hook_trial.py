"""Trying a hook: it acts once, whatever its conditions."""

from __future__ import annotations

import asyncio
import inspect
import os
import secrets
from dataclasses import replace
from typing import Any

from runtime.configuration.hook import build
from runtime.configuration.schema import HookTable
from runtime.sinks import SinkSpec, open_sink
from wakeword.errors import WakesoundError
from wakeword.events import WakeEvent
from wakeword.labels.alarm import Alert
from wakeword.protocols import Sink

LONGEST_SECONDS = 10.0
"""A trial takes no longer, whatever the hook's own timeout is."""


def attempt(table: HookTable, sound: str = "") -> str:
    """Let a hook act once; why it failed, or nothing. Blocking.

    Args:
        table: the hook.
        sound: what was heard, as it were; by default one that the hook waits for.
    """
    named = next((name for name in table.sounds if name != "*"), "test")
    event = _example(sound or named, table.when == "end")
    timeout = min(table.timeout_seconds, LONGEST_SECONDS)
    try:
        spec = build(table, os.environ).action
        settings = dict(spec.settings)
        if "retries" in settings:
            settings["retries"] = 0
        sink = open_sink(SinkSpec(spec.uri, settings), timeout_seconds=timeout)
    except WakesoundError as error:
        return str(error)
    try:
        return _failure(sink, event, timeout)
    finally:
        close = getattr(sink, "close", None)
        if close is not None:
            close()


def _failure(sink: Sink, event: WakeEvent, timeout_seconds: float) -> str:
    """Why a call failed, or nothing."""
    try:
        result: Any = sink(event)
        if inspect.isawaitable(result):
            asyncio.run(asyncio.wait_for(_awaited(result), timeout_seconds))
    except (WakesoundError, TimeoutError, asyncio.TimeoutError) as error:
        return str(error) or "it took too long"
    except Exception as error:  # noqa: BLE001 - a user's function may raise anything
        return repr(error)
    return ""


def _example(sound: str, ended: bool) -> WakeEvent:
    """What a hook is tried with."""
    id = secrets.token_hex(8)
    event = WakeEvent(sound, 1.0, 0.5, 0, 16_000, 16_000, source="test", id=id)
    if not ended:
        return event
    return replace(Alert(sound, 1.0, 0.5, 0, 16_000, 16_000, ended=True), source="test", id=id)


async def _awaited(awaitable: Any) -> Any:
    return await awaitable
