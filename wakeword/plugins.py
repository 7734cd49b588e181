"""Finding encoders, gates, sources and sinks: one module each, known by the module's name."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from wakeword.errors import ConfigError


def names(package: str) -> list[str]:
    """Names of the plug-ins in ``package``, e.g. ``"wakeword.gates"``; private ones left out."""
    path = importlib.import_module(package).__path__
    return sorted(m.name for m in pkgutil.iter_modules(path) if not m.name.startswith("_"))


def load(package: str, name: str) -> ModuleType:
    """Import the plug-in ``name`` of ``package``.

    Raises:
        ConfigError: there is none of that name.
    """
    known = names(package)
    if name not in known:
        kind = package.rpartition(".")[2].removesuffix("s").replace("_", " ")
        raise ConfigError(f"there is no {kind} {name!r}; known: {', '.join(known)}")
    return importlib.import_module(f"{package}.{name}")
