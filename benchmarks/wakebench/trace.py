"""What a system heard, window by window, so that every threshold can be tried afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wakeword.events import Match
from wakeword.library.storage import write_atomically
from wakeword.scoring.decision import Trigger, TriggerConfig


@dataclass(frozen=True)
class Firing:
    """A wake event."""

    seconds: float
    """End of the window that decided, from the start of the stream."""
    sound: str


@dataclass(frozen=True, eq=False)
class Trace:
    """The best match of every window of one stream, in order."""

    names: tuple[str, ...]
    """The sounds that were listened for."""
    ends: NDArray[np.int64]
    """``(n,)`` sample just past each window."""
    sounds: NDArray[np.int64]
    """``(n,)`` which of ``names`` is most like it."""
    scores: NDArray[np.float64]
    """``(n,)``; more is more alike."""
    thresholds: NDArray[np.float64]
    """``(n,)`` from which score on that sound counts."""
    hop: int
    """Samples from window to window."""
    length: int
    """Samples of the stream."""
    rate: int
    """Samples per second of all of these."""
    trigger: TriggerConfig

    @property
    def margins(self) -> NDArray[np.float64]:
        """``(n,)`` scores over their thresholds: what an offset is held against."""
        return self.scores - self.thresholds

    def firings(self, offsets: float | NDArray[np.float64] = 0.0) -> list[Firing]:
        """The wake events with an offset added to every threshold.

        Gate, encoder and scorer don't depend on the threshold, so running the real trigger over
        the recorded matches gives exactly what the engine would have given. Of a run of windows
        that don't match, as many are replayed as the trigger can tell apart: its patience.

        Args:
            offsets: one for all, or ``(names,)``, one for each sound.
        """
        trigger = Trigger(self.rate, self.trigger)
        fired = []
        before = 0
        thresholds = self.thresholds + np.broadcast_to(offsets, len(self.names))[self.sounds]
        for i in np.flatnonzero(self.scores >= thresholds):
            end, name = int(self.ends[i]), self.names[self.sounds[i]]
            quiet = -(-(end - before) // self.hop) - 1
            for _ in range(min(quiet, self.trigger.patience)):
                trigger.push(None, before)
            match = Match(name, float(self.scores[i]), float(thresholds[i]), "")
            if trigger.push(match, end):
                fired.append(Firing(min(end, self.length) / self.rate, name))
            before = end
        return fired

    def write(self, path: Path) -> None:
        """Keep it as one ``.npz`` file."""
        write_atomically(
            path,
            lambda file: np.savez_compressed(
                file,
                names=np.asarray(self.names, dtype=np.str_),
                ends=self.ends,
                sounds=self.sounds,
                scores=self.scores,
                thresholds=self.thresholds,
                grid=np.array([self.hop, self.length, self.rate, self.trigger.patience]),
                refractory=np.array(self.trigger.refractory_seconds),
            ),
        )

    @classmethod
    def read(cls, path: Path) -> Trace:
        """Read what :meth:`write` wrote.

        Raises:
            OSError, ValueError, KeyError: it is not there or not whole.
        """
        with np.load(path, allow_pickle=False) as kept:
            hop, length, rate, patience = (int(value) for value in kept["grid"])
            return cls(
                names=tuple(str(name) for name in kept["names"]),
                ends=kept["ends"],
                sounds=kept["sounds"],
                scores=kept["scores"],
                thresholds=kept["thresholds"],
                hop=hop,
                length=length,
                rate=rate,
                trigger=TriggerConfig(patience, float(kept["refractory"])),
            )
