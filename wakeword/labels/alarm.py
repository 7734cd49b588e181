"""When a score means an alarm: two thresholds, a minimum duration, and a pause before the end.

Time is a sample index. A *look* is one score; it stands for the stretch of audio that is new
since the look before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wakeword.errors import ConfigError
from wakeword.events import WakeEvent


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
