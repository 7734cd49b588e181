"""Where things are kept unless the user says otherwise."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

LIBRARY_VARIABLE = "WAKESOUND_LIBRARY"
"""Environment variable that names the library's folder."""
HISTORY_VARIABLE = "WAKESOUND_HISTORY"
"""Environment variable that names the folder with the histories of all libraries."""

CACHE_VARIABLE = "WAKESOUND_CACHE"
"""Environment variable that names the folder for what can be computed again."""


def default_cache() -> Path:
    """The cache's folder: ``$WAKESOUND_CACHE``, or a place in the user's folder for caches."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("wakesound", appauthor=False)


def default_library() -> Path:
    """The library's folder: ``$WAKESOUND_LIBRARY``, or a place in the user's data folder."""
    named = os.environ.get(LIBRARY_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("wakesound", appauthor=False) / "library"


def default_history(library: Path) -> Path:
    """Where the history of a library is kept: each has its own.

    That is a folder in ``$WAKESOUND_HISTORY``, or in the user's folder for state.
    """
    whole = library.expanduser().resolve()
    name = f"{whole.name}-{hashlib.sha256(str(whole).encode()).hexdigest()[:12]}"
    named = os.environ.get(HISTORY_VARIABLE)
    if named:
        return Path(named).expanduser() / name
    from platformdirs import user_state_path

    return user_state_path("wakesound", appauthor=False) / "history" / name
