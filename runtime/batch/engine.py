"""Who has the parcels heard."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

from runtime.batch.job import Job
from runtime.batch.recordings import Parcel
from runtime.batch.row import Row

Done = tuple[int, list[Row]]
"""Which parcel, as its index among those given, and its rows."""


class Engine(Protocol):
    """Has parcels heard, here or elsewhere."""

    def __call__(self, job: Job, parcels: Sequence[Parcel]) -> Generator[Done, None, None]:
        """Yield what was heard, each parcel once, in the order in which they are done.

        Closed before its end, it stops as soon as it can.

        Raises:
            WakesoundError: it cannot go on; what was yielded holds.
        """
        ...
