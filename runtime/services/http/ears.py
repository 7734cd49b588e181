"""One client's audio: its own engine, what it heard as messages.

One client's watch for labels: its own audio, or what the server hears, as messages.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from runtime.history.recorder import Recorder
from runtime.history.store import identified
from runtime.services.http.hearing import level_moment, scores_moment
from runtime.services.pcm import PcmFormat, pieces
from wakeword.audio.frames import AudioFrame, Blocker, FloatArray
from wakeword.audio.resampling import Resampler
from wakeword.engine import Engine
from wakeword.errors import ConfigError
from wakeword.events import Match, WakeEvent, Window
from wakeword.labels import Classifier, Question
from wakeword.labels.watch import AlarmConfig, Alert, LabelWatch, Look, WatchConfig

if TYPE_CHECKING:
    from runtime.services.http.drafts import Draft
    from runtime.services.http.service import Service


STREAM = "websocket"
"""What metrics call it."""


class Ear:
    """Hears one stream; from any thread, by one at a time.

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
        self._source = source
        self._moments = moments
        self._draft = draft
        self._session = secrets.token_hex(8)
        loaded = service.loaded
        sounds = loaded.sounds if draft is None else draft.sounds()
        self._engine = Engine(
            sounds, loaded.listening, service.engine_config, observer=self._observe
        )
        rate = self._engine.rate
        hop = round(service.engine_config.segmenter.hop_seconds * rate)
        self._resampler = Resampler(format.rate, rate)
        self._blocker = Blocker(hop)
        self._recorder: Recorder | None = None
        if draft is None:
            self._recorder = service.recorder(self._engine, source, self._session)
        self._messages: list[dict[str, Any]] = []

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self._format.frame_bytes

    @property
    def thresholds(self) -> dict[str, float]:
        """What is listened for, by name."""
        return self._engine.scorer.thresholds

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._engine.position / self._engine.rate

    def push(self, data: bytes) -> list[dict[str, Any]]:
        """Hear more; what there is to tell.

        Raises:
            AudioFormatError: the bytes are no whole number of samples.
        """
        for piece in pieces(self._format, data, None):
            self._hear(self._resampler.push(piece.samples()))
        return self._told()

    def finish(self) -> list[dict[str, Any]]:
        """Hear the last bit: the stream has ended."""
        self._hear(self._resampler.flush())
        for block in self._blocker.flush(self._engine.rate):
            self._step(block)
        self._tell(self._engine.flush())
        self.close()
        return self._told()

    def close(self) -> None:
        """Let go of the stream; closing twice is harmless."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.finish()

    def _hear(self, samples: FloatArray) -> None:
        frame = AudioFrame(samples, self._blocker.position, self._engine.rate)
        for block in self._blocker.push(frame):
            self._step(block)

    def _step(self, block: AudioFrame) -> None:
        """One hop."""
        sounds = self._service.loaded.sounds
        if self._draft is None and sounds is not self._engine.scorer:
            self._engine.load(sounds)
        self._service.metrics.heard(STREAM, 1)
        if self._moments:
            self._messages.append(level_moment(self._source, block))
        self._tell(self._engine.push(block))
        if self._recorder is not None:
            self._recorder.advance(self._engine.position)

    def _observe(self, window: Window, match: Match | None) -> None:
        self._service.metrics.open_frames.labels(STREAM).inc()
        if self._recorder is not None:
            self._recorder.window(window, match)
        if self._moments:
            scores = scores_moment(self._source, window, match, self._engine.scorer)
            self._messages.append(scores)

    def _tell(self, events: list[WakeEvent]) -> None:
        for event in events:
            named = identified(event, self._source, self._session)
            if self._recorder is not None:
                self._recorder.event(named)
            if self._draft is None:
                self._messages.append(self._service.heard(named, STREAM))
            else:
                self._messages.append(named.to_dict())

    def _told(self) -> list[dict[str, Any]]:
        messages, self._messages = self._messages, []
        return messages


HOP_SECONDS = 0.1
"""From one level to the next."""


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


class LabelStream:
    """One source of audio, watched for labels.

    Args:
        task: what to watch for.
        source: what its messages say they came from.
        rate: samples per second of what comes in.
    """

    def __init__(self, task: LabelTask, source: str, rate: int) -> None:
        self._task = task
        self._source = source
        self._session = secrets.token_hex(8)
        self._watch = LabelWatch(
            task.classifier, task.question, task.alarms, task.config, observer=self._look
        )
        self._blocker = Blocker(round(HOP_SECONDS * self._watch.rate))
        self._resampler = Resampler(rate, self._watch.rate)
        self._expected = 0
        self._messages: list[dict[str, Any]] = []

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return self._blocker.position / self._watch.rate

    def adjust(self, label: str, config: AlarmConfig) -> None:
        """Change a label's alarm.

        Raises:
            ConfigError: it is not watched for.
        """
        self._watch.adjust(label, config)

    def push(self, frame: AudioFrame) -> list[dict[str, Any]]:
        """Hear a frame; one that begins later than expected comes behind a gap."""
        if frame.start > self._expected:
            self._skip(frame)
        self._expected = frame.end
        self._hear(self._resampler.push(frame.samples))
        return self._told()

    def finish(self) -> list[dict[str, Any]]:
        """Hear the last bit, and end the alerts that are on."""
        self._hear(self._resampler.flush())
        for block in self._blocker.flush(self._watch.rate):
            self._step(block)
        self._tell(self._watch.flush())
        return self._told()

    def _skip(self, frame: AudioFrame) -> None:
        self._hear(self._resampler.flush())
        for block in self._blocker.flush(self._watch.rate):
            self._step(block)
        self._resampler = Resampler(frame.rate, self._watch.rate)
        start = round(frame.start * self._watch.rate / frame.rate)
        self._blocker.reset(max(start, self._blocker.position))

    def _hear(self, samples: FloatArray) -> None:
        frame = AudioFrame(samples, self._blocker.position, self._watch.rate)
        for block in self._blocker.push(frame):
            self._step(block)

    def _step(self, block: AudioFrame) -> None:
        if self._task.levels:
            self._messages.append(level_moment(self._source, block))
        self._tell(self._watch.push(block))

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

    def _tell(self, alerts: list[Alert]) -> None:
        for alert in alerts:
            named = identified(alert, self._source, self._session).to_dict()
            now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
            self._messages.append({**named, "time": now.replace("+00:00", "Z")})

    def _told(self) -> list[dict[str, Any]]:
        messages, self._messages = self._messages, []
        return messages


class LabelEar:
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
        self._streams: dict[str, LabelStream] = {}
        self._ends: dict[str, int] = {}
        self._lock = threading.Lock()  # settings may change while audio is heard

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of all channels."""
        return self._format.frame_bytes

    @property
    def seconds(self) -> float:
        """How much was heard of the source that was heard most."""
        return max((stream.seconds for stream in self._streams.values()), default=0.0)

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
            for stream in self._streams.values():
                for label in thresholds:
                    stream.adjust(label, alarms[label])
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
                told = self._streams.pop(source).finish()
            if source not in self._streams:
                self._streams[source] = LabelStream(self._task, source, frame.rate)
            self._ends[source] = frame.end
            return told + self._streams[source].push(frame)

    def finish(self) -> list[dict[str, Any]]:
        """The stream has ended: what is left to tell."""
        with self._lock:
            return [message for stream in self._streams.values() for message in stream.finish()]

    def close(self) -> None:
        """Let go of the streams; closing twice is harmless."""
        with self._lock:
            self._streams.clear()
