"""Thousands of recordings held against labels, on this machine or on a cluster.

    recordings -> parcels -> engine (many hearers) -> journal -> table

A parcel is a few recordings that are heard together; which ones depends on the folder alone.
An engine has parcels heard in any order; the journal keeps what is done; the table is written
from the journal in the order of the recordings. So neither the engine, nor how many hearers it
has, nor how often the work was interrupted can be seen in the result.
"""

from __future__ import annotations

from runtime.labels.batch.job import Job
from runtime.labels.batch.local import LocalEngine
from runtime.labels.batch.run import Summary, run

__all__ = ["Job", "LocalEngine", "Summary", "run"]
