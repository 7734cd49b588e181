from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from functools import partial
from pathlib import Path

import pytest

from runtime.labels import batch
from runtime.labels.batch import Job, LocalEngine
from runtime.labels.batch.job import Parcel
from runtime.labels.batch.journal import place
from runtime.labels.batch.local import Done
from wakeword.errors import ConfigError, ServiceError

run = partial(batch.run, parcel_files=4)
"""In parcels smaller than usual."""


class Recorder:
    """The local engine, which remembers what it heard and may stop after some parcels."""

    def __init__(self, stop_after: int | None = None, *, backwards: bool = False) -> None:
        self.heard: list[str] = []
        self._stop_after = stop_after
        self._backwards = backwards

    def __call__(self, job: Job, parcels: Sequence[Parcel]) -> Generator[Done, None, None]:
        order = list(range(len(parcels)))[:: -1 if self._backwards else 1]
        for count, number in enumerate(order):
            if count == self._stop_after:
                raise ServiceError("stopped")
            ((_, rows),) = LocalEngine()(job, [parcels[number]])
            self.heard += [row["path"] for row in rows]
            yield number, rows


def test_the_result_is_the_same_in_any_order(make_job, tmp_path: Path) -> None:
    """Parcels done backwards, or in two processes, give the same bytes; no journal is left."""
    job = make_job(keep_slices=True)
    results = []
    for name, engine in (
        ("plain", LocalEngine()),
        ("backwards", Recorder(backwards=True)),
        ("pool", LocalEngine(2)),
    ):
        out, slices = tmp_path / f"{name}.csv", tmp_path / f"{name}-slices.jsonl"
        told: list[tuple[int, int]] = []
        summary = run(
            job, engine, out, slices=slices, progress=lambda *done, told=told: told.append(done)
        )
        results.append((out.read_bytes(), slices.read_bytes(), summary))
        assert told[-1] == (23, 23)
        assert not place(out).exists()
    assert results[0] == results[1] == results[2]
    assert list(results[0][2].bad) == ["05-not-audio.wav", "06-empty.ogg", "07-phone.m4a"]


@pytest.mark.parametrize("stop_after", [0, 1, 3])
def test_it_goes_on_where_it_stopped(make_job, tmp_path: Path, stop_after: int) -> None:
    """Stopped and called again, each recording is heard once and the result is the same."""
    job = make_job()
    run(job, LocalEngine(), tmp_path / "whole.csv")
    first, second = Recorder(stop_after), Recorder()
    with pytest.raises(ServiceError):
        run(job, first, tmp_path / "resumed.csv")
    assert not (tmp_path / "resumed.csv").exists()
    summary = run(job, second, tmp_path / "resumed.csv")
    assert summary.before == len(first.heard) == 4 * stop_after
    assert sorted(first.heard + second.heard) == sorted([*summary.tops, *summary.bad])
    assert (tmp_path / "resumed.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_recordings_that_come_go_or_change_in_between(
    make_job, folder: Path, tmp_path: Path
) -> None:
    """A new one and a changed one are heard, one that is gone has no row."""
    job = make_job()
    with pytest.raises(ServiceError):
        run(job, Recorder(2), tmp_path / "o.csv")
    (folder / "00.wav").unlink()
    (folder / "03.wav").rename(folder / "03-new.wav")
    os.utime(folder / "01.wav", (1, 1))
    second = Recorder()
    run(job, second, tmp_path / "o.csv")
    assert second.heard[:2] == ["01.wav", "03-new.wav"]
    run(job, LocalEngine(), tmp_path / "fresh.csv")
    assert (tmp_path / "o.csv").read_bytes() == (tmp_path / "fresh.csv").read_bytes()


def test_a_result_that_is_there_is_not_replaced_unasked(make_job, tmp_path: Path) -> None:
    """Neither table is overwritten without ``restart``, and both names must differ."""
    out, slices = tmp_path / "o.csv", tmp_path / "s.csv"
    slices.write_text("mine")
    with pytest.raises(ConfigError, match=r"s\.csv is there already; use --restart"):
        run(make_job(), LocalEngine(), out, slices=slices)
    with pytest.raises(ConfigError, match="same file"):
        run(make_job(), LocalEngine(), out, slices=out)
    run(make_job(keep_slices=True), LocalEngine(), out, slices=slices, restart=True)
    assert slices.read_text().startswith("path,")
