"""Settings of the engine, one value object per stage. Times are in seconds, levels in dB."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from wakeword.errors import ConfigError


def _positive(owner: object, *names: str) -> None:
    for name in names:
        if not 0 < getattr(owner, name) < math.inf:
            raise ConfigError(f"{name} must be positive, not {getattr(owner, name)}")


def _not_negative(owner: object, *names: str) -> None:
    for name in names:
        if not 0 <= getattr(owner, name) < math.inf:
            raise ConfigError(f"{name} must be 0 or more, not {getattr(owner, name)}")


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
        _positive(self, "hop_seconds")
        if self.hop_seconds < 0.01:
            raise ConfigError(f"hop_seconds must be at least 0.01, not {self.hop_seconds}")
        _not_negative(self, "pre_roll_seconds", "hangover_seconds")


@dataclass(frozen=True)
class TriggerConfig:
    """When a run of matches becomes one event."""

    patience: int = 2
    """Windows in a row that must match."""
    refractory_seconds: float = 1.0
    """Shortest time between two events of one sound."""

    def __post_init__(self) -> None:
        _positive(self, "patience")
        _not_negative(self, "refractory_seconds")


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
