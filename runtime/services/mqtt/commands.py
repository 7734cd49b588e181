"""Reading what others command."""

from __future__ import annotations

import math

from runtime.services.mqtt.discovery import HIGHEST_THRESHOLD, LOWEST_THRESHOLD


def text(payload: object) -> str:
    """The message as text; what is no text is no command either."""
    if isinstance(payload, (bytes, bytearray)):
        return payload.decode(errors="replace")
    return "" if payload is None else str(payload)


def on_or_off(command: str) -> bool | None:
    """Whether ``ON`` or ``OFF`` is wanted; None when it is neither."""
    return {"ON": True, "OFF": False}.get(command.strip().upper())


def threshold(command: str) -> float | None:
    """A threshold that the library takes; None when it is none."""
    try:
        value = float(command)
    except ValueError:
        return None
    if not math.isfinite(value) or not LOWEST_THRESHOLD <= value <= HIGHEST_THRESHOLD:
        return None
    return value
