"""What a listener keeps of the room by the way, so that the sounds can follow it.

A few runs an hour of what the gate let through, drawn at random, with nothing near a sound in
them and no part of a wake, as embeddings: never audio. Now and then, in the background, the sounds
are fitted to them; see :mod:`enroll.drift` for the bounds. The listener notices the new fits as it
notices any change of the library, without a gap.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import numpy as np

from enroll.negatives import RUN_SECONDS
from runtime.history.store import HistoryConfig
from wakeword.audio.frames import FloatArray
from wakeword.engine import Engine
from wakeword.errors import WakesoundError
from wakeword.events import Match, WakeEvent, Window
from wakeword.library.library import SoundLibrary
from wakeword.patterns.counting import NEAR
from wakeword.protocols import Encoder
from wakeword.stream import Observer

_log = logging.getLogger(__name__)

PERIOD_SECONDS = 3600.0
"""Once in so long the sounds are fitted anew, however many processes listen."""
RUNS = 4
"""So many runs are kept of each such time."""
SETTLE_SECONDS = 2.0
"""So much later than the longest row of beats lasts, no event can be made of a run any more."""


class Drift:
    """Follows the room for one library, over all of a program's engines.

    Args:
        library: the sounds; nothing is kept as long as nobody let its room be heard.
        period_seconds: how often the sounds are fitted.
        runs: how many runs are kept each time.
    """

    def __init__(
        self, library: SoundLibrary, period_seconds: float = PERIOD_SECONDS, runs: int = RUNS
    ) -> None:
        self._library = library
        self._period, self._most = period_seconds, runs
        self._rng = np.random.default_rng(0)
        self._kept: list[FloatArray] = []
        self._met = 0
        self._lock = threading.Lock()  # engines offer from their threads
        self._due = time.monotonic() + period_seconds

    def collector(self, engine: Engine) -> Collector:
        """What observes the stream of an engine, and keeps some of what it hears."""
        return Collector(engine, self._offer)

    def tick(self, encoder: Callable[[], Encoder]) -> None:
        """Fit the sounds if it is time to; to be called often, in the background.

        Args:
            encoder: gives the library's, where it is needed.
        """
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + self._period
        with self._lock:
            heard, self._kept, self._met = self._kept, [], 0
        try:
            self._follow(encoder(), heard)
        except (WakesoundError, OSError) as error:
            _log.warning("the sounds stay as they are, the room cannot be followed: %s", error)

    def _follow(self, encoder: Encoder, heard: list[FloatArray]) -> None:
        from enroll.drift import follow

        since = self._library.ambient_since(encoder).path
        if since.exists() and 0 <= time.time() - since.stat().st_mtime < self._period * 0.9:
            return  # another process has, and the bounds are for all of them
        for sound in follow(self._library, encoder, heard):
            if sound.level_change is not None:
                text = "%s follows the room: its level %+.3f log-odds from the one as calibrated"
                _log.info(text, sound.name, sound.level_change)
                continue
            _log.info(
                "%s follows the room: threshold %.3f, %.3f as calibrated",
                *(sound.name, sound.threshold, sound.calibrated),
            )

    def _offer(self, run: FloatArray) -> None:
        """Keep it with the chance that all runs of this time have."""
        with self._lock:
            self._met += 1
            if len(self._kept) < self._most:
                self._kept.append(run)
            elif (place := int(self._rng.integers(self._met))) < self._most:
                self._kept[place] = run


class Collector(Observer):
    """Cuts what one engine hears into runs; those near a sound, and beside such, are left out.

    So is all that was heard since the first beat of a row that woke: where sounds have patterns,
    runs wait until none can come any more.

    Args:
        engine: what is watched.
        offer: is given each run, ``(n, view_dim) float32``.
    """

    def __init__(self, engine: Engine, offer: Callable[[FloatArray], object]) -> None:
        self._engine, self._offer = engine, offer
        self._near = HistoryConfig().near_margin
        self._longest = round(RUN_SECONDS / engine.config.segmenter.hop_seconds)
        self._segment: int | None = None
        self._rows: list[FloatArray] = []
        self._tainted = False
        self._after_near = False
        self._end = 0  # of the last window
        self._waiting: tuple[int, FloatArray] | None = None
        self._settling: list[tuple[int, FloatArray]] = []  # where each ends, and what it is

    def window(self, window: Window, match: Match | None) -> None:
        """See a window and its best match."""
        if window.end < self._end:
            self._settling = []  # the stream began anew
        if window.segment_start != self._segment:
            self._cut()
            self._release()
            self._segment, self._after_near = window.segment_start, False
        if window.embedding is None:
            return
        self._end = window.end
        self._rows.append(window.embedding)
        if match is not None and match.score >= match.threshold - self._margin(match.sound):
            self._tainted = True
        if len(self._rows) == self._longest:
            self._cut()
        self._settle()

    def woke(self, event: WakeEvent) -> None:
        """See an event: nothing that was heard since it began is the room."""
        self._settling = [(end, run) for end, run in self._settling if end <= event.start]
        if self._waiting is not None and self._waiting[0] > event.start:
            self._waiting = None
        self._tainted = self._tainted or bool(self._rows)

    def _margin(self, sound: str) -> float:
        """What is no further below the sound's threshold is near it."""
        return max(self._near, NEAR) if sound in self._engine.sounds.patterns else self._near

    def _cut(self) -> None:
        """The run is over; it is offered once what follows is known to be far as well."""
        if not self._rows:
            return
        if self._tainted:
            self._waiting = None
        else:
            self._release()
            self._waiting = None if self._after_near else (self._end, np.stack(self._rows))
        self._after_near, self._tainted, self._rows = self._tainted, False, []

    def _release(self) -> None:
        """What is far from all sounds is offered as soon as no event can be made of it."""
        if self._waiting is not None:
            self._settling.append(self._waiting)
            self._waiting = None

    def _settle(self) -> None:
        """Offer the runs of which no event can be made any more."""
        rows = [sound.longest_seconds for sound in self._engine.sounds.patterns.values()]
        wait = round((max(rows) + SETTLE_SECONDS) * self._engine.rate) if rows else 0
        while self._settling and self._settling[0][0] + wait <= self._end:
            self._offer(self._settling.pop(0)[1])
