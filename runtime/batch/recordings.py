"""The recordings of a folder, in an order that is always the same, and in parcels."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wakeword.errors import ConfigError

_log = logging.getLogger(__name__)

SUFFIXES = frozenset(
    {".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".au", ".caf", ".w64"}
)
"""Files that are taken for recordings."""
FOREIGN = frozenset({".m4a", ".aac", ".mp4", ".webm", ".wma", ".amr", ".mka"})
"""Recordings that cannot be read: they are listed with what to do, not passed over."""
PARCEL_FILES = 16
"""So many recordings at most are heard together, and lost together by a kill."""
PARCEL_BYTES = 32_000_000
"""Nor more than this, unless one alone is larger."""


@dataclass(frozen=True)
class Recording:
    """A file, and what it was when it was found."""

    path: str
    """Relative to the folder, with forward slashes."""
    size: int
    """In bytes."""
    changed: int
    """When it was last written, in nanoseconds since 1970."""


Parcel = tuple[Recording, ...]


def find_recordings(folder: Path) -> list[Recording]:
    """The recordings in a folder and the folders in it, by path; hidden ones are passed over.

    Raises:
        ConfigError: it is not a folder, cannot be listed, or holds no recordings.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder; name the one with the recordings")
    found = []
    for place, folders, names in os.walk(folder, onerror=_unreadable):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            if name.startswith(".") or path.suffix.lower() not in SUFFIXES | FOREIGN:
                continue
            try:
                about = path.stat()
                size, changed = about.st_size, about.st_mtime_ns
            except OSError:  # a broken link: a bad file, which is told when it is to be heard
                size, changed = 0, 0
            found.append(Recording(path.relative_to(folder).as_posix(), size, changed))
    if not found:
        raise ConfigError(
            f"there are no recordings in {folder} ({', '.join(sorted(SUFFIXES))} are looked for)"
        )
    return sorted(found, key=lambda recording: recording.path.split("/"))


def parcels(recordings: Sequence[Recording]) -> list[Parcel]:
    """The recordings in their order, cut into parcels."""
    cut: list[list[Recording]] = []
    room = 0
    for recording in recordings:
        room -= recording.size
        if not cut or room < 0 or len(cut[-1]) == PARCEL_FILES:
            cut.append([])
            room = PARCEL_BYTES - recording.size
        cut[-1].append(recording)
    return [tuple(parcel) for parcel in cut]


def _unreadable(error: OSError) -> None:
    _log.warning("%s cannot be listed and is left out: %s", error.filename, error.strerror)
