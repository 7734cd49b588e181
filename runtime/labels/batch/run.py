"""A job from its first recording, or from where it was interrupted, to its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from runtime.labels.batch.job import (
    PARCEL_FILES,
    Job,
    Parcel,
    Recording,
    find_recordings,
    parcels,
)
from runtime.labels.batch.journal import (
    Journal,
    finish,
    opened,
    place,
)
from runtime.labels.batch.local import Engine
from runtime.labels.batch.results import Row, check_kind, slice_row, write_table
from wakeword.errors import ConfigError


@dataclass(frozen=True)
class Summary:
    """What a job came to."""

    recordings: int
    """All of them, bad ones too."""
    before: int
    """How many of them were done already when it went on."""
    seconds: float
    """Of audio, without bad ones."""
    bad: Mapping[str, str]
    """Recordings that could not be heard, and why."""
    partial: Mapping[str, str]
    """Recordings of which a part is missing, and what is known of it."""
    tops: Mapping[str, str]
    """The best label of each that was heard, or none of these."""


def run(
    job: Job,
    engine: Engine,
    out: Path,
    *,
    slices: Path | None = None,
    restart: bool = False,
    progress: Callable[[int, int], None] | None = None,
    parcel_files: int = PARCEL_FILES,
) -> Summary:
    """Hear what is not heard yet, and write the tables.

    Interrupted in whatever way, it is called again with the same arguments and goes on.

    Args:
        job: what is asked about which folder.
        engine: who hears.
        out: the table of recordings, ``.csv``, ``.jsonl`` or ``.parquet``.
        slices: a table of their slices; the job must keep them.
        restart: whether to begin anew, and to replace a result that is there.
        progress: is told ``(recordings done now, recordings to do now)``.
        parcel_files: so many recordings at most are heard together.

    Raises:
        ConfigError: a result is there already, or was begun for something else; the folder
            holds no recordings, or the tables cannot be what they are to be.
        EncoderError: the encoder cannot be loaded or fails.
        LibraryError: the disk is full or cannot be written.
        ServiceError: the engine cannot go on.
    """
    check_tables(out, slices, restart=restart)
    recordings = find_recordings(job.folder)
    with opened(out, job.about, restart=restart) as journal:
        left = [r for r in recordings if r not in journal]
        for done in _hear(job, engine, parcels(recordings, parcel_files), journal):
            if progress:
                progress(done, len(left))
        summary = _write(job, journal, recordings, out, slices, len(recordings) - len(left))
        finish(out)
    return summary


def check_tables(out: Path, slices: Path | None, *, restart: bool) -> None:
    """Say what is wrong with the tables' names before anything is loaded or heard.

    Raises:
        ConfigError, MissingExtra: as :func:`run`.
    """
    tables = [out] if slices is None else [out, slices]
    for path in tables:
        check_kind(path)
        if path.exists() and not restart and not place(out).exists():
            raise ConfigError(f"{path} is there already; use --restart to replace it")
    if len({path.resolve() for path in tables}) < len(tables):
        raise ConfigError("--out and --slices cannot be the same file")


def _hear(job: Job, engine: Engine, parcels: Sequence[Parcel], journal: Journal) -> Iterator[int]:
    """Have what is left heard and kept; yields how many are done."""
    # Parcels are cut before what is done is taken out: a parcel is then whole or not there,
    # and what goes to the encoder together is the same as without the interruption.
    cut = [tuple(r for r in parcel if r not in journal) for parcel in parcels]
    left = [parcel for parcel in cut if parcel]
    done = 0
    yield done
    with closing(engine(job, left)) as heard:
        for number, rows in heard:
            journal.add(left[number], rows)
            done += len(rows)
            yield done


def _write(
    job: Job,
    journal: Journal,
    recordings: Sequence[Recording],
    out: Path,
    slices: Path | None,
    before: int,
) -> Summary:
    bad: dict[str, str] = {}
    partial: dict[str, str] = {}
    tops: dict[str, str] = {}
    seconds = 0.0

    def rows() -> Iterator[Row]:
        nonlocal seconds
        for row in journal.rows(recordings):
            if row["error"] is not None:
                bad[row["path"]] = row["error"]
            else:
                if not row["complete"]:
                    partial[row["path"]] = "; ".join(row["warnings"])
                tops[row["path"]] = row["top"]
                seconds += row["seconds"]
            yield {key: value for key, value in row.items() if key != "timeline"}

    def parts() -> Iterator[Row]:
        for row in journal.rows(recordings):
            for values in row.get("timeline", ()):
                yield slice_row(row["path"], values, job.labels)

    if slices is not None:
        write_table(slices, parts(), job.labels, of="slices")
    write_table(out, rows(), job.labels, of="recordings")
    return Summary(len(recordings), before, seconds, bad, partial, tops)
