"""``py:MODULE:FUNCTION``: call a Python function or coroutine function."""

from __future__ import annotations

import importlib
import sys
from functools import reduce
from pathlib import Path
from typing import Any

from runtime.sinks._function import FunctionSink
from wakeword.errors import ConfigError, SinkError


def create(rest: str, timeout_seconds: float) -> FunctionSink:
    """The function that ``rest`` names as ``MODULE:FUNCTION``; the current folder is searched too.

    Raises:
        ConfigError: the module or the function does not exist, or cannot take an event.
        SinkError: importing the module failed.
    """
    module, colon, path = rest.partition(":")
    if not (module and colon and path):
        raise ConfigError(f"'py:{rest}' should be py:MODULE:FUNCTION, e.g. py:lights:toggle")
    try:
        function: Any = reduce(getattr, path.split("."), _import(module))
    except AttributeError:
        raise ConfigError(f"the module {module!r} has no function {path!r}") from None
    return FunctionSink(function, f"py:{rest}")


def _import(name: str) -> Any:
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and not f"{name}.".startswith(f"{error.name}."):
            raise SinkError(f"importing {name!r} failed: {error}") from error
        raise ConfigError(f"there is no module {name!r} here or installed") from None
    except Exception as error:
        raise SinkError(f"importing {name!r} failed: {type(error).__name__}: {error}") from error
