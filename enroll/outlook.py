"""What to expect of a threshold: how often anything but the sound reaches it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from enroll.tail import expected
from wakeword.audio import FloatArray

SHORTEST_HOURS = 0.5
"""With less than this to go by, nothing is said about false alarms."""
UNHEARD = 0.7
"""What never happened in the recordings is taken to have been that near to happening once."""


@dataclass(frozen=True, eq=False)
class Outlook:
    """Scores of what is not the sound, by what was fitted to it."""

    world: FloatArray
    """``(runs,)`` of the bank, best first; empty where there is none."""
    room: FloatArray
    """``(runs,)`` of the user's room, best first."""
    hours: float
    """Length of the recordings that they are from."""

    def false_alarms_per_hour(self, threshold: float) -> float | None:
        """False alarms to expect at the threshold; None where there is too little to tell."""
        if self.hours < SHORTEST_HOURS:
            return None
        heard = float(np.count_nonzero(self.room >= threshold))
        if len(self.world):
            return (heard + expected(threshold, self.world)) / self.hours
        return max(heard, UNHEARD) / self.hours
