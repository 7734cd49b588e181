"""What is told of each moment to those who watch: the level, and what it sounds like.

The server's own sources: started, stopped and muted while it runs.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from runtime.listening.listener import WakeListener
from runtime.listening.stats import Stats
from runtime.sources import open_source
from wakeword.audio.frames import AudioFrame, level_db
from wakeword.audio.logmel import LogMel, decibels
from wakeword.errors import WakesoundError
from wakeword.events import Match, WakeEvent, Window
from wakeword.protocols import Source
from wakeword.scoring.scorer import Scorer

if TYPE_CHECKING:
    from runtime.services.http.service import Service


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
    source: str, window: Window, match: Match | None, scorer: Scorer
) -> dict[str, Any]:
    """Likeness of a window to each sound, while the gate is open."""
    scores = {} if window.embedding is None else scorer.scores(window.embedding)
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


class Hearing:
    """Listens to the sources that the server was started with.

    As long as there are no sounds it waits for the first.

    Args:
        service: whose encoder and sounds it uses, and who is told.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._uris = service.config.listen
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
            if not self._service.loaded.sounds.sounds:
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
        service = self._service
        encoder = service.loaded.listening
        with contextlib.ExitStack() as undo:
            sources = []
            for uri in self._uris:
                source = open_source(uri, encoder.rate, realtime=service.config.realtime)
                undo.callback(source.close)
                sources.append(Tap(source, self))
            listener = WakeListener(
                service.library,
                sources,
                encoder=encoder,
                config=service.engine_config,
                history=service.history,
                observe=self._observe,
                drift=service.drift,
            )
            listener.on("*", self._heard)
            listener.start()
            undo.pop_all()
        return listener

    def _heard(self, event: WakeEvent) -> None:
        self._service.heard(event, event.source)

    def _observe(self, source: str, window: Window, match: Match | None) -> None:
        self._service.metrics.open_frames.labels(source).inc()
        if self._service.feed.watched:
            sounds = self._service.loaded.sounds
            self._service.feed.moment(scores_moment(source, window, match, sounds))

    def passes(self, source: str, frame: AudioFrame) -> bool:
        """See a frame; whether the engine shall hear it."""
        if self.muted_seconds:
            return False
        hop = self._service.engine_config.segmenter.hop_seconds
        self._service.metrics.heard(source, frame.seconds / hop)
        if self._service.feed.watched:
            self._service.feed.moment(level_moment(source, frame))
        for follower in self._followers:
            follower(source, frame)
        return True


class Tap:
    """A source that can be watched and muted; what is muted becomes a gap.

    Args:
        source: any source at the engine's rate.
        hearing: sees each frame and decides.
    """

    def __init__(self, source: Source, hearing: Hearing) -> None:
        self._source = source
        self._hearing = hearing
        self.name = source.name
        self.rate = source.rate
        self.live = source.live

    def __iter__(self) -> Iterator[AudioFrame]:
        """Yield the frames that pass."""
        for frame in self._source:
            if self._hearing.passes(self.name, frame):
                yield frame

    @property
    def restarts(self) -> int:
        """How often a device that had gone was opened again."""
        return int(getattr(self._source, "restarts", 0))

    def close(self) -> None:
        """Close the source."""
        self._source.close()
