"""What travels from stage to stage: windows, matches and wake events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wakeword.audio.frames import FloatArray


@dataclass(frozen=True, eq=False)
class Window:
    """A piece of an open segment, as the encoder gets it."""

    samples: FloatArray
    """``(n,) float32``; at most the encoder's window, shorter near the segment's start."""
    start: int
    """Index of the first sample in the stream."""
    segment_start: int
    """Where the segment began that this window belongs to (pre-roll included)."""
    rate: int
    """Samples per second."""
    embedding: FloatArray | None = None
    """``(view_dim,) float32``, what the encoder made of it; None before it was asked."""

    @property
    def end(self) -> int:
        """Index just past the last sample."""
        return self.start + len(self.samples)


@dataclass(frozen=True)
class Match:
    """The sound that a window resembles most."""

    sound: str
    """Name of the sound."""
    score: float
    """How like the sound it is: what
    :class:`wakeword.scoring.likeness.Likeness` says, about -1..1."""
    threshold: float
    """From this score on it counts."""
    take: str
    """The take that is nearest."""
    likeness: float = 0.0
    """Cosine of that take, or of the sound's words, -1..1: the first stage's word."""
    named: bool = False
    """Whether the sound's words said so, not its takes; then no take is named."""
    refused: str = ""
    """Why it does not count whatever its score; empty when it does."""

    @property
    def hit(self) -> bool:
        """Whether it counts: the score reaches the threshold and nothing refuses it."""
        return self.score >= self.threshold and not self.refused


@dataclass(frozen=True)
class WakeEvent:
    """A sound was heard."""

    sound: str
    """Name of the sound."""
    score: float
    """Score of the window that decided, -1..1."""
    threshold: float
    """The score that was needed."""
    start: int
    """First sample of what was heard, from the start of the stream."""
    end: int
    """Sample just past the window that decided."""
    rate: int
    """Samples per second of ``start`` and ``end``."""
    take: str = ""
    """The nearest take: the evidence; empty where the sound's words decided."""
    speech: float = 0.0
    """Share of the window that a voice detector calls speech, 0..1."""
    source: str = ""
    """Which source heard it; the runtime fills it in."""
    id: str = ""
    """Identifier for feedback; the runtime fills it in."""
    pattern: str = ""
    """Name of the pattern of the sound that was heard; empty for a sound without patterns."""

    @property
    def name(self) -> str:
        """What to call the event: the pattern, or the sound if it has none."""
        return self.pattern or self.sound

    @property
    def ended(self) -> bool:
        """Whether it tells that something is over; a wake never does, an alert may."""
        return False

    @property
    def start_seconds(self) -> float:
        """``start`` in seconds."""
        return self.start / self.rate

    @property
    def end_seconds(self) -> float:
        """``end`` in seconds."""
        return self.end / self.rate

    def to_dict(self) -> dict[str, Any]:
        """The event as a JSON object; times in seconds from the start of the stream."""
        return {
            "event": "wake",
            "sound": self.sound,
            "pattern": self.pattern or None,
            "name": self.name,
            "score": round(self.score, 4),
            "threshold": round(self.threshold, 4),
            "start": round(self.start_seconds, 4),
            "end": round(self.end_seconds, 4),
            "source": self.source,
            "id": self.id,
            "take": self.take,
            "speech": round(self.speech, 2),
        }
