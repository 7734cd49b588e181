"""What happened so far, in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from runtime.hooks.action import ActionStats
from wakeword.audio.frames import SILENCE_DB
from wakeword.audio.reading import Account

State = Literal["listening", "ended", "failed"]


@dataclass(frozen=True)
class SourceStats:
    """One source."""

    name: str
    """What events say they came from."""
    state: State
    """Whether it is being heard, came to its end, or failed."""
    seconds: float
    """How far into the stream the engine is, in seconds."""
    events: int
    """Wake events."""
    frames_dropped: int
    """Frames that the engine was too slow to hear."""
    samples_lost: int
    """Samples that never arrived, at the engine's rate."""
    restarts: int
    """How often the device was opened again."""
    error: str = ""
    """Why it failed."""
    level_db: float = SILENCE_DB
    """Level of the loudest frame of the last second of audio, dBFS."""
    suppressed: int = 0
    """Wake events that were only what we played ourselves."""
    account: Account | None = None
    """What was heard of a recording that came to its end."""


@dataclass(frozen=True)
class Stats:
    """All sources and actions."""

    sources: tuple[SourceStats, ...] = ()
    actions: tuple[ActionStats, ...] = ()
    reloads: int = 0
    """How often the sounds were read anew because they had changed."""

    @property
    def seconds(self) -> float:
        """How long was listened: the longest of the streams, in seconds."""
        return max((source.seconds for source in self.sources), default=0.0)

    @property
    def events(self) -> int:
        """Wake events of all sources."""
        return sum(source.events for source in self.sources)

    @property
    def frames_dropped(self) -> int:
        """Frames that were dropped, of all sources."""
        return sum(source.frames_dropped for source in self.sources)

    @property
    def recordings(self) -> list[dict[str, Any]]:
        """What was heard of each recording that came to its end, as JSON objects."""
        return [
            {"source": source.name} | source.account.as_json()
            for source in self.sources
            if source.account is not None
        ]

    def to_dict(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self)
