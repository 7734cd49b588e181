"""Listening: sources in, wake events to actions.

from runtime import listen
for event in listen(library="~/sounds", source="mic"):
    print(event.sound, event.score)
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.configuration.paths import default_library
    from runtime.hooks.action import ActionStats
    from runtime.listening.listener import WakeListener, listen, on
    from runtime.listening.stats import SourceStats, Stats
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
    "ActionStats": "runtime.hooks.action",
    "SourceStats": "runtime.listening.stats",
    "Stats": "runtime.listening.stats",
    "WakeEvent": "wakeword.events",
    "WakeListener": "runtime.listening.listener",
    "default_library": "runtime.configuration.paths",
    "listen": "runtime.listening.listener",
    "on": "runtime.listening.listener",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for only then: the command line's help must not wait for NumPy."""
    if name not in _MODULES:
        raise AttributeError(f"module 'runtime' has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)
