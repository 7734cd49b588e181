"""The way of the sound: frames in, wake events out. No thread, no device, no clock."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from wakeword.audio.frames import AudioFrame, Blocker
from wakeword.audio.segmenter import Segmenter, SegmenterConfig
from wakeword.audio.speech import SpeechDetector
from wakeword.embedding.embedder import Ear
from wakeword.errors import AudioFormatError, ConfigError
from wakeword.events import Match, WakeEvent, Window
from wakeword.gates import create_gate
from wakeword.library.library import SoundLibrary
from wakeword.patterns.counting import Counted, PatternCounter
from wakeword.patterns.order import Ordering
from wakeword.protocols import Encoder
from wakeword.scoring.decision import Judge, Trigger, TriggerConfig
from wakeword.scoring.presence import Presence
from wakeword.scoring.scorer import Scorer


@dataclass(frozen=True)
class EngineConfig:
    """All stages."""

    gate: str = "band"
    """Name of the gate: a module of ``wakeword.gates``."""
    segmenter: SegmenterConfig = field(default_factory=SegmenterConfig)
    trigger: TriggerConfig = field(default_factory=TriggerConfig)
    threshold_offset: float = 0.0
    """Added to every sound's threshold: above 0 is stricter."""

    def __post_init__(self) -> None:
        if not math.isfinite(self.threshold_offset):
            raise ConfigError(f"threshold_offset must be a number, not {self.threshold_offset}")


Observer = Callable[[Window, Match | None], object]


class Engine:
    """Listens to one stream for all sounds of a library.

    The stream is cut once into blocks of one hop; every stage sees those, so the size of
    the frames never changes the events. One engine hears one stream; several engines may
    share a scorer and an encoder.

    Args:
        library: the sounds, or a scorer made from them.
        encoder: makes the embeddings; it must be the one that the library was made with.
        config: settings of all stages.
        observer: called with every window and its match before the trigger decides: for
            meters, histories and measurements.

    Raises:
        ConfigError: a setting that makes no sense.
        EncoderMismatch: the library's vectors were made by another encoder.
    """

    def __init__(
        self,
        library: SoundLibrary | Scorer,
        encoder: Encoder,
        config: EngineConfig | None = None,
        *,
        observer: Observer | None = None,
    ) -> None:
        self.config = config or EngineConfig()
        self.encoder = encoder
        self.rate = encoder.rate
        self.observer = observer
        self.told: Callable[[WakeEvent], object] | None = None
        """Called with every event, in step with the observer."""
        self._hop = round(self.config.segmenter.hop_seconds * self.rate)
        self._blocker = Blocker(self._hop)
        self._gate = create_gate(self.config.gate, self.rate)
        self._segmenter = Segmenter(self.rate, encoder.window_seconds, self.config.segmenter)
        self._ear = Ear(encoder)
        self._trigger = Trigger(self.rate, self.config.trigger)
        self._counter = PatternCounter(self.rate, encoder.window_seconds)
        self._ordering = Ordering(self.rate)
        self._presence = Presence(self.rate)
        self._speech = SpeechDetector(self.rate)
        self.load(library)

    def load(self, library: SoundLibrary | Scorer) -> None:
        """Use these sounds from the next block on, without a gap in the listening."""
        if isinstance(library, SoundLibrary):
            library = library.scorer(self.encoder)
        self.scorer = library
        self._judge = Judge(self.encoder, library, self.config.threshold_offset)
        self._counter.load(library.patterns)
        self._ordering.load(library)

    @property
    def position(self) -> int:
        """Index of the next sample that is expected."""
        return self._blocker.position

    def push(self, frame: AudioFrame) -> list[WakeEvent]:
        """Take the next frame, of any size; the events that it completes.

        A frame that begins later than expected means that audio was lost: what is buffered
        is finished first, and no window reaches across the gap. The room's background and
        the refractory times are remembered.

        Raises:
            AudioFormatError: another rate than the encoder's, or a frame from the past.
        """
        if frame.rate != self.rate:
            raise AudioFormatError(
                f"this engine hears {self.rate} Hz, the frame has {frame.rate} Hz; resample it"
            )
        if frame.start < self.position:
            raise AudioFormatError(
                f"frames must come in order: expected sample {self.position}, got {frame.start}"
            )
        events = []
        if frame.start > self.position:
            lost = frame.start - self.position
            events = self._finish()
            self._trigger.skip(lost // self._hop)
            self._blocker.reset(frame.start)
            self._segmenter.reset()
        for block in self._blocker.push(frame):
            events += self._step(block, self._gate(block), block.end)
        return events

    def flush(self) -> list[WakeEvent]:
        """End the stream: judge its last, incomplete block and let an open segment end.

        The segment's hangover is filled with silence, as if the stream went on quietly.
        """
        end = self.position
        events = self._finish()
        self.reset(end)
        return events

    def reset(self, start: int = 0) -> None:
        """Forget the past; the next frame begins at sample ``start``."""
        self._blocker.reset(start)
        self._gate.reset()
        self._segmenter.reset()
        self._ear.reset()
        self._trigger.reset()
        self._presence.reset()
        self._counter.reset(start)
        self._ordering.reset()

    def _finish(self) -> list[WakeEvent]:
        """The last, incomplete block and the hangover."""
        end = self.position
        events = []
        for block in self._blocker.flush(self.rate):
            events += self._step(block, self._gate(block), end)
        for _ in range(self._segmenter.hangover_blocks if self._segmenter.open else 0):
            silence = AudioFrame(np.zeros(self._hop, np.float32), self.position, self.rate)
            self._blocker.reset(silence.end)
            events += self._step(silence, False, end)
        return events + [self._counted(row, end) for row in self._counter.finish(self._judge)]

    def _step(self, block: AudioFrame, active: bool, heard: int) -> list[WakeEvent]:
        """One hop; ``heard`` is where the real audio ends."""
        window = self._segmenter.push(block, active)
        self._ordering.push(block)
        match = None
        if window is not None:
            embedding = self._ear(window)
            window = replace(window, embedding=embedding)
            match = self._judge.match(embedding)
            if match is not None:
                match = self._ordering(match, window, embedding)
                if match.sound not in self.scorer.patterns and self._trigger.ready(
                    match, block.end
                ):
                    match = self._judge.confirmed(match, window.samples)
            if self.observer:
                self.observer(window, match)
        rows = self._counter.push(block, self._judge, active=window is not None)
        events = [self._counted(row, min(block.end, heard)) for row in rows]
        self._presence.push(block)
        fires = self._trigger.push(match, block.end, self._presence.present)
        if not fires or window is None or match is None or match.sound in self.scorer.patterns:
            return events
        self._presence.begin(match.sound, window.samples)
        event = WakeEvent(
            sound=match.sound,
            score=match.score,
            threshold=match.threshold,
            start=window.start,
            end=min(window.end, heard),
            rate=self.rate,
            take=match.take,
            speech=self._speech.share(window.samples),
        )
        return [*events, self._tell(event)]

    def _tell(self, event: WakeEvent) -> WakeEvent:
        """The same event, once whoever watches knows it."""
        if self.told is not None:
            self.told(event)
        return event

    def _counted(self, row: Counted, end: int) -> WakeEvent:
        """The event of a pattern that was complete at sample ``end``."""
        return self._tell(
            WakeEvent(
                sound=row.sound,
                score=row.match.score,
                threshold=row.match.threshold,
                start=row.start,
                end=end,
                rate=self.rate,
                take=row.match.take,
                pattern=row.pattern.name,
            )
        )
