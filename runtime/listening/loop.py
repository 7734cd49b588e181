"""How loud it is: the level of the last second.

One source and its engine: a thread that reads, a thread that listens, a queue between.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable

from runtime.history.store import identified
from runtime.listening.muting import Muting, Played
from runtime.listening.stats import SourceStats
from runtime.threads import BoundedQueue, Worker
from wakeword.audio.frames import SILENCE_DB, AudioFrame, FloatArray, level_db
from wakeword.events import WakeEvent
from wakeword.library.enrolled import EnrolledSounds
from wakeword.protocols import Hearing, Source
from wakeword.stream import Observer, Stream

SPAN_SECONDS = 1.0
"""How far back a meter looks."""


class LevelMeter:
    """The level of the loudest frame of the last second of a stream.

    The loudest, since the mean of a second would not show a clap.
    """

    def __init__(self) -> None:
        self._levels: deque[tuple[int, float]] = deque()
        self.level_db = SILENCE_DB
        """RMS of that frame in dBFS; may be read from any thread."""

    def push(self, frame: AudioFrame) -> None:
        """Take the next frame."""
        self._levels.append((frame.end, level_db(frame.samples)))
        begin = frame.end - SPAN_SECONDS * frame.rate
        while len(self._levels) > 1 and self._levels[0][0] <= begin:
            self._levels.popleft()
        self.level_db = float(max(level for _, level in self._levels))


_log = logging.getLogger(__name__)

QUEUE_SECONDS = 4.0
"""Audio that may wait for the engine."""
READER_SECONDS = 1.0
"""How long the closing of a source and the end of its thread are waited for."""


class SourceLoop:
    """Hears one source until its end.

    A recording waits for the engine. Live audio does not: when the engine is too slow, all
    that waits is dropped at once and counted, and the engine sees one gap in sample time.

    Args:
        source: what to hear, at the engine's rate.
        name: what its events say they came from.
        hears: an engine, or a watch for labels; it hears nothing else.
        heard: called with each event, and whether the source can wait meanwhile.
        ended: called once, after the last event.
        session: see :func:`runtime.history.store.identified`; for live sources.
        observers: see what is heard, as the history does.
    """

    def __init__(
        self,
        source: Source,
        name: str,
        hears: Hearing,
        heard: Callable[[WakeEvent, bool], object],
        ended: Callable[[], object],
        session: str,
        observers: Iterable[Observer] = (),
    ) -> None:
        self.name = name
        self._source = source
        self.live = source.live
        """Whether the source is heard by the clock."""
        self.stream = Stream(hears, [*observers, _Teller(self._tell)], self._named)
        """What drives the engine."""
        self._heard = heard
        self._ended = ended
        self._session = session if source.live else ""
        self._queue: BoundedQueue[AudioFrame] = BoundedQueue(
            round(QUEUE_SECONDS * hears.rate),
            size=lambda frame: len(frame.samples),
            drop="all",
        )
        self._reader = Worker(f"wakesound-reader-{name}", self._read, carry=True)
        self._listener = Worker(f"wakesound-engine-{name}", self._run, carry=True)
        self._meter = LevelMeter()
        self._muting = Muting()
        self._played = Played(hears.rate)
        self._arrived = self._position = 0
        self.clock_offset_seconds = 0.0
        """Added to times in the stream, it gives those of all sources on one clock."""
        self._suppressed = 0
        self._stopping = False
        self._events = 0

    def start(self) -> None:
        """Begin to listen."""
        self._reader.start()
        self._listener.start()

    def stop(self) -> None:
        """End soon, without hearing what waits; from any thread. The source is closed then."""
        self._stopping = True
        self._queue.close()

    def join(self) -> None:
        """Wait for the engine's thread, once it said that it ended."""
        self._listener.join()

    def load(self, sounds: EnrolledSounds) -> None:
        """Listen for these from the next block on; from any thread."""
        self.stream.reload(sounds)

    @property
    def now(self) -> int:
        """The sample that is being heard: the latest of a live source, or the engine's next."""
        return max(self._arrived if self._source.live else 0, self._position)

    def mute(self, seconds: float) -> None:
        """Hear nothing for so long from now on; from any thread."""
        self._muting.mute(self.now, seconds * self.stream.rate)

    def unmute(self) -> None:
        """Hear again from now on; from any thread."""
        self._muting.lift(self.now)

    def play(self, samples: FloatArray, rate: int) -> None:
        """This is being played from now on, and no wake; from any thread."""
        self._played.play(samples, rate, self.now)

    @property
    def error(self) -> BaseException | None:
        """Why it ended, if not at the end of the source."""
        return self._listener.error or self._reader.error

    def stats(self) -> SourceStats:
        """What happened so far."""
        error = self.error
        alive = self._listener.is_alive()
        return SourceStats(
            name=self.name,
            state="failed" if error else "listening" if alive else "ended",
            seconds=max(self._position, self.stream.position) / self.stream.rate,
            events=self._events,
            frames_dropped=self._queue.dropped,
            samples_lost=self._source.samples_lost,
            restarts=self._source.restarts,
            account=self._source.account,
            error=str(error) if error else "",
            level_db=self._meter.level_db,
            suppressed=self._suppressed,
        )

    def _read(self) -> None:
        try:
            for frame in self._source:
                if self._stopping:
                    return
                if not self._arrived:
                    self.clock_offset_seconds = time.monotonic() - frame.end / frame.rate
                self._arrived = frame.end
                if not self._queue.put(frame, patient=not self._source.live):
                    _log.warning(
                        "%s: this machine is too slow to hear everything; %d frames dropped so far",
                        self.name,
                        self._queue.dropped,
                    )
        finally:
            self._queue.finish()

    def _run(self) -> None:
        try:
            self._listen()
        finally:
            try:
                self.stream.finish()
                self._queue.close()
                self._close_source()
            finally:
                self._ended()

    def _close_source(self) -> None:
        """Close the source and wait for its thread; one whose driver hangs is left behind."""
        closer = Worker(f"wakesound-closer-{self.name}", self._source.close, carry=True)
        closer.start()
        deadline = time.monotonic() + READER_SECONDS
        for thread in (closer, self._reader):
            thread.join(max(0.0, deadline - time.monotonic()))
        if closer.error is not None:
            raise closer.error

    def _listen(self) -> None:
        while (frame := self._queue.get()) is not None:
            self._meter.push(frame)
            self._position = frame.end
            self._played.hear(frame)
            for part in self._muting(frame):
                self.stream.push(part)
        if not self._stopping:
            self.stream.flush()

    def _named(self, event: WakeEvent) -> WakeEvent | None:
        """The event as it is told; None for what we play ourselves, and once we shall stop."""
        if self._stopping:
            return None
        if self._played.owns(event):
            self._suppressed += 1
            _log.info("%s: %s is what we play ourselves", self.name, event.name)
            return None
        return identified(event, self.name, self._session)

    def _tell(self, event: WakeEvent) -> None:
        self._events += 1
        self._heard(event, not self.live)


class _Teller(Observer):
    """Passes each event on as soon as it is made.

    Args:
        tell: is given the event.
    """

    def __init__(self, tell: Callable[[WakeEvent], object]) -> None:
        self._tell = tell

    def event(self, event: WakeEvent) -> None:
        self._tell(event)
