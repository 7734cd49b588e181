"""Listening: sources in, wake events to actions.

from runtime import listen
for event in listen(library="~/sounds", source="mic"):
    print(event.sound, event.score)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.listener import WakeListener
    from runtime.paths import default_library
    from runtime.shortcuts import listen, on
    from runtime.stats import ActionStats, SourceStats, Stats
    from wakeword.events import WakeEvent

__all__ = [
    "ActionStats",
    "SourceStats",
    "Stats",
    "WakeEvent",
    "WakeListener",
    "default_library",
    "listen",
    "on",
]

_MODULES = {
    "ActionStats": "runtime.stats",
    "SourceStats": "runtime.stats",
    "Stats": "runtime.stats",
    "WakeEvent": "wakeword.events",
    "WakeListener": "runtime.listener",
    "default_library": "runtime.paths",
    "listen": "runtime.shortcuts",
    "on": "runtime.shortcuts",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: the command line's help must not wait for NumPy."""
    if name not in _MODULES:
        raise AttributeError(f"module 'runtime' has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
