"""A folder of recorded alerts: a WAV and a JSON file each, and no more than may be kept."""

from __future__ import annotations

import io
import json
import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import soundfile

from wakeword.audio import FloatArray
from wakeword.errors import ConfigError
from wakeword.storage import write_bytes

_log = logging.getLogger(__name__)

SECONDS_A_DAY = 86400.0
_OURS = re.compile(r"alert-\d{8}T\d{6}-.+")
_UNSAFE = re.compile(r"[^\w-]+")


@dataclass(frozen=True)
class ClipLimits:
    """What may be kept; beyond any of these the oldest clips go.

    Raises:
        ConfigError: a limit that is not positive.
    """

    most: int = 200
    """Clips."""
    megabytes: float = 500.0
    """Of all files together, 1 MB being a million bytes."""
    days: float = 30.0
    """Age."""

    def __post_init__(self) -> None:
        if not (self.most > 0 and self.megabytes > 0 and self.days > 0):
            raise ConfigError("limits of what is kept are above 0")


class ClipStore:
    """Writes clips to a folder and deletes the oldest; only files of its own.

    A clip is ``alert-TIME-LABEL.wav`` (16 bit) with a ``.json`` of the same name; its time is
    in UTC. Several threads may use it.

    Args:
        folder: made when it is missing.
        limits: what may be kept.
        clock: seconds since 1970.

    Raises:
        ConfigError: the folder cannot be made.
    """

    def __init__(
        self,
        folder: Path,
        limits: ClipLimits | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.folder = folder.expanduser().absolute()
        self.limits = limits or ClipLimits()
        self.clock = clock
        self._lock = threading.Lock()  # guards the names and the folder
        self._promised: set[Path] = set()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigError(f"cannot make the folder {folder}: {error.strerror}") from error
        self.prune()

    def promise(self, label: str, when: float) -> Path:
        """The WAV file of a clip that is still to be written.

        Args:
            label: what was heard.
            when: it began, in seconds since 1970.
        """
        moment = datetime.fromtimestamp(when, timezone.utc)
        name = f"alert-{moment:%Y%m%dT%H%M%S}-{_UNSAFE.sub('-', label).strip('-')[:60]}"
        with self._lock:
            number, path = 1, self.folder / f"{name}.wav"
            while path in self._promised or path.exists():
                number += 1
                path = self.folder / f"{name}-{number}.wav"
            self._promised.add(path)
        return path

    def write(self, path: Path, samples: FloatArray, rate: int, about: Mapping[str, Any]) -> None:
        """Write a clip that was promised, and delete what is too much.

        Args:
            path: from :meth:`promise`.
            samples: ``(n,) float32``.
            rate: samples per second.
            about: what the JSON file says.

        Raises:
            LibraryError: the disk is full or the folder cannot be written.
        """
        sound = io.BytesIO()
        soundfile.write(sound, samples, rate, format="WAV", subtype="PCM_16")
        told = json.dumps(dict(about), indent=2, ensure_ascii=False) + "\n"
        try:
            write_bytes(path, sound.getvalue())
            write_bytes(path.with_suffix(".json"), told.encode())
        finally:
            with self._lock:
                self._promised.discard(path)
        self.prune()

    def clips(self) -> list[Path]:
        """The WAV files, oldest first."""
        found = [path for path in self.folder.glob("alert-*.wav") if _OURS.fullmatch(path.stem)]
        return sorted(found, key=lambda path: (path.name[:21], path.stat().st_mtime, path.name))

    def prune(self) -> None:
        """Delete the oldest clips until the limits are kept. The latest always stays."""
        with self._lock:
            try:
                self._prune()
            except OSError as error:
                _log.warning("old clips in %s stay: %s", self.folder, error)

    def _prune(self) -> None:
        clips = self.clips()
        sizes = [sum(_size(file) for file in _files(clip)) for clip in clips]
        room, oldest = self.limits.megabytes * 1e6, self.clock() - self.limits.days * SECONDS_A_DAY
        for number, clip in enumerate(clips):
            last = number == len(clips) - 1
            crowded = len(clips) - number > self.limits.most or sum(sizes[number:]) > room
            if not (crowded and not last) and clip.stat().st_mtime >= oldest:
                break
            for file in _files(clip):
                file.unlink(missing_ok=True)


def _files(clip: Path) -> tuple[Path, Path]:
    """Sound and description; the description goes last, so that no sound is left without."""
    return clip, clip.with_suffix(".json")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
