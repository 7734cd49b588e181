"""One client's listening: its audio in, what was heard out, in the client's own time."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from runtime.drift import Drift
from runtime.history_recorder import Recorder
from runtime.identity import identified
from runtime.services.pcm import Piece
from wakeword.audio import AudioFrame, FloatArray
from wakeword.config import EngineConfig
from wakeword.engine import Engine
from wakeword.events import WakeEvent
from wakeword.protocols import Encoder
from wakeword.resampler import Resampler
from wakeword.scorer import Scorer

KEPT_SECONDS = 2.0
"""How long the timestamps of past audio are remembered."""


@dataclass(frozen=True)
class Loaded:
    """What all clients listen with."""

    encoder: Encoder
    sounds: Scorer


Remember = Callable[[Engine, str, str], Recorder]
"""What watches an engine for the history; of this source, in this session."""


@dataclass(frozen=True)
class Heard:
    """A wake event and when it was."""

    event: WakeEvent
    timestamp: int
    """The end of what was heard, told as the client tells the time."""


class Ear:
    """Hears one stream. It may be called from any thread, by one at a time.

    Args:
        config: settings of the engine.
        timestamp: when the stream begins, for a client that does not say it with the audio.
        source: what the history says that it came from.
        remember: makes what watches an engine for the history; None remembers nothing.
        drift: lets the sounds follow what is heard.
    """

    def __init__(
        self,
        config: EngineConfig,
        timestamp: int = 0,
        *,
        source: str = "",
        remember: Remember | None = None,
        drift: Drift | None = None,
    ) -> None:
        self._config = config
        self._begin = timestamp
        self._source = source
        self._remember = remember
        self._drift = drift
        self._session = secrets.token_hex(8)
        self._recorder: Recorder | None = None
        self._engine: Engine | None = None

    def hear(self, loaded: Loaded, pieces: Sequence[Piece]) -> list[Heard]:
        """Hear more of the stream."""
        engine = self._ready(loaded)
        events: list[WakeEvent] = []
        for piece in pieces:
            for samples in self._resampled(piece, engine.rate):
                events += engine.push(AudioFrame(samples, self._position, engine.rate))
                self._position += len(samples)
        found = self._told(events)
        if self._recorder is not None:
            self._recorder.advance(engine.position)
        return found

    @property
    def begun(self) -> bool:
        """Whether it has heard anything."""
        return self._engine is not None

    def end(self) -> list[Heard]:
        """The end of the stream: hear its last bit."""
        if self._engine is None:
            return []
        tail = self._resampler.flush()
        events = self._engine.push(AudioFrame(tail, self._position, self._engine.rate))
        found = self._told(events + self._engine.flush())
        if self._recorder is not None:
            self._recorder.finish()
        return found

    def _ready(self, loaded: Loaded) -> Engine:
        """The engine with the newest sounds; another encoder needs another engine."""
        engine = self._engine
        if engine is None or engine.encoder is not loaded.encoder:
            engine = self._engine = Engine(loaded.sounds, loaded.encoder, self._config)
            self._watch(engine)
            self._resampler = Resampler(engine.rate, engine.rate)
            self._position = self._base = self._fed = 0
            self._marks: deque[tuple[int, int]] = deque([(0, self._begin)])
        elif engine.scorer is not loaded.sounds:
            engine.load(loaded.sounds)
        return engine

    def _watch(self, engine: Engine) -> None:
        """Remember what this engine hears, and the last of what the one before heard."""
        if self._recorder is not None:
            self._recorder.finish()
        if self._remember is not None:
            self._recorder = self._remember(engine, self._source, self._session)
            engine.observer = self._recorder.window
        if self._drift is not None:
            self._drift.watch(engine)

    def _told(self, events: Sequence[WakeEvent]) -> list[Heard]:
        """The events in the client's time; the history has them now."""
        if self._recorder is not None:
            for event in events:
                self._recorder.event(identified(event, self._source, self._session))
        return [self._timed(event) for event in events]

    def _resampled(self, piece: Piece, rate: int) -> Iterator[FloatArray]:
        """Samples for the engine; a gap or another rate begins the resampling afresh."""
        if piece.lost_seconds or piece.format.rate != self._resampler.in_rate:
            yield self._resampler.flush()
            self._position += round(piece.lost_seconds * rate)
            self._resampler = Resampler(piece.format.rate, rate)
            self._base, self._fed = self._position, 0
        if piece.timestamp is not None:
            begin = self._base + round(self._fed / piece.format.rate * rate)
            self._mark(begin, piece.timestamp, begin - round(KEPT_SECONDS * rate))
        samples = piece.samples()
        self._fed += len(samples)
        yield self._resampler.push(samples)

    def _mark(self, position: int, timestamp: int, past: int) -> None:
        """Remember when a sample was, and forget what was before the past."""
        self._marks.append((position, timestamp))
        while len(self._marks) > 1 and self._marks[1][0] < past:
            self._marks.popleft()

    def _timed(self, event: WakeEvent) -> Heard:
        """Say when it was: the last timestamp before it, and the milliseconds since."""
        position, timestamp = next(
            (mark for mark in reversed(self._marks) if mark[0] < event.end), self._marks[0]
        )
        after_ms = max(0, event.end - position) * 1000 / event.rate
        return Heard(event, timestamp + int(after_ms))
