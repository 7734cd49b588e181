"""Settings of a training run, read from a JSON file."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from wakeword.errors import ConfigError

Config = TypeVar("Config", bound="TrainConfig")


@dataclass(frozen=True)
class TrainConfig:
    """All of them; what a file leaves out keeps its default."""

    seed: int = 1
    minutes: float = 30.0
    """How long to train; the learning rate falls to nothing by then."""
    steps: int = 0
    """How many steps instead; 0 goes by ``minutes``. Only then are two runs equal."""
    threads: int = 1
    items: int = 256
    """Windows in a batch; each is heard twice."""
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    warmup: float = 0.03
    """Share of the run in which the learning rate rises."""
    likeness_weight: float = 1.0
    """Of the contrast between sources."""
    teacher_weight: float = 1.0
    label_weight: float = 0.5
    temperature: float = 0.1
    """Of both contrasts."""
    targets: int = 256
    """Principal components of the teacher's features."""
    whitening: float = 0.7
    """How far these are scaled alike: 0 not at all, 1 wholly."""
    widths: tuple[int, int, int, int] = (32, 64, 128, 160)
    dim: int = 192
    text_dim: int = 64
    shares: tuple[float, float, float, float] = (0.4, 0.2, 0.2, 0.2)
    """Of events, made sounds, speech and backgrounds in a batch."""
    hard: float = 0.5
    """Share of the sources in a batch that bring the ones most like them."""
    memory: int = 8192
    """Vectors of earlier batches that serve as negatives; 0 for none."""
    settle: float = 0.6
    """From this share of the run on, batches are normalised as when listening."""
    start: str = ""
    """Folder of an earlier run whose averaged weights are the beginning."""
    keep_held_out: bool = True
    """Keep the screening's sources out of the training."""
    bfloat16: bool = False
    """Compute in bfloat16 where it is safe: twice as fast on processors made for it."""
    save_every: int = 200

    @classmethod
    def read(cls: type[Config], path: Path | None) -> Config:
        """Read a file; None gives the defaults.

        Raises:
            ConfigError: it is not there, not JSON, or holds an unknown setting.
        """
        if path is None:
            return cls()
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(f"{path} cannot be read as JSON: {error}") from error
        known = {field.name for field in dataclasses.fields(cls)}
        if unknown := sorted(set(found) - known):
            raise ConfigError(f"{path}: unknown setting {unknown[0]!r}; known: {sorted(known)}")
        lists: dict[str, Any] = {
            key: tuple(v) if isinstance(v, list) else v for key, v in found.items()
        }
        return cls(**lists)
