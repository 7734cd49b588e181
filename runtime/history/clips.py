"""A folder of recorded alerts: a WAV and a JSON file each, and no more than may be kept.

Recording alerts: what was heard before, during and until the end of each.
"""

from __future__ import annotations

import io
import json
import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.errors import ConfigError, WakesoundError
from wakeword.labels.watch import Alert, LabelWatch, Look
from wakeword.library.storage import write_bytes

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


@dataclass(frozen=True)
class ClipConfig:
    """What a clip holds.

    Raises:
        ConfigError: a setting that makes no sense.
    """

    pre_roll_seconds: float = 3.0
    """What was heard before the alert's sound."""
    longest_seconds: float = 60.0
    """A clip ends then, even when the alert goes on."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.pre_roll_seconds <= 60.0:
            raise ConfigError(f"the pre-roll is 0 to 60 s, not {self.pre_roll_seconds:g}")
        if not self.pre_roll_seconds < self.longest_seconds <= 3600.0:
            raise ConfigError(
                "a clip is longer than its pre-roll and at most an hour, not"
                f" {self.longest_seconds:g} s"
            )


@dataclass
class _Recording:
    alert: Alert
    path: Path
    began: float
    """When the alert's sound began, in seconds since 1970."""
    start: int
    end: int
    """In samples of the stream: it holds no more than from there to here."""
    frames: list[AudioFrame]
    looks: list[Look] = field(default_factory=list)


class ClipRecorder:
    """A watch that also records its alerts; it stands where the watch would.

    The alert that begins names the clip to come, the one that ends the clip that is there; a
    clip that cannot be written is logged, and the alert's end names none.

    Args:
        watch: what makes the alerts.
        store: where the clips go.
        source: what is listened to, for the clips' descriptions.
        config: what a clip holds.
    """

    def __init__(
        self, watch: LabelWatch, store: ClipStore, source: str, config: ClipConfig | None = None
    ) -> None:
        self.config = config or ClipConfig()
        self._watch = watch
        self._store = store
        self._source = source
        # An alert is known only some time after its sound began.
        late = watch.longest_delay_seconds + self.config.pre_roll_seconds
        self._memory = round(late * watch.rate)
        self._frames: deque[AudioFrame] = deque()
        self._looks: deque[Look] = deque()
        self._recordings: dict[str, _Recording] = {}
        watch.observers.append(self._looked)

    @property
    def rate(self) -> int:
        """Samples per second."""
        return self._watch.rate

    @property
    def position(self) -> int:
        """Index of the next sample that is expected."""
        return self._watch.position

    def push(self, frame: AudioFrame) -> list[Alert]:
        """Take the next frame, of any size; the alerts that begin or end with it."""
        alerts = self._watch.push(frame)
        for recording in self._recordings.values():
            if frame.start < recording.end:
                recording.frames.append(frame)
        self._frames.append(frame)
        needed = frame.start - self._memory  # not its end: the alert may be where it begins
        while self._frames[0].end <= needed:
            self._frames.popleft()
        while self._looks and self._looks[0].end <= needed:
            self._looks.popleft()
        return [self._recorded(alert) for alert in alerts]

    def flush(self) -> list[Alert]:
        """End the stream, and the alerts and clips with it."""
        return [self._recorded(alert) for alert in self._watch.flush()]

    def close(self) -> None:
        """Write the clips of alerts that are still on."""
        for recording in list(self._recordings.values()):
            self._write(recording, recording.alert)

    def _looked(self, look: Look) -> None:
        self._looks.append(look)
        for recording in self._recordings.values():
            if look.start < recording.end:
                recording.looks.append(look)

    def _recorded(self, alert: Alert) -> Alert:
        """The alert with the name of its clip."""
        if not alert.ended:
            return self._begin(alert)
        recording = self._recordings.get(alert.sound)
        return self._write(recording, alert) if recording is not None else alert

    def _begin(self, alert: Alert) -> Alert:
        began = self._store.clock() - (self._watch.position - alert.start) / self.rate
        start = max(0, alert.start - round(self.config.pre_roll_seconds * self.rate))
        end = start + round(self.config.longest_seconds * self.rate)
        path = self._store.promise(alert.sound, began)
        alert = replace(alert, clip=str(path))
        frames = [frame for frame in self._frames if frame.end > start]
        looks = [look for look in self._looks if look.end > start]
        self._recordings[alert.sound] = _Recording(alert, path, began, start, end, frames, looks)
        return alert

    def _write(self, recording: _Recording, alert: Alert) -> Alert:
        """The same alert, with its clip where that could be written."""
        del self._recordings[alert.sound]
        if alert.ended:
            hold = round(self._watch.alarms[alert.sound].hold_seconds * self.rate)
            recording.end = min(recording.end, alert.end + hold)
        start, samples = _joined(recording)
        end = start + len(samples)
        told = replace(alert, source=self._source, clip=recording.path.name).to_dict()
        about = {
            **{key: told[key] for key in ("label", "score", "threshold", "start", "end", "source")},
            "time": datetime.fromtimestamp(recording.began, timezone.utc).isoformat(
                timespec="milliseconds"
            ),
            "clip": {
                "start": round(start / self.rate, 3),
                "seconds": round(len(samples) / self.rate, 3),
                "rate": self.rate,
            },
            "looks": [
                {
                    "end": round(look.end / look.rate, 3),
                    "scores": {name: round(s, 4) for name, s in look.heard.scores.items()},
                }
                for look in recording.looks
                if look.start < end
            ],
        }
        try:
            self._store.write(recording.path, samples, self.rate, about)
        except (WakesoundError, OSError) as error:
            _log.error("no clip of %r: %s", alert.sound, error)
            return replace(alert, clip="")
        return replace(alert, clip=str(recording.path))


def _joined(recording: _Recording) -> tuple[int, FloatArray]:
    """Where the clip begins and its ``(n,)`` samples; audio that was lost is silence."""
    start = max(recording.start, recording.frames[0].start)
    end = min(recording.end, recording.frames[-1].end)
    samples = np.zeros(end - start, np.float32)
    for frame in recording.frames:
        first, last = max(frame.start, start), min(frame.end, end)
        samples[first - start : last - start] = frame.samples[
            first - frame.start : last - frame.start
        ]
    return start, samples
