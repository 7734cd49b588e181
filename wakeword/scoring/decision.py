"""What wakes: from the windows and blocks of one stream to events, decided in this one place.

A window's match must have the right order and, where there is a second encoder, its word; then
patience and refractory time make one event of each occurrence. Sounds with patterns are counted
instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wakeword.audio.frames import AudioFrame
from wakeword.audio.speech import SpeechDetector
from wakeword.errors import require_not_negative, require_positive
from wakeword.events import Match, WakeEvent, Window
from wakeword.library.enrolled import EnrolledSounds
from wakeword.patterns.counting import Counted, PatternCounter
from wakeword.patterns.order import Ordering
from wakeword.protocols import Encoder
from wakeword.scoring.matching import Matcher
from wakeword.scoring.presence import Presence


@dataclass(frozen=True)
class TriggerConfig:
    """When a run of matches becomes one event."""

    patience: int = 2
    """Windows in a row that must match."""
    refractory_seconds: float = 1.0
    """Shortest time between two events of one sound."""

    def __post_init__(self) -> None:
        require_positive(self, "patience")
        require_not_negative(self, "refractory_seconds")


@dataclass
class _State:
    run: int = 0
    """Matching windows in a row."""
    away: int = 0
    """Windows in a row that did not match."""
    armed: bool = True
    """Whether the sound went away since its last event."""
    fired_at: int | None = None
    """End of the window that fired last."""


class Trigger:
    """Fires when a sound matches ``patience`` windows in a row.

    After firing, the sound must first stop matching for as many windows, and the refractory
    time must be over, before it can fire again: a long ring is one event, even where it
    wavers. Each sound has its own state.

    Args:
        rate: samples per second of the positions.
        config: patience and refractory time.
    """

    def __init__(self, rate: int, config: TriggerConfig) -> None:
        self._patience = config.patience
        self._refractory = round(config.refractory_seconds * rate)
        self.reset()

    def reset(self) -> None:
        """Forget the past."""
        self._states: dict[str, _State] = {}

    def skip(self, count: int) -> None:
        """Audio of ``count`` windows was lost: no run reaches across it.

        A sound that fired before counts as gone when the gap is long enough for that.
        """
        for state in self._states.values():
            state.run, state.away = 0, state.away + count
            state.armed = state.armed or state.away >= self._patience

    def ready(self, match: Match, position: int) -> bool:
        """Whether :meth:`push` would fire; nothing changes.

        Args:
            match: the best match of a window.
            position: index just past the window.
        """
        state = self._states.get(match.sound, _State())
        return match.hit and self._fires(state, state.run + 1, position)

    def push(
        self, match: Match | None, position: int, present: Callable[[str], bool] | None = None
    ) -> bool:
        """Whether ``match`` fires.

        Args:
            match: the best match of a window, or None where there was no window.
            position: index just past the window.
            present: whether a sound that fired still goes on, though it does not match: it does
                not count as gone then.
        """
        matching = match.sound if match is not None and match.hit else None
        for sound, state in self._states.items():
            if sound != matching:
                state.run = 0
                gone = state.armed or present is None or not present(sound)
                state.away = state.away + 1 if gone else 0
                state.armed = state.armed or state.away >= self._patience
        if matching is None:
            return False
        state = self._states.setdefault(matching, _State())
        state.run, state.away = state.run + 1, 0
        if not self._fires(state, state.run, position):
            return False
        state.armed, state.fired_at = False, position
        return True

    def _fires(self, state: _State, run: int, position: int) -> bool:
        rested = state.fired_at is None or position - state.fired_at >= self._refractory
        return state.armed and rested and run >= self._patience


WindowObserver = Callable[[Window, Match | None], object]
"""Sees a window and its match before the trigger decides."""


class Decision:
    """Decides for one stream; it sees every block, and a window while a segment is open.

    Args:
        encoder: makes the embeddings.
        config: patience and refractory time.
        threshold_offset: added to every threshold.
        observers: called with every window and its match, before anything comes of it.
    """

    def __init__(
        self,
        encoder: Encoder,
        config: TriggerConfig,
        threshold_offset: float,
        observers: Sequence[WindowObserver] = (),
    ) -> None:
        self._encoder, self._rate, self._offset = encoder, encoder.rate, threshold_offset
        self._observers = observers
        self._trigger = Trigger(encoder.rate, config)
        self._counter = PatternCounter(encoder.rate, encoder.window_seconds)
        self._ordering = Ordering(encoder.rate)
        self._presence = Presence(encoder.rate)
        self._speech = SpeechDetector(encoder.rate)

    def load(self, sounds: EnrolledSounds) -> None:
        """Decide about these from the next block on."""
        self._sounds = sounds
        self._matcher = Matcher(self._encoder, sounds, self._offset)
        self._counter.load(sounds.patterns)
        self._ordering.load(sounds.scorer, sounds.orders)

    def skip(self, hops: int) -> None:
        """Audio of so many hops was lost."""
        self._trigger.skip(hops)

    def reset(self, start: int = 0) -> None:
        """Forget the past; the next block begins at sample ``start``."""
        self._trigger.reset()
        self._presence.reset()
        self._counter.reset(start)
        self._ordering.reset()

    def push(self, block: AudioFrame, window: Window | None, heard: int) -> list[WakeEvent]:
        """The events that are complete with a block.

        Args:
            block: the next one.
            window: it ends with the block and has its embedding; None while nothing is heard.
            heard: where the real audio ends, if the block goes on beyond it.
        """
        self._ordering.push(block)
        match = None if window is None else self._match(window, block.end)
        if window is not None:
            for observe in self._observers:
                observe(window, match)
        events = []
        if self._sounds.patterns:
            rows = self._counter.push(block, self._matcher, active=window is not None)
            events = [self._counted(row, min(block.end, heard)) for row in rows]
        self._presence.push(block)
        fires = self._trigger.push(match, block.end, self._presence.present)
        if fires and window is not None and match is not None:
            self._ordering.woke(match.sound)
            if match.sound not in self._sounds.patterns:
                self._presence.begin(match.sound, window.samples)
                events.append(self._event(match, window, heard))
        return events

    def finish(self, end: int) -> list[WakeEvent]:
        """The events of rows that are complete if nothing follows sample ``end``."""
        return [self._counted(row, end) for row in self._counter.finish(self._matcher)]

    def _match(self, window: Window, position: int) -> Match | None:
        """What the window is, with all that may refuse it."""
        assert window.embedding is not None
        match = self._matcher.match(window.embedding)
        if match is None:
            return None
        match = self._ordering(match, window, window.embedding)
        if match.sound in self._sounds.patterns or not self._trigger.ready(match, position):
            return match
        return self._matcher.confirmed(match, window.samples)

    def _event(self, match: Match, window: Window, heard: int) -> WakeEvent:
        return WakeEvent(
            sound=match.sound,
            score=match.score,
            threshold=match.threshold,
            start=window.start,
            end=min(window.end, heard),
            rate=self._rate,
            take=match.take,
            speech=self._speech.share(window.samples),
        )

    def _counted(self, row: Counted, end: int) -> WakeEvent:
        """The event of a pattern that was complete at sample ``end``."""
        return WakeEvent(
            sound=row.sound,
            score=row.match.score,
            threshold=row.match.threshold,
            start=row.start,
            end=end,
            rate=self._rate,
            take=row.match.take,
            pattern=row.pattern.name,
        )
