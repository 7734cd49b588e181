"""The way of the sound: frames in, wake events out. No thread, no device, no clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np

from wakeword.audio.frames import AudioFrame, Blocker
from wakeword.audio.segmenter import Segmenter, SegmenterConfig
from wakeword.embedding.embedder import StreamEmbedder
from wakeword.errors import AudioFormatError, ConfigError
from wakeword.events import WakeEvent
from wakeword.gates import create_gate
from wakeword.library.enrolled import EnrolledSounds
from wakeword.library.library import SoundLibrary
from wakeword.protocols import Encoder
from wakeword.scoring.decision import Decision, TriggerConfig, WindowObserver
from wakeword.scoring.scorer import Scorer

Sounds = SoundLibrary | EnrolledSounds | Scorer
"""What an engine listens for: a library, what was read of one, or a scorer alone."""


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


class Engine:
    """Listens to one stream for all sounds of a library.

    The stream is cut once into blocks of one hop; every stage sees those, so the size of
    the frames never changes the events. One engine hears one stream; several engines may
    share the sounds and an encoder. :class:`wakeword.stream.Stream` drives one with audio of
    any rate.

    Args:
        sounds: what to listen for.
        encoder: makes the embeddings; it must be the one that the library was made with.
        config: settings of all stages.
        observer: called with every window and its match before the trigger decides: for
            meters, histories and measurements; more may be added to ``observers``.

    Raises:
        ConfigError: an invalid setting.
        EncoderMismatch: the library's vectors were made by another encoder.
    """

    def __init__(
        self,
        sounds: Sounds,
        encoder: Encoder,
        config: EngineConfig | None = None,
        *,
        observer: WindowObserver | None = None,
    ) -> None:
        self.config = config or EngineConfig()
        self.encoder = encoder
        self.rate = encoder.rate
        self.observers: list[WindowObserver] = [] if observer is None else [observer]
        self._hop = round(self.config.segmenter.hop_seconds * self.rate)
        self._blocker = Blocker(self._hop)
        self._gate = create_gate(self.config.gate, self.rate)
        self._segmenter = Segmenter(self.rate, encoder.window_seconds, self.config.segmenter)
        self._embedder = StreamEmbedder(encoder)
        self._decision = Decision(
            encoder, self.config.trigger, self.config.threshold_offset, self.observers
        )
        self.load(sounds)

    def load(self, sounds: Sounds) -> None:
        """Listen for these from the next block on, without a gap in the listening."""
        if isinstance(sounds, SoundLibrary):
            sounds = sounds.enrolled(self.encoder)
        elif isinstance(sounds, Scorer):
            sounds = EnrolledSounds(sounds)
        self.sounds = sounds
        self._decision.load(sounds)

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
            self._decision.skip(lost // self._hop)
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
        self._embedder.reset()
        self._decision.reset(start)

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
        return events + self._decision.finish(end)

    def _step(self, block: AudioFrame, active: bool, heard: int) -> list[WakeEvent]:
        """One hop; ``heard`` is where the real audio ends."""
        window = self._segmenter.push(block, active)
        if window is not None:
            window = replace(window, embedding=self._embedder(window))
        return self._decision.push(block, window, heard)
