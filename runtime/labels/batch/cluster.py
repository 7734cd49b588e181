"""A Ray cluster as the engine: actors that each have one encoder hear the parcels.

Needs the extra ``ray``. Every machine of the cluster has Wakesound, the encoder's weights, and
the recordings at the same place.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import tempfile
import warnings
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.labels.batch.hearer import Hearer
from runtime.labels.batch.job import Job, Parcel, Recording
from runtime.labels.batch.local import Done
from wakeword.errors import ConfigError, MissingExtra, ServiceError, WakesoundError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


STORE_BYTES = 100_000_000
"""Shared memory of a cluster of our own: only paths and rows pass through it."""
BLOCKS = 1024
"""Into so many blocks at most the parcels are cut."""
REACHED_SECONDS = 10.0
"""So soon must somebody answer at the cluster's address."""
ADDRESS_VARIABLE = "RAY_ADDRESS"
"""Environment variable of Ray that names a cluster."""


class RayEngine:
    """See :class:`runtime.labels.batch.local.Engine`.

    Args:
        address: of a running cluster, as ``ray.init`` takes it; None for the one that
            ``RAY_ADDRESS`` names, or else for one of our own on this machine.
        actors: how many hear at the same time; None for as many as the cluster has processors,
            or GPUs when the job's device is one.

    Raises:
        MissingExtra: Ray is not installed.
    """

    def __init__(self, address: str | None = None, actors: int | None = None) -> None:
        _package()
        self._address = address or os.environ.get(ADDRESS_VARIABLE) or None
        self._actors = actors

    def __call__(self, job: Job, parcels: Sequence[Parcel]) -> Generator[Done, None, None]:
        """Have them heard.

        Raises:
            ConfigError: the cluster cannot be reached, or lacks what the job needs.
            ServiceError: it cannot go on.
            EncoderError: the encoder cannot be loaded or fails.
        """
        if not parcels:
            return
        with self._cluster(len(parcels), job) as actors:
            for numbers, rows in _stream(job, parcels, actors):
                yield from zip(numbers, map(json.loads, rows), strict=True)

    @contextmanager
    def _cluster(self, parcels: int, job: Job) -> Iterator[int]:
        """Connect, or begin one; it ends with the block. Yields how many actors hear."""
        ray = _package()
        kind = "GPU" if _on_gpu(job) else "CPU"
        with ExitStack() as closing:
            if not ray.is_initialized():  # else it belongs to the program that we are part of
                self._begin(ray, kind, closing)
            there = int(ray.cluster_resources().get(kind, 0))
            if there < 1:
                raise ConfigError(f"the Ray cluster has no {kind}; choose another --device")
            with _explained(ray):
                yield min(self._actors or there, there, parcels)

    def _begin(self, ray: Any, kind: str, closing: ExitStack) -> None:
        quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
        own = self._address in (None, "local")
        _check_reachable(self._address)
        folder = _scratch(closing) if own else None
        closing.callback(ray.shutdown)
        try:
            if not own:
                ray.init(self._address, **quiet)
                return
            ray.init(
                "local",
                num_cpus=self._actors,
                num_gpus=None if kind == "GPU" else 0,
                object_store_memory=STORE_BYTES,
                include_dashboard=False,
                _temp_dir=folder,
                **quiet,
            )
        except Exception as error:  # there is no common base
            where = self._address or "on this machine"
            raise ConfigError(f"there is no Ray cluster {where}: {_reason(error)}") from error


class HearingActor:
    """A hearer in a process of the cluster: takes and gives columns of numbers and JSON."""

    def __init__(self, job: Job) -> None:
        self._hear = Hearer(job)

    def __call__(self, batch: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.object_]]:
        """Hear each parcel of a batch."""
        import numpy as np

        rows = []
        for text in batch["parcel"]:
            parcel = tuple(Recording(*values) for values in json.loads(text))
            rows.append(json.dumps(self._hear(parcel)))
        return {"number": batch["number"], "rows": np.array(rows, object)}


def _stream(job: Job, parcels: Sequence[Parcel], actors: int) -> Iterator[tuple[Any, Any]]:
    """Columns of parcels' numbers and their rows as JSON, as they are done."""
    import ray.data

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about settings of Ray's own
        context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False  # ours is enough
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    items = [
        {"number": number, "parcel": json.dumps([astuple(recording) for recording in parcel])}
        for number, parcel in enumerate(parcels)
    ]
    heard = ray.data.from_items(items, override_num_blocks=min(len(items), BLOCKS)).map_batches(
        HearingActor,
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=actors),
        fn_constructor_args=(job,),
        num_cpus=None if _on_gpu(job) else 1,
        num_gpus=1 if _on_gpu(job) else None,
    )
    for batch in heard.iter_batches(batch_size=None, prefetch_batches=0, batch_format="pyarrow"):
        yield batch["number"].to_pylist(), batch["rows"].to_pylist()


@contextmanager
def _explained(ray: Any) -> Iterator[None]:
    """Tell what went wrong in an actor as if it had been here."""
    try:
        yield
    except ray.exceptions.RayError as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, WakesoundError):
            cause = getattr(cause, "cause", None) or cause.__cause__
        if cause is not None:
            raise cause from error
        raise ServiceError(
            f"the Ray cluster cannot go on: {_reason(error)}; run the same command again to"
            " resume, when it is well"
        ) from error


def _check_reachable(address: str | None) -> None:
    """Say soon that nobody answers at ``HOST:PORT``: Ray itself would try for minutes."""
    host, _, port = (address or "").rpartition(":")
    if not host or not port.isdigit() or "/" in host:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), REACHED_SECONDS).close()
    except OSError as error:
        raise ConfigError(
            f"there is no Ray cluster at {address}: {error.strerror or error}; begin one with"
            " 'ray start --head', or leave --address out for one on this machine"
        ) from error


def _scratch(closing: ExitStack) -> str:
    """A folder for a cluster of our own, gone with it. Sockets lie in it: its path is short."""
    short = Path("/tmp")
    return closing.enter_context(
        tempfile.TemporaryDirectory(
            prefix="ray-", dir=short if short.is_dir() else None, ignore_cleanup_errors=True
        )
    )


def _on_gpu(job: Job) -> bool:
    return job.device.startswith("cuda")


def _reason(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _package() -> Any:
    # Must be said before the import: Ray reports to its makers otherwise.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise MissingExtra("--engine ray", "ray") from error
    return ray
