"""Identifiers of events, by which feedback names them.

What is remembered of a wake, or of what nearly was one.

The history on disk: the last wakes and near misses, bounded in number, size and age.

    <id>.json   a record: scores, times, embeddings
    <id>.flac   its audio, where the user allowed that

A record is written beside its place, synced and renamed, after its audio and under a lock: a
kill loses the one that is being written, and processes that share a library share its history.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import re
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from wakeword.audio.frames import FloatArray
from wakeword.errors import ConfigError, HistoryError, LibraryCorrupt
from wakeword.events import WakeEvent
from wakeword.labels.watch import Alert
from wakeword.library.storage import (
    explained,
    locked,
    read_record,
    sweep,
    write_bytes,
    write_record,
)


def identified(event: WakeEvent, source: str, session: str = "") -> WakeEvent:
    """The event with its source and an identifier of 16 hex digits.

    The beginning and the end of an alert have the same one.

    Args:
        event: as the engine made it.
        source: name of the source that heard it.
        session: tells apart streams that have the same name and times, such as two days at
            one microphone; empty for recordings, so that every run over one names its
            events alike.
    """
    end = event.confirmed if isinstance(event, Alert) else event.end
    parts = (session, source, event.sound, str(event.start), str(end), str(event.rate))
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return replace(event, source=source, id=digest[:16])


SCHEMA = 1
"""Version of the files' layout."""
ID_PATTERN = r"^[0-9a-f]{16}$"


class HistoryEntry(BaseModel):
    """One record of the history: ``<id>.json``, beside it the audio if that was kept."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    schema_version: int = Field(default=SCHEMA, ge=1, le=SCHEMA)
    id: str = Field(pattern=ID_PATTERN)
    """Names the event, for feedback."""
    kind: Literal["wake", "near"]
    """Whether it fired or nearly did."""
    time: datetime
    """When it was heard, UTC."""
    sound: str
    """Name of the sound that it resembled most."""
    pattern: str = ""
    """Name of the pattern that fired; empty for a near miss and a sound without patterns."""
    score: float
    """Its best score."""
    threshold: float
    """The score that was needed."""
    take: str
    """The take that was nearest."""
    why: str
    """Why it fired or did not, in a few words."""
    gate: str
    """The gate that let it through."""
    source: str
    """Which source heard it."""
    start_seconds: float = Field(ge=0)
    """First sample of the best window, from the start of the stream."""
    end_seconds: float = Field(ge=0)
    """Just past the best window."""
    speech: float = Field(default=0.0, ge=0, le=1)
    """Share of the best window that a voice detector calls speech."""
    encoder_id: str
    """Who made the embeddings."""
    dim: int = Field(ge=1)
    """Length of an embedding."""
    scores: tuple[float, ...]
    """Of each window that came near, in order of time."""
    vectors: str = ""
    """The embeddings of those windows: little-endian float32, base64."""
    clip: bool = False
    """Whether the audio was kept, in ``<id>.flac``."""
    clip_from_seconds: float = Field(default=0.0, ge=0)
    """Where in the clip the first of those windows ends."""

    @model_validator(mode="after")
    def _complete(self) -> HistoryEntry:
        try:
            size = len(base64.b64decode(self.vectors, validate=True))
        except binascii.Error:
            raise ValueError("the embeddings are not base64") from None
        if size != 4 * self.dim * len(self.scores):
            raise ValueError("the embeddings and the scores do not fit together")
        return self

    @property
    def name(self) -> str:
        """What to call it: the pattern, or the sound if it has none."""
        return self.pattern or self.sound

    @property
    def embeddings(self) -> FloatArray:
        """Of the windows that came near, ``(n, dim) float32`` in order of time."""
        flat = np.frombuffer(base64.b64decode(self.vectors), "<f4")
        return flat.reshape(-1, self.dim).astype(np.float32)


def packed(vectors: FloatArray) -> str:
    """``(n, dim) float32`` as an entry holds it."""
    return base64.b64encode(np.ascontiguousarray(vectors, "<f4").tobytes()).decode()


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
