"""From matches to events: patience, refractory time and one event for each occurrence."""

from __future__ import annotations

from dataclasses import dataclass

from wakeword.config import TriggerConfig
from wakeword.events import Match


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

    def push(self, match: Match | None, position: int) -> bool:
        """Whether ``match`` fires.

        Args:
            match: the best match of a window, or None where there was no window.
            position: index just past the window.
        """
        matching = match.sound if match is not None and match.hit else None
        for sound, state in self._states.items():
            if sound != matching:
                state.run, state.away = 0, state.away + 1
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
