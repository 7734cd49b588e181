"""The one driver of a stream: audio of any rate in, events out, observers told in between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

import numpy as np

from wakeword.audio.frames import AudioFrame, Blocker, FloatArray
from wakeword.audio.resampling import Resampler
from wakeword.engine import Engine
from wakeword.events import Match, WakeEvent, Window
from wakeword.library.enrolled import EnrolledSounds
from wakeword.protocols import Hearing

HOP_SECONDS = 0.1
"""Length of a block, unless something else is stated."""

Hears = TypeVar("Hears", bound=Hearing)


class Observer:
    """Sees one stream, in the thread that drives it. A method that is not overridden does nothing.

    For each block they are called in this order.
    """

    def block(self, block: AudioFrame) -> None:
        """The next block, at the rate of what hears it, before it is heard."""

    def window(self, window: Window, match: Match | None) -> None:
        """A window and its best match, before anything comes of it; of an engine's stream only."""

    def woke(self, event: WakeEvent) -> None:
        """An event as the engine made it, also one that is dropped afterwards."""

    def event(self, event: WakeEvent) -> None:
        """An event under the name and the identifier with which it is passed on."""

    def advance(self, position: int) -> None:
        """All before this sample was heard, and its events were told."""

    def finish(self) -> None:
        """The stream is over, or was broken off."""


class Stream(Generic[Hears]):
    """Drives what hears one stream: resamples, cuts into blocks of one hop, pushes, tells.

    One thread drives it; :meth:`reload` may be called from any. The size of the frames never
    changes the events.

    Args:
        hears: an engine, or a watch for labels; it hears nothing else.
        observers: see what is heard; more may be added with :meth:`watch`.
        named: gives each event its name and identifier before it is passed on; None drops it.
        hop_seconds: length of a block; an engine's own counts instead.
    """

    def __init__(
        self,
        hears: Hears,
        observers: Iterable[Observer] = (),
        named: Callable[[WakeEvent], WakeEvent | None] | None = None,
        hop_seconds: float = HOP_SECONDS,
    ) -> None:
        self.hears = hears
        self.observers: list[Observer] = []
        self._named = named
        if isinstance(hears, Engine):
            hop_seconds = hears.config.segmenter.hop_seconds
        self._blocker = Blocker(round(hop_seconds * hears.rate))
        self._blocker.reset(hears.position)
        self._resampler: Resampler | None = None
        self._expected = 0  # the next sample, at the rate of what comes in
        self._sounds: EnrolledSounds | None = None
        for observer in observers:
            self.watch(observer)

    @property
    def rate(self) -> int:
        """Samples per second of blocks, positions and events."""
        return self.hears.rate

    @property
    def position(self) -> int:
        """Index of the next sample that is expected, at :attr:`rate`."""
        return self._blocker.position

    @property
    def seconds(self) -> float:
        """How far into the stream it is."""
        return self.position / self.rate

    def watch(self, observer: Observer) -> None:
        """Let somebody see the stream from now on."""
        self.observers.append(observer)
        if isinstance(self.hears, Engine):
            self.hears.observers.append(observer.window)

    def reload(self, sounds: EnrolledSounds) -> None:
        """Listen for these from the next block on; for an engine, from any thread."""
        self._sounds = sounds

    def push(self, frame: AudioFrame) -> list[WakeEvent]:
        """Take the next frame, of any size and rate; the events that it completes.

        A frame that begins later than expected comes behind a gap: nothing reaches across it. One
        of another rate than those before is taken for such a frame.

        Raises:
            AudioFormatError: a frame from the past.
        """
        events: list[WakeEvent] = []
        rate = frame.rate if self._resampler is None else self._resampler.in_rate
        if frame.start != self._expected or frame.rate != rate:
            events = self._play_out() + self._rest()
            start = round(frame.start * self.rate / frame.rate)
            events += self._skip(start if frame.rate == self.rate else max(start, self.position))
        self._expected = frame.end
        return events + self.feed(frame.samples, frame.rate)

    def feed(self, samples: FloatArray, rate: int) -> list[WakeEvent]:
        """Take what follows directly, ``(n,) float32`` of any rate, for who counts no samples."""
        events: list[WakeEvent] = []
        if self._resampler is None or self._resampler.in_rate != rate:
            events = self._play_out()
            self._resampler = Resampler(rate, self.rate)
        return events + self._hear(self._resampler.push(samples))

    def gap(self, seconds: float) -> list[WakeEvent]:
        """So much audio was lost; the events of what came before."""
        events = self._play_out() + self._rest()
        return events + self._skip(self.position + round(seconds * self.rate))

    def flush(self) -> list[WakeEvent]:
        """End the stream; the events that were still to come. What follows begins afresh."""
        events = self._play_out() + self._rest()
        events += self._told(self.hears.flush())
        self._blocker.reset(self.hears.position)
        return events

    def finish(self) -> None:
        """Tell the observers that it is over, also when it was broken off before its end."""
        for observer in self.observers:
            observer.finish()

    def _play_out(self) -> list[WakeEvent]:
        """Hear what the resampler has kept; it begins afresh then."""
        resampler, self._resampler = self._resampler, None
        return [] if resampler is None else self._hear(resampler.flush())

    def _rest(self) -> list[WakeEvent]:
        """Hear the last, incomplete block."""
        return [e for block in self._blocker.flush(self.rate) for e in self._step(block)]

    def _skip(self, start: int) -> list[WakeEvent]:
        """Go on at sample ``start``, with nothing buffered."""
        if start == self.position:
            return []
        nothing = np.zeros(0, np.float32)
        events = self._told(self.hears.push(AudioFrame(nothing, start, self.rate)))
        self._blocker.reset(start)
        return events

    def _hear(self, samples: FloatArray) -> list[WakeEvent]:
        frame = AudioFrame(samples, self._blocker.position, self.rate)
        return [event for block in self._blocker.push(frame) for event in self._step(block)]

    def _step(self, block: AudioFrame) -> list[WakeEvent]:
        sounds, hears = self._sounds, self.hears  # never cleared, as that could erase newer ones
        if sounds is not None and isinstance(hears, Engine) and hears.sounds is not sounds:
            hears.load(sounds)
        for observer in self.observers:
            observer.block(block)
        events = self._told(self.hears.push(block))
        for observer in self.observers:
            observer.advance(self.hears.position)
        return events

    def _told(self, events: Sequence[WakeEvent]) -> list[WakeEvent]:
        """The events that are passed on, once the observers know them."""
        kept = []
        for event in events:
            for observer in self.observers:
                observer.woke(event)
            named = event if self._named is None else self._named(event)
            if named is not None:
                kept.append(named)
                for observer in self.observers:
                    observer.event(named)
        return kept
