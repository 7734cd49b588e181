"""What is told of each moment to those who watch: the level, and what it sounds like.

The server's own sources: started, stopped and muted while it runs.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from runtime.history.store import History
from runtime.listening.listener import WakeListener
from runtime.listening.stats import Stats
from runtime.services.http.config import ServerConfig
from runtime.services.http.feed import EventFeed
from runtime.services.http.metrics import MeteredEncoder, Metrics
from runtime.sources import open_source
from wakeword.audio.frames import AudioFrame, level_db
from wakeword.audio.logmel import LogMel, decibels
from wakeword.engine import EngineConfig
from wakeword.errors import WakesoundError
from wakeword.events import Match, WakeEvent, Window
from wakeword.library.enrolled import EnrolledSounds
from wakeword.library.library import SoundLibrary
from wakeword.protocols import Encoder, Source, SourceWrapper

BANDS = 32
CLIPPED = 0.99


def level_moment(source: str, frame: AudioFrame) -> dict[str, Any]:
    """Level and spectrum of a short frame.

    ``bands`` are levels in dBFS of mel bands from 50 Hz up, lowest first: a column of a
    spectrogram.
    """
    logmel = LogMel(frame.rate, BANDS)
    short = max(0, logmel.frame - len(frame.samples))
    power = logmel.power(np.pad(frame.samples, (0, short)))
    bands = decibels(power.mean(axis=0)).round().astype(int)
    return {
        "event": "level",
        "source": source,
        "time": round(frame.end / frame.rate, 3),
        "level_db": round(level_db(frame.samples), 1),
        "clipped": bool(len(frame.samples) and np.abs(frame.samples).max() >= CLIPPED),
        "bands": bands.tolist(),
    }


def scores_moment(
    source: str, window: Window, match: Match | None, sounds: EnrolledSounds
) -> dict[str, Any]:
    """Likeness of a window to each sound, while the gate is open."""
    scores = {} if window.embedding is None else sounds.scores(window.embedding)
    return {
        "event": "scores",
        "source": source,
        "time": round(window.end / window.rate, 3),
        "scores": {name: round(score, 4) for name, score in scores.items()},
        "best": match.sound if match else None,
        "hit": match.hit if match else False,
    }


_log = logging.getLogger(__name__)

Follower = Callable[[str, AudioFrame], object]
"""Is told the name of the source and each frame, in the source's thread; it must be quick."""


@dataclass(frozen=True)
class Loaded:
    """What listening needs."""

    encoder: Encoder
    """As it is, for enrollment and classification."""
    spec: str
    """What ``create_encoder`` made it from."""
    listening: MeteredEncoder
    """The same, timed."""
    sounds: EnrolledSounds
    """The newest sounds."""


