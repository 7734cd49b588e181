"""Sample times of a live stream, by the samples that came and by the clock."""

from __future__ import annotations

import math

LOSS_SECONDS = 0.25
"""How far the samples must fall behind the clock to count as lost."""
WINDOW_SECONDS = 1.0
"""How long a delay must last: what only comes late has caught up by then."""
MAX_DRIFT = 1e-3
"""How much slower than the clock a sound card may run without losing anything."""


class Timeline:
    """Places each delivery of a device in sample time.

    A device that loses audio says nothing: the samples just become fewer than the time that
    passed. So their delay behind the clock is watched. Late deliveries come and go, and the
    *smallest* delay within a second stays; loss makes that one grow for good. A sound card
    whose clock is a little slow makes it grow too, but never faster than ``MAX_DRIFT``.

    Args:
        rate: samples per second of the device.
        origin: clock reading at sample 0; by default where the first delivery began.
        earliest: no delivery is placed before this sample.
    """

    def __init__(self, rate: int, origin: float | None = None, earliest: int = 0) -> None:
        self.rate = rate
        self.end = earliest
        """Index just past the last sample that was placed."""
        self._origin = origin
        self._offset: int | None = None  # place in the stream minus samples delivered
        self._usual = math.inf  # the delay that is normal, in seconds, following drift
        self._smallest = math.inf  # smallest delay of this window
        self._window_end: float | None = None  # set by the first delivery in it

    def place(self, delivered: int, count: int, arrival: float) -> int:
        """The sample time of a delivery.

        Args:
            delivered: samples that the device delivered before these.
            count: how many these are.
            arrival: clock reading when they came, in seconds.

        Returns:
            Index of their first sample; beyond ``end`` by as much as was lost before it.
        """
        if self._origin is None:
            self._origin = arrival - count / self.rate - self.end / self.rate
        if self._offset is None:
            by_clock = round((arrival - self._origin) * self.rate) - count
            self._offset = max(by_clock, self.end) - delivered
        delay = arrival - self._origin - (delivered + self._offset + count) / self.rate
        self._smallest = min(self._smallest, delay)
        if self._window_end is None:
            self._window_end = arrival + WINDOW_SECONDS
        elif arrival >= self._window_end:
            self._offset += self._lost()
            self._smallest, self._window_end = math.inf, None
        start = delivered + self._offset
        self.end = start + count
        return start

    def resumed(self, rate: int) -> Timeline:
        """The same stream after the device was away; it may have come back at another rate."""
        return Timeline(rate, self._origin, math.ceil(self.end * rate / self.rate))

    def _lost(self) -> int:
        """Samples lost by the end of a window; what is normal follows the delay."""
        behind = self._smallest - self._usual
        if behind > LOSS_SECONDS:
            return round(behind * self.rate)
        self._usual = min(self._smallest, self._usual + MAX_DRIFT * WINDOW_SECONDS)
        return 0
