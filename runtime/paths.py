"""Where things are kept unless the user says otherwise."""

from __future__ import annotations

import os
from pathlib import Path

LIBRARY_VARIABLE = "WAKESOUND_LIBRARY"
"""Environment variable that names the library's folder."""


def default_library() -> Path:
    """The library's folder: ``$WAKESOUND_LIBRARY``, or a place in the user's data folder."""
    named = os.environ.get(LIBRARY_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path

    return user_data_path("wakesound", appauthor=False) / "library"
