"""Labels over a stream: frames in, alerts out. No thread, no device, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from wakeword.audio import AudioFrame, Blocker, FloatArray
from wakeword.errors import AudioFormatError, ConfigError
from wakeword.labels.alarm import Alarm, AlarmConfig, Alert, Change
from wakeword.labels.classification import Classification
from wakeword.labels.classifier import Classifier
from wakeword.labels.question import Question


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
