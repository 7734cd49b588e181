"""What clients send, heard: for enrolled sounds or for labels, with what is heard as messages."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from runtime.history.store import identified
from runtime.services.http.hearing import level_moment, scores_moment
from runtime.services.pcm import PcmFormat, pieces
from wakeword.audio.frames import AudioFrame
from wakeword.engine import Engine
from wakeword.errors import ConfigError
from wakeword.events import Match, WakeEvent, Window
from wakeword.labels import Classifier, Question
from wakeword.labels.watch import AlarmConfig, LabelWatch, Look, WatchConfig
from wakeword.stream import Observer, Stream

if TYPE_CHECKING:
    from runtime.services.http.drafts import Draft
    from runtime.services.http.service import Service


STREAM = "websocket"
"""What metrics call it."""


class SoundListener:
    """Hears one client's audio for enrolled sounds; from any thread, by one at a time.

    Args:
        service: whose encoder and sounds it uses; hot-reloaded.
        format: of the audio.
        source: what its events say they came from.
        moments: whether levels and scores are told too.
        draft: listen for nothing but this sound, which is being enrolled; nothing is
            remembered then, and nothing acted on.

    Raises:
        Refusal: the encoder is not loaded yet (503).
        TakeRejected: the draft has no takes yet.
    """

    def __init__(
        self,
        service: Service,
        format: PcmFormat,
        source: str,
        moments: bool,
        draft: Draft | None = None,
    ) -> None:
        self._service = service
        self._format = format
        self._draft = draft
        loaded = service.loaded
        sounds = loaded.sounds if draft is None else draft.sounds()
        engine = Engine(sounds, loaded.listening, service.engine_config)
        session = secrets.token_hex(8)
        observers: list[Observer] = []
        if draft is None:
            observers.append(service.recorder(engine, source, session))
        self._teller = _Messages(service, engine, source, moments, draft is None)
        self._stream = Stream(
            engine, [*observers, self._teller], lambda event: identified(event, source, session)
        )

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self._format.frame_bytes

    @property
    def thresholds(self) -> dict[str, float]:
        """What is listened for, by name."""
        return self._stream.hears.sounds.thresholds

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._stream.seconds

    def push(self, data: bytes) -> list[dict[str, Any]]:
        """Hear more; what there is to tell.

        Raises:
            AudioFormatError: the bytes are no whole number of samples.
        """
        if self._draft is None:
            self._stream.reload(self._service.loaded.sounds)
        for piece in pieces(self._format, data, None):
            self._stream.feed(piece.samples(), self._format.rate)
        return self._teller.taken()

    def finish(self) -> list[dict[str, Any]]:
        """Hear the last bit: the stream has ended."""
        self._stream.flush()
        self.close()
        return self._teller.taken()

    def close(self) -> None:
        """Let go of the stream; closing twice is harmless."""
        self._stream.finish()


class _Messages(Observer):
    """Makes messages of what one stream hears, and counts it.

    Args:
        service: is told of events, and counts.
        engine: hears the stream.
        source: what the messages say they came from.
        moments: whether levels and scores are told too.
        acts: whether events are acted on.
    """

    def __init__(
        self, service: Service, engine: Engine, source: str, moments: bool, acts: bool
    ) -> None:
        self._service, self._engine, self._source = service, engine, source
        self._moments, self._acts = moments, acts
        self._messages: list[dict[str, Any]] = []

    def block(self, block: AudioFrame) -> None:
        self._service.metrics.heard(STREAM, 1)
        if self._moments:
            self._messages.append(level_moment(self._source, block))

    def window(self, window: Window, match: Match | None) -> None:
        self._service.metrics.open_frames.labels(STREAM).inc()
        if self._moments:
            scores = scores_moment(self._source, window, match, self._engine.sounds)
            self._messages.append(scores)

    def event(self, event: WakeEvent) -> None:
        told = self._service.heard(event, STREAM) if self._acts else event.to_dict()
        self._messages.append(told)

    def taken(self) -> list[dict[str, Any]]:
        """The messages since the last call."""
        messages, self._messages = self._messages, []
        return messages


@dataclass(frozen=True, eq=False)
class LabelTask:
    """What to watch for."""

    classifier: Classifier
    question: Question
    """The labels, and what competes with them."""
    alarms: Mapping[str, AlarmConfig]
    """By label, as it is spelled in the question."""
    config: WatchConfig
    levels: bool = False
    """Whether the level is told too."""
    expected: Mapping[str, float | None] = field(default_factory=dict)
    """False alerts per hour by label, where something is known of them."""


class _LabelStream(Observer):
    """One source of audio, watched for labels.

    Args:
        task: what to watch for.
        source: what its messages say they came from.
    """

    def __init__(self, task: LabelTask, source: str) -> None:
        self._levels = task.levels
        self._source = source
        session = secrets.token_hex(8)
        watch = LabelWatch(
            task.classifier, task.question, task.alarms, task.config, observer=self._look
        )
        self.stream = Stream(watch, [self], lambda alert: identified(alert, source, session))
        self._messages: list[dict[str, Any]] = []

    def push(self, frame: AudioFrame) -> list[dict[str, Any]]:
        """Hear a frame; one that begins later than expected comes behind a gap."""
        self.stream.push(frame)
        return self._taken()

    def flush(self) -> list[dict[str, Any]]:
        """Hear the last bit, and end the alerts that are on."""
        self.stream.flush()
        return self._taken()

    def block(self, block: AudioFrame) -> None:
        if self._levels:
            self._messages.append(level_moment(self._source, block))

    def event(self, event: WakeEvent) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self._messages.append({**event.to_dict(), "time": now.replace("+00:00", "Z")})

    def _look(self, look: Look) -> None:
        self._messages.append(
            {
                "event": "look",
                "source": self._source,
                "start": round(look.start / look.rate, 3),
                "end": round(look.end / look.rate, 3),
                "scores": {label: round(score, 4) for label, score in look.heard.scores.items()},
            }
        )

    def _taken(self) -> list[dict[str, Any]]:
        """The messages since the last call."""
        messages, self._messages = self._messages, []
        return messages


class LabelListener:
    """Watches a client's audio, or the server's sources; from any thread.

    Args:
        task: what to watch for.
        format: of the client's audio.
        source: what messages about the client's audio say they came from.
    """

    def __init__(self, task: LabelTask, format: PcmFormat, source: str) -> None:
        self._task = task
        self._format = format
        self._source = source
        self._streams: dict[str, _LabelStream] = {}
        self._ends: dict[str, int] = {}
        self._lock = threading.Lock()  # settings may change while audio is heard

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self._format.frame_bytes

    @property
    def seconds(self) -> float:
        """How much was heard of the source that was heard most."""
        return max((label.stream.seconds for label in self._streams.values()), default=0.0)

    def adjust(self, thresholds: Mapping[str, float]) -> None:
        """Change thresholds, by label.

        Raises:
            ConfigError: one makes no sense, or is for a label that is not watched for.
        """
        with self._lock:
            alarms = dict(self._task.alarms)
            for label, threshold in thresholds.items():
                if label not in alarms:
                    raise ConfigError(
                        f"{label[:60]!r} is not watched for; watched are: {', '.join(alarms)}"
                    )
                alarms[label] = replace(alarms[label], threshold=threshold)
            for heard in self._streams.values():
                for label in thresholds:
                    heard.stream.hears.adjust(label, alarms[label])
            self._task = replace(self._task, alarms=alarms)

    def push(self, data: bytes) -> list[dict[str, Any]]:
        """Hear more of the client's audio; what there is to tell.

        Raises:
            AudioFormatError: the bytes are no whole number of samples.
        """
        told = []
        for piece in pieces(self._format, data, None):
            samples = piece.samples()
            start = self._ends.get(self._source, 0)
            told += self.frame(self._source, AudioFrame(samples, start, self._format.rate))
        return told

    def frame(self, source: str, frame: AudioFrame) -> list[dict[str, Any]]:
        """Hear a frame of a source; one that begins in the past begins the source anew."""
        with self._lock:
            told: list[dict[str, Any]] = []
            if frame.start < self._ends.get(source, 0):
                told = self._streams.pop(source).flush()
            if source not in self._streams:
                self._streams[source] = _LabelStream(self._task, source)
            self._ends[source] = frame.end
            return told + self._streams[source].push(frame)

    def finish(self) -> list[dict[str, Any]]:
        """The stream has ended: what is left to tell."""
        with self._lock:
            return [message for stream in self._streams.values() for message in stream.flush()]

    def close(self) -> None:
        """Let go of the streams; closing twice is harmless."""
        with self._lock:
            self._streams.clear()
