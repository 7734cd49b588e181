"""The last seconds of what an engine heard, put together from its windows.

Drafts to disk in a thread of their own: whoever listens never waits for the disk.

From windows, matches and events of one stream to records: what fired and what nearly did.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial

import numpy as np

from runtime.history.store import History, HistoryConfig, HistoryEntry, identified, packed
from runtime.threads import BoundedQueue, Worker
from wakeword.audio.flac import encode_flac
from wakeword.audio.frames import FloatArray
from wakeword.audio.speech import SpeechDetector, TalkJudge
from wakeword.embedding.embedder import view_dim
from wakeword.engine import Engine
from wakeword.errors import WakesoundError
from wakeword.events import Match, WakeEvent, Window
from wakeword.patterns.counting import NEAR
from wakeword.stream import Observer

SECONDS = 12.0
"""How much is remembered."""


class AudioTrail:
    """Audio by sample index, in bounded memory. What no window held is silence.

    Args:
        rate: samples per second.
    """

    def __init__(self, rate: int) -> None:
        self._longest = round(SECONDS * rate)
        self._pieces: deque[tuple[int, FloatArray]] = deque()
        self._talk: deque[tuple[int, int]] = deque()
        self._end = 0

    def push(self, window: Window, *, talk: bool) -> None:
        """Remember what is new in the window, and whether it holds talk."""
        if talk:
            self._talk.append((window.start, window.end))
        new = window.samples[max(0, self._end - window.start) :].copy()
        if len(new):
            self._pieces.append((window.end - len(new), new))
            self._end = window.end
        while self._pieces and self._pieces[0][0] < self._end - self._longest:
            self._pieces.popleft()
        while self._talk and self._talk[0][1] < self._end - self._longest:
            self._talk.popleft()

    def talk(self, start: int, end: int) -> bool:
        """Whether any window within the samples ``start:end`` held talk, at least in part."""
        return any(first < end and start < last for first, last in self._talk)

    def cut(self, start: int, end: int) -> FloatArray:
        """The samples ``start:end``, ``(n,) float32``."""
        cut = np.zeros(end - start, np.float32)
        for first, samples in self._pieces:
            a, b = max(start, first), min(end, first + len(samples))
            if a < b:
                cut[a - start : b - start] = samples[a - first : b - first]
        return cut


_log = logging.getLogger(__name__)

MOST_WAITING = 64
"""Drafts that may wait; a disk that hangs costs the oldest of them."""
CLOSE_SECONDS = 10.0
"""How long the last drafts are waited for."""


class HistoryWriter:
    """Finishes drafts and puts them into a history.

    What cannot be written is logged and forgotten; the listening goes on.

    Args:
        history: where they go.
    """

    def __init__(self, history: History) -> None:
        self.history = history
        self._queue: BoundedQueue[Draft] = BoundedQueue(MOST_WAITING)
        self._worker = Worker("wakesound-history", self._write_all)
        self._problem = ""

    @property
    def dropped(self) -> int:
        """Records that were lost since the disk was too slow."""
        return self._queue.dropped

    def recorder(self, engine: Engine, *, source: str, session: str, patient: bool) -> Recorder:
        """What watches an engine and hands its drafts on.

        Args:
            engine: what is watched, by a stream that the recorder observes.
            source: name of the source.
            session: see :func:`runtime.history.store.identified`.
            patient: wait for the disk instead of losing records: for recordings.
        """

        def take(draft: Draft) -> None:
            if not self._queue.put(draft, patient=patient):
                _log.debug("the history has lost %d records so far", self._queue.dropped)

        return Recorder(engine, self.history.config, take, source=source, session=session)

    def start(self) -> None:
        """Begin to write."""
        self._worker.start()

    def close(self) -> None:
        """Write what waits and end; also when it never began."""
        self._queue.finish()
        if self._worker.is_alive():
            self._worker.join(CLOSE_SECONDS)

    def _write_all(self) -> None:
        self._attempt(self.history.trim)
        while (draft := self._queue.get()) is not None:
            self._attempt(partial(self._write, draft))

    def _attempt(self, do: Callable[[], object]) -> None:
        try:
            do()
            self._problem = ""
        except WakesoundError as error:
            if str(error) != self._problem:
                _log.warning("the history cannot be kept: %s", error)
            self._problem = str(error)

    def _write(self, draft: Draft) -> None:
        clip = None if draft.clip is None else encode_flac(draft.clip, draft.rate)
        self.history.put(draft.entry, clip)


QUIET_SECONDS = 1.0
"""A near miss is over when nothing came near for so long."""
LONGEST_SECONDS = 5.0
"""What goes on for longer is cut into several."""
SETTLE_SECONDS = 2.0
"""So much later no event can be made of it any more, and it is recorded."""
MOST_WINDOWS = 20
"""The best of more are kept."""


@dataclass(frozen=True, eq=False)
class Draft:
    """A record on its way to the disk, and its audio."""

    entry: HistoryEntry
    clip: FloatArray | None
    """The audio of it all, ``(n,) float32``; None where it may not be kept."""
    rate: int
    """Samples per second of it."""


@dataclass(frozen=True, eq=False)
class _Heard:
    """A window that came near, without its samples: they would add up."""

    start: int
    end: int
    segment_start: int
    embedding: FloatArray
    match: Match
    speech: float

    @property
    def margin(self) -> float:
        return self.match.score - self.match.threshold


@dataclass(eq=False)
class _Case:
    """Windows of one sound that belong together."""

    sound: str
    heard: list[_Heard] = field(default_factory=list)
    event: WakeEvent | None = None
    written: int = 0
    """Windows that there were when it was recorded before."""

    @property
    def start(self) -> int:
        return self.heard[0].start

    @property
    def end(self) -> int:
        last = self.heard[-1].end if self.heard else 0
        return max(last, self.event.end if self.event else 0)

    @property
    def best(self) -> _Heard:
        return max(self.heard, key=lambda heard: heard.margin)


class Recorder(Observer):
    """Observes the stream of one engine.

    It runs on the engine's thread and only collects; whoever takes the drafts does the rest.

    Args:
        engine: what it watches.
        config: what counts as near, and whether audio is kept.
        take: called with each draft; a wake comes twice when more of it was heard later.
        source: name of the source.
        session: see :func:`runtime.history.store.identified`.
    """

    def __init__(
        self,
        engine: Engine,
        config: HistoryConfig,
        take: Callable[[Draft], object],
        *,
        source: str = "",
        session: str = "",
    ) -> None:
        self._encoder_id, self._dim = engine.encoder.id, view_dim(engine.encoder)
        self._gate, self._rate = engine.config.gate, engine.rate
        self._engine, self._margin = engine, config.near_margin
        self._take = take
        self._source, self._session = source, session
        self._voice = SpeechDetector(engine.rate)
        judged = config.keep_audio and not config.keep_speech
        self._talks = TalkJudge(engine.encoder) if judged else None
        self._trail = AudioTrail(engine.rate) if config.keep_audio else None
        self._cases: list[_Case] = []
        kept = round(LONGEST_SECONDS / engine.config.segmenter.hop_seconds)
        self._faint: deque[_Heard] = deque(maxlen=kept)  # only a row of beats may come of these

    def window(self, window: Window, match: Match | None) -> None:
        """See a window and its best match."""
        if self._trail is not None:
            talk = self._talks is not None and self._talks(window)
            self._trail.push(window, talk=talk)
        if match is None or window.embedding is None:
            return
        if match.score < match.threshold - self._margin:
            patterned = match.sound in self._engine.sounds.patterns
            if patterned and match.score >= match.threshold - NEAR:
                self._faint.append(_heard(window, window.embedding, match))
            return
        case = next((c for c in reversed(self._cases) if c.sound == match.sound), None)
        if case is None or self._over(case, window):
            case = _Case(match.sound)
            self._cases.append(case)
        speech = self._voice.share(window.samples)
        case.heard.append(_heard(window, window.embedding, match, speech))

    def event(self, event: WakeEvent) -> None:
        """See an event; it is recorded at once."""
        fired = _Case(event.sound, event=event)
        for case in self._cases:
            if case.sound == event.sound:
                mine = [h for h in case.heard if h.end > event.start]
                fired.heard += mine
                if case.event is None:
                    case.heard = [h for h in case.heard if h not in mine]
        if event.pattern:
            fired.heard += [
                h for h in self._faint if h.match.sound == event.sound and h.end > event.start
            ]
            fired.heard.sort(key=lambda h: h.end)
        self._cases = [case for case in self._cases if case.heard or case.event]
        self._cases.append(fired)
        self._write(fired)

    def advance(self, position: int) -> None:
        """Record what is settled when the stream has come to ``position``."""
        settled = position - round(SETTLE_SECONDS * self._rate)
        self._settle([case for case in self._cases if case.end <= settled])

    def finish(self) -> None:
        """Record what is left: the stream has ended."""
        self._settle(list(self._cases))

    def _over(self, case: _Case, window: Window) -> bool:
        """Whether the window is no part of the case any more."""
        quiet = window.end - case.end > QUIET_SECONDS * self._rate
        start = case.start if case.heard else case.end
        longer = window.end - start > LONGEST_SECONDS * self._rate
        other = bool(case.heard) and case.heard[-1].segment_start != window.segment_start
        return quiet or longer or other

    def _settle(self, cases: list[_Case]) -> None:
        for case in cases:
            if len(case.heard) > case.written and not (case.event is None and self._minor(case)):
                self._write(case)
        self._cases = [case for case in self._cases if case not in cases]

    def _minor(self, case: _Case) -> bool:
        """Whether another sound was nearer in the same segment, or fired: one record is enough."""
        segment = case.heard[-1].segment_start
        return any(
            other is not case
            and any(h.segment_start == segment for h in other.heard)
            and (other.event is not None or other.best.margin > case.best.margin)
            for other in self._cases
        )

    def _write(self, case: _Case) -> None:
        case.written = len(case.heard)
        event = case.event or self._named(case.best)
        heard = sorted(case.heard, key=lambda h: h.margin, reverse=True)[:MOST_WINDOWS]
        heard.sort(key=lambda h: h.end)
        clip, clip_from = self._clip(heard)
        entry = HistoryEntry(
            id=event.id,
            kind="wake" if case.event else "near",
            time=datetime.now(timezone.utc),
            sound=event.sound,
            pattern=event.pattern,
            score=event.score,
            threshold=event.threshold,
            take=event.take,
            why=_why(case),
            gate=self._gate,
            source=event.source,
            start_seconds=event.start_seconds,
            end_seconds=event.end_seconds,
            speech=round(event.speech, 2),
            encoder_id=self._encoder_id,
            dim=len(heard[0].embedding) if heard else self._dim,
            scores=tuple(round(h.match.score, 4) for h in heard),
            vectors=packed(np.stack([h.embedding for h in heard])) if heard else "",
            clip_from_seconds=clip_from,
        )
        self._take(Draft(entry, clip, self._rate))

    def _named(self, best: _Heard) -> WakeEvent:
        """A near miss as if it had been an event, with an identifier of its own."""
        match = best.match
        event = WakeEvent(
            sound=match.sound,
            score=match.score,
            threshold=match.threshold,
            start=best.start,
            end=best.end,
            rate=self._rate,
            take=match.take,
            speech=best.speech,
        )
        return identified(event, self._source, f"near {self._session}")

    def _clip(self, heard: list[_Heard]) -> tuple[FloatArray | None, float]:
        """The audio from the first window's start on, and where in it that window ends.

        None where audio is not kept, or where somebody seems to talk.
        """
        if self._trail is None or not heard:
            return None, 0.0
        start, end = heard[0].start, heard[-1].end
        if self._trail.talk(start, end):
            return None, 0.0
        return self._trail.cut(start, end), (heard[0].end - start) / self._rate


def _heard(window: Window, embedding: FloatArray, match: Match, speech: float = 0.0) -> _Heard:
    """What is kept of a window."""
    return _Heard(window.start, window.end, window.segment_start, embedding, match, speech)


def _why(case: _Case) -> str:
    if case.event is not None:
        return "fired"
    margin, refused = case.best.margin, case.best.match.refused
    for heard in case.heard:  # a better one, just before, may only have been not long enough
        refused = refused or (heard.match.refused if heard.margin >= 0 else "")
    if margin >= 0 and refused:
        return f"refused: {refused}"
    if margin >= 0:
        return "matched, but not for long enough or too soon after the last"
    return f"{-margin:.2f} below the threshold"
