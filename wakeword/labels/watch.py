"""When a score means an alarm: two thresholds, a minimum duration, and a pause before the end.

Time is a sample index. A *look* is one score; it stands for the stretch of audio that is new
since the look before.

Labels over a stream: frames in, alerts out. No thread, no device, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from wakeword.audio.frames import AudioFrame, Blocker, FloatArray
from wakeword.errors import AudioFormatError, ConfigError
from wakeword.events import WakeEvent
from wakeword.labels.classifier import Classification, Classifier, Question


@dataclass(frozen=True)
class AlarmConfig:
    """When an alert begins and when it ends.

    Raises:
        ConfigError: a setting that makes no sense.
    """

    threshold: float = 0.65
    """Scores from here on begin an alert, above 0 to 1."""
    release: float = 0.15
    """A score may fall so far below the threshold before the sound counts as gone, but not below
    half of it."""
    min_seconds: float = 1.0
    """So long it must be heard before it is an alert; 0 alerts at the first look."""
    hold_seconds: float = 3.0
    """So long it must be gone before the alert ends: barks with pauses are one alert."""

    def __post_init__(self) -> None:
        if not 0.0 < self.threshold <= 1.0:
            raise ConfigError(
                f"a label's threshold is above 0 and at most 1, not {self.threshold:g}"
            )
        if not 0.0 <= self.release < 1.0:
            raise ConfigError(f"the release is 0 to 1 below the threshold, not {self.release:g}")
        for what, seconds in (("minimum duration", self.min_seconds), ("hold", self.hold_seconds)):
            if not 0.0 <= seconds <= 3600.0:
                raise ConfigError(f"the {what} is 0 to 3600 s, not {seconds:g}")


@dataclass(frozen=True)
class Change:
    """An alert begins or ends."""

    ended: bool
    start: int
    """Sample at which the sound was first heard."""
    confirmed: int
    """Sample at which it had been heard long enough."""
    end: int
    """Sample up to which it was heard: so far, or at all."""
    score: float
    """Of the look that decided; at the end, the highest."""


@dataclass(frozen=True)
class Alert(WakeEvent):
    """A label's alert begins or ends; ``sound`` is the label, ``score`` and ``threshold`` shares.

    Of the one that ends, ``end`` is where the sound was heard last and ``score`` its highest.
    """

    ended: bool = False
    """Whether this is its end."""
    confirmed: int = 0
    """Sample at which it became an alert: the same at its beginning and at its end."""
    clip: str = ""
    """Where its recording is, or will be once it has ended; empty without one."""

    def to_dict(self) -> dict[str, Any]:
        """The alert as a JSON object; times in seconds from the start of the stream."""
        fields = super().to_dict()
        named = {key: fields[key] for key in ("sound", "score", "threshold", "start", "end")}
        state = "end" if self.ended else "start"
        where = {"source": self.source, "id": self.id, "clip": self.clip or None}
        return {"event": "alert", "state": state, "label": self.sound, **named, **where}


class Alarm:
    """One label's alarm.

    Args:
        config: when an alert begins and ends.
        rate: samples per second.
    """

    def __init__(self, config: AlarmConfig, rate: int) -> None:
        self._rate = rate
        self.adjust(config)
        self.reset()

    def adjust(self, config: AlarmConfig) -> None:
        """From the next look on these settings hold; an alert that is on stays on."""
        self.config = config
        self._off = max(config.threshold / 2, config.threshold - config.release)
        self._min = round(config.min_seconds * self._rate)
        self._hold = round(config.hold_seconds * self._rate)

    def reset(self) -> None:
        """Forget the past; an alert that is on is no more, without a word."""
        self.active = False
        """Whether there is an alert now."""
        self._start: int | None = None
        self._confirmed = self._last = 0
        self._peak = 0.0

    def push(self, score: float, start: int, end: int) -> Change | None:
        """Take the next look; what changes with it.

        Args:
            score: the label's share, 0..1.
            start: first sample that is new since the last look; later than its end if audio
                was lost, and what was heard on both sides then does not add up.
            end: sample just past it.
        """
        if not self.active:
            return self._wait(score, start, end)
        if score >= self._off:
            self._last, self._peak = end, max(self._peak, score)
            return None
        return self.finish() if end - self._last >= self._hold else None

    def finish(self) -> Change | None:
        """The stream has ended, and with it the alert, if there is one."""
        if not self.active or self._start is None:
            self.reset()
            return None
        change = Change(True, self._start, self._confirmed, self._last, self._peak)
        self.reset()
        return change

    def _wait(self, score: float, start: int, end: int) -> Change | None:
        if score < self.config.threshold:
            self._start = None
            return None
        if self._start is None or start > self._last:
            self._start, self._peak = start, 0.0
        self._last, self._peak = end, max(self._peak, score)
        if end - self._start < self._min:
            return None
        self.active, self._confirmed = True, end
        return Change(False, self._start, end, end, score)


@dataclass(frozen=True)
class WatchConfig:
    """How often is looked, and at how much.

    Raises:
        ConfigError: a setting that makes no sense.
    """

    every_seconds: float = 1.0
    """From one look to the next."""
    window_seconds: float = 3.0
    """What a look sees: so much audio, up to now."""

    def __post_init__(self) -> None:
        if not 0.1 <= self.every_seconds <= 60.0:
            raise ConfigError(f"a look every 0.1 to 60 s, not every {self.every_seconds:g} s")
        if not self.every_seconds <= self.window_seconds <= 60.0:
            raise ConfigError(
                f"a window of {self.window_seconds:g} s makes no sense with a look every"
                f" {self.every_seconds:g} s: it is at least as long, so that nothing is missed,"
                " and at most 60 s"
            )


@dataclass(frozen=True, eq=False)
class Look:
    """One look at the stream."""

    heard: Classification
    """What the window sounds like."""
    start: int
    """First sample that is new since the look before."""
    end: int
    """Sample just past the window."""
    rate: int
    """Samples per second."""


Observer = Callable[[Look], object]


class LabelWatch:
    """Listens to one stream for labels.

    The stream is cut into pieces of ``every_seconds``, so the size of the frames never
    changes the alerts. Several may share a classifier.

    Args:
        classifier: holds windows against words.
        question: the labels. Those without an alarm compete but never alert.
        alarms: by label.
        config: how often is looked, and at how much.
        observer: called with every look, before the alerts it leads to; more may be added to
            ``observers``.

    Raises:
        ConfigError: there is no alarm, or one for a label that is not asked for.
    """

    def __init__(
        self,
        classifier: Classifier,
        question: Question,
        alarms: Mapping[str, AlarmConfig],
        config: WatchConfig | None = None,
        *,
        observer: Observer | None = None,
    ) -> None:
        self.config = config or WatchConfig()
        if not alarms or not set(alarms) <= set(question.labels):
            raise ConfigError("there must be an alarm, and only for labels that are asked for")
        self.rate = classifier.encoder.rate
        self.observers: list[Observer] = [] if observer is None else [observer]
        self._classifier = classifier
        self._question = question
        self.alarms = dict(alarms)
        self._alarms = {label: Alarm(config, self.rate) for label, config in alarms.items()}
        self._blocker = Blocker(round(self.config.every_seconds * self.rate))
        self._most = round(self.config.window_seconds * self.rate)
        self._past: FloatArray = np.zeros(0, np.float32)

    @property
    def position(self) -> int:
        """Index of the next sample that is expected."""
        return self._blocker.position

    @property
    def longest_delay_seconds(self) -> float:
        """From the beginning of a label's sound to its alert, at most."""
        wait = max(alarm.min_seconds for alarm in self.alarms.values())
        return wait + 2 * self.config.every_seconds

    def adjust(self, label: str, config: AlarmConfig) -> None:
        """Change a label's alarm from the next look on; an alert that is on stays on.

        Raises:
            ConfigError: there is no alarm for this label.
        """
        if label not in self._alarms:
            known = ", ".join(self._alarms)
            raise ConfigError(f"{label[:60]!r} is not watched for; watched are: {known}")
        self.alarms[label] = config
        self._alarms[label].adjust(config)

    def push(self, frame: AudioFrame) -> list[Alert]:
        """Take the next frame, of any size; the alerts that begin or end with it.

        A frame that begins later than expected means that audio was lost: what is buffered is
        judged first, and no window reaches across the gap. Alerts that are on stay on.

        Raises:
            AudioFormatError: another rate than the encoder's, or a frame from the past.
        """
        if frame.rate != self.rate:
            raise AudioFormatError(
                f"this watch hears {self.rate} Hz, the frame has {frame.rate} Hz; resample it"
            )
        if frame.start < self.position:
            raise AudioFormatError(
                f"frames must come in order: expected sample {self.position}, got {frame.start}"
            )
        alerts = []
        if frame.start > self.position:
            alerts = self._rest()
            self._past = np.zeros(0, np.float32)
            self._blocker.reset(frame.start)
        for block in self._blocker.push(frame):
            alerts += self._look(block)
        return alerts

    def flush(self) -> list[Alert]:
        """End the stream: judge its last, incomplete piece, and end the alerts that are on."""
        end = self.position
        alerts = self._rest()
        for label, alarm in self._alarms.items():
            change = alarm.finish()
            if change is not None:
                alerts.append(self._alert(label, change))
        self.reset(end)
        return alerts

    def reset(self, start: int = 0) -> None:
        """Forget the past; the next frame begins at sample ``start``."""
        self._past = np.zeros(0, np.float32)
        self._blocker.reset(start)
        for alarm in self._alarms.values():
            alarm.reset()

    def _rest(self) -> list[Alert]:
        return [alert for block in self._blocker.flush(self.rate) for alert in self._look(block)]

    def _look(self, block: AudioFrame) -> list[Alert]:
        self._past = np.concatenate([self._past, block.samples])[-self._most :]
        heard = self._classifier.classify(self._past, self._question)
        for observe in self.observers:
            observe(Look(heard, block.start, block.end, self.rate))
        alerts = []
        for label, alarm in self._alarms.items():
            change = alarm.push(heard.scores[label], block.start, block.end)
            if change is not None:
                alerts.append(self._alert(label, change))
        return alerts

    def _alert(self, label: str, change: Change) -> Alert:
        return Alert(
            sound=label,
            score=change.score,
            threshold=self.alarms[label].threshold,
            start=change.start,
            end=change.end,
            rate=self.rate,
            ended=change.ended,
            confirmed=change.confirmed,
        )
