"""Settings of the engine, one value object per stage. Times are in seconds, levels in dB."""

from __future__ import annotations

from dataclasses import dataclass, field

from wakeword.errors import ConfigError


def _positive(owner: object, *names: str) -> None:
    for name in names:
        if getattr(owner, name) <= 0:
            raise ConfigError(f"{name} must be positive, not {getattr(owner, name)}")


@dataclass(frozen=True)
class SegmenterConfig:
    """How the stream is cut into windows."""

    hop_seconds: float = 0.1
    """The grid of the whole engine: a gate decision and, while open, a window each hop."""
    pre_roll_seconds: float = 0.2
    """Audio kept from before the gate opened."""
    hangover_seconds: float = 0.3
    """How long the gate is held open after the last sign of something."""

    def __post_init__(self) -> None:
        if self.hop_seconds < 0.01:
            raise ConfigError(f"hop_seconds must be at least 0.01, not {self.hop_seconds}")
        if self.pre_roll_seconds < 0 or self.hangover_seconds < 0:
            raise ConfigError("pre-roll and hangover cannot be negative")


@dataclass(frozen=True)
class TriggerConfig:
    """When a run of matches becomes one event."""

    patience: int = 2
    """Windows in a row that must match."""
    refractory_seconds: float = 1.0
    """Shortest time between two events of one sound."""

    def __post_init__(self) -> None:
        _positive(self, "patience")
        if self.refractory_seconds < 0:
            raise ConfigError("refractory_seconds cannot be negative")


@dataclass(frozen=True)
class EngineConfig:
    """All stages."""

    gate: str = "band"
    """Name of the gate: a module of ``wakeword.gates``."""
    segmenter: SegmenterConfig = field(default_factory=SegmenterConfig)
    trigger: TriggerConfig = field(default_factory=TriggerConfig)
    threshold_offset: float = 0.0
    """Added to every sound's threshold: above 0 is stricter."""
