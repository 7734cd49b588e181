"""The history on disk: the last wakes and near misses, bounded in number, size and age.

    <id>.json   a record: scores, times, embeddings
    <id>.flac   its audio, where the user allowed that

A record is written beside its place, synced and renamed, after its audio and under a lock: a
kill loses the one that is being written, and processes that share a library share its history.
"""

from __future__ import annotations

import logging
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runtime.history_entry import ID_PATTERN, HistoryEntry
from wakeword.errors import ConfigError, HistoryError, LibraryCorrupt
from wakeword.storage import explained, locked, read_record, sweep, write_bytes, write_record

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HistoryConfig:
    """What is remembered and how much of it."""

    keep_audio: bool = False
    """Keep the audio too; without, there are scores and embeddings only."""
    keep_speech: bool = False
    """Keep audio also where somebody seems to speak."""
    near_margin: float = 0.1
    """What stayed below its threshold by no more than this is a near miss."""
    most_entries: int = 500
    """Older ones give way."""
    most_bytes: int = 50_000_000
    """Of all files together."""
    longest_days: float = 30.0
    """Older ones are forgotten."""

    def __post_init__(self) -> None:
        for name in ("most_entries", "most_bytes", "longest_days"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ConfigError(f"{name} must be positive, not {getattr(self, name)}")
        if not 0 <= self.near_margin <= 2:
            raise ConfigError(f"near_margin must be 0 to 2, not {self.near_margin}")


class History:
    """The records of one library's listening. Opening it does not touch the disk.

    Args:
        folder: where it is; one that does not exist is an empty history.
        config: its bounds.
    """

    def __init__(self, folder: Path, config: HistoryConfig | None = None) -> None:
        self.folder = folder
        self.config = config or HistoryConfig()

    # -- reading ---------------------------------------------------------------------------

    def entries(self, sound: str | None = None, *, near: bool | None = None) -> list[HistoryEntry]:
        """The records, the latest first; those that cannot be read are left out.

        Args:
            sound: only those of this sound or pattern; case does not matter.
            near: only near misses, or only wakes; both when None.
        """
        found = []
        for path in self._paths(".json"):
            try:
                found.append(read_record(path, HistoryEntry))
            except LibraryCorrupt as error:  # cut by another process just now, or damaged
                _log.debug("%s", error)
        if sound is not None:
            wanted = sound.casefold()
            found = [e for e in found if wanted in (e.sound.casefold(), e.name.casefold())]
        if near is not None:
            found = [entry for entry in found if (entry.kind == "near") == near]
        return sorted(found, key=lambda entry: entry.time, reverse=True)

    def get(self, id: str) -> HistoryEntry:
        """The record ``id``; its first digits are enough where they are nobody else's.

        Raises:
            HistoryError: there is none, or there are several.
        """
        found = [entry for entry in self.entries() if id and entry.id.startswith(id)]
        if not found:
            raise HistoryError(
                f"the history knows no event {id!r}; see 'wakesound history' for those there are"
            )
        if len(found) > 1:
            raise HistoryError(f"{id!r} may be any of {len(found)} events; give more of its digits")
        return found[0]

    def clip(self, entry: HistoryEntry) -> bytes | None:
        """The audio of a record as a FLAC file; None when it was not kept."""
        try:
            return self._path(entry.id, ".flac").read_bytes() if entry.clip else None
        except FileNotFoundError:
            return None

    # -- writing ---------------------------------------------------------------------------

    def put(self, entry: HistoryEntry, clip: bytes | None = None) -> None:
        """Add a record, or replace the one with its id, and drop what is too much.

        Raises:
            LibraryError: the disk is full or not writable.
        """
        self._make_folder()
        with locked(self.folder):
            if clip is not None:
                write_bytes(self._path(entry.id, ".flac"), clip)
            record = entry.model_copy(update={"clip": clip is not None})
            write_record(self._path(entry.id, ".json"), record)
            if clip is None:
                self._path(entry.id, ".flac").unlink(missing_ok=True)
            self._trim()

    def trim(self) -> None:
        """Drop what is too old or too much, and what a killed process left.

        Raises:
            LibraryError: the folder cannot be written.
        """
        if self.folder.is_dir():
            with locked(self.folder):
                sweep(self.folder)
                self._trim()

    def clear(self) -> int:
        """Forget everything; how many records that was.

        Raises:
            LibraryError: the folder cannot be written.
        """
        if not self.folder.is_dir():
            return 0
        with locked(self.folder), explained(self.folder, "clear"):
            sweep(self.folder)
            records = self._paths(".json")
            for path in (*records, *self._paths(".flac")):
                path.unlink(missing_ok=True)
        return len(records)

    # -- details ---------------------------------------------------------------------------

    def _path(self, id: str, suffix: str) -> Path:
        return self.folder / (id + suffix)

    def _paths(self, suffix: str) -> list[Path]:
        return [p for p in self.folder.glob("*" + suffix) if re.match(ID_PATTERN, p.stem)]

    def _make_folder(self) -> None:
        """For nobody else's eyes: what is heard at home is in it."""
        with explained(self.folder, "write to"):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _trim(self) -> None:
        """Keep the latest records within all bounds; the caller holds the lock."""
        stats = {}
        for path in (*self._paths(".json"), *self._paths(".flac")):
            with suppress(FileNotFoundError):
                stats[path] = path.stat()
        records = [path for path in stats if path.suffix == ".json"]
        records.sort(key=lambda path: stats[path].st_mtime_ns, reverse=True)
        oldest = time.time() - 86400.0 * self.config.longest_days
        kept: set[str] = set()
        used = 0
        for record in records:
            files = [path for path in (record, record.with_suffix(".flac")) if path in stats]
            used += sum(stats[path].st_size for path in files)
            fits = len(kept) < self.config.most_entries and used <= self.config.most_bytes
            if (fits or not kept) and stats[record].st_mtime > oldest:
                kept.add(record.stem)
        with explained(self.folder, "write to"):
            for path in stats:
                if path.stem not in kept:
                    path.unlink(missing_ok=True)