class ServerListening:
    """Listens to the sources that the server was started with.

    As long as there are no sounds it waits for the first.

    Args:
        library: the sounds.
        config: names the sources.
        engine_config: settings of the engines.
        loaded: gives the encoder and the sounds, as they are now.
        heard: called with each event and the name of its source.
        metrics: are told what was heard.
        feed: is told levels and scores while somebody watches.
        history: where wakes and near misses are remembered; None remembers none.
        drift: whether the sounds follow the room of live sources.
    """

    def __init__(
        self,
        library: SoundLibrary,
        config: ServerConfig,
        engine_config: EngineConfig,
        *,
        loaded: Callable[[], Loaded],
        heard: Callable[[WakeEvent, str], object],
        metrics: Metrics,
        feed: EventFeed,
        history: History | None,
        drift: bool,
    ) -> None:
        self._library = library
        self._config = config
        self._engine_config = engine_config
        self._loaded = loaded
        self._tell = heard
        self._metrics = metrics
        self._feed = feed
        self._history = history
        self._drift = drift
        self._uris = config.listen
        self._listener: WakeListener | None = None
        self._lock = threading.RLock()  # one at a time starts or stops
        self._muted_until = 0.0
        self._followers: tuple[Follower, ...] = ()
        self.wanted = False
        """Whether it shall listen."""
        self.problem = ""
        """Why it does not."""

    @property
    def sources(self) -> tuple[str, ...]:
        """What it was told to hear."""
        return self._uris

    @property
    def listening(self) -> bool:
        """Whether it does."""
        return self._listener is not None and self._listener.listening

    @property
    def muted_seconds(self) -> float:
        """How long it still hears nothing on purpose."""
        return max(0.0, self._muted_until - time.monotonic())

    def stats(self) -> Stats:
        """What the sources did since the last start."""
        return self._listener.stats if self._listener else Stats()

    def start(self) -> None:
        """Listen, or begin to as soon as there are sounds; blocking.

        Raises:
            SourceError: a source cannot be opened.
            WakesoundError: the sounds cannot be used.
        """
        with self._lock:
            self.wanted = bool(self._uris)
            if not self.wanted or self.listening:
                return
            if not self._loaded().sounds.sounds:
                self.problem = "there are no sounds yet"
                return
            try:
                self._listener = self._started()
            except WakesoundError as error:
                self.problem = str(error)
                raise
            self.problem = ""

    def stop(self) -> None:
        """Listen no more; blocking."""
        with self._lock:
            self.wanted = False
            self.problem = ""
            if self._listener is not None:
                self._listener.stop()

    def mute(self, seconds: float) -> None:
        """Hear nothing for so long from now on; 0 ends it."""
        self._muted_until = time.monotonic() + seconds

    def follow(self, follower: Follower) -> Callable[[], None]:
        """Let somebody hear along from now on, until what is returned is called."""
        with self._lock:
            self._followers = (*self._followers, follower)

        def leave() -> None:
            with self._lock:
                self._followers = tuple(one for one in self._followers if one is not follower)

        return leave

    def sounds_changed(self) -> None:
        """Begin now, if it was waiting for the first sound."""
        if self.wanted and not self.listening and self.problem:
            with contextlib.suppress(WakesoundError):
                self.start()

    def _started(self) -> WakeListener:
        encoder = self._loaded().listening
        with contextlib.ExitStack() as undo:
            sources = []
            for uri in self._uris:
                source = open_source(uri, encoder.rate, realtime=self._config.realtime)
                undo.callback(source.close)
                sources.append(Tap(source, self))
            listener = WakeListener(
                self._library,
                sources,
                encoder=encoder,
                config=self._engine_config,
                history=self._history,
                observe=self._observe,
                drift=self._drift,
            )
            listener.on("*", self._heard)
            listener.start()
            undo.pop_all()
        return listener

    def _heard(self, event: WakeEvent) -> None:
        self._tell(event, event.source)

    def _observe(self, source: str, window: Window, match: Match | None) -> None:
        self._metrics.open_frames.labels(source).inc()
        if self._feed.watched:
            sounds = self._loaded().sounds
            self._feed.moment(scores_moment(source, window, match, sounds))

    def passes(self, source: str, frame: AudioFrame) -> bool:
        """See a frame; whether the engine shall hear it."""
        if self.muted_seconds:
            return False
        hop = self._engine_config.segmenter.hop_seconds
        self._metrics.heard(source, frame.seconds / hop)
        if self._feed.watched:
            self._feed.moment(level_moment(source, frame))
        for follower in self._followers:
            follower(source, frame)
        return True


class Tap(SourceWrapper):
    """A source that can be watched and muted; what is muted becomes a gap.

    Args:
        source: any source at the engine's rate.
        hearing: sees each frame and decides.
    """

    def __init__(self, source: Source, hearing: ServerListening) -> None:
        super().__init__(source)
        self._hearing = hearing

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield the frames that pass."""
        for frame in self.wrapped:
            if self._hearing.passes(self.name, frame):
                yield frame
