"""What ``wakesound batch`` takes, and whether it survives: ``python -m wakebench.batch DIR``.

The real command line, in processes of their own, on some of a folder's recordings: once
undisturbed, once killed (SIGKILL) half-way and called again, and once on a Ray cluster of two
workers where Ray is installed. All three results must be the same, byte for byte.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click

from runtime.labels.batch.job import PARCEL_FILES, find_recordings
from runtime.labels.batch.journal import FILE, place

LABELS = "dog barking, crying baby, rain, door knock, whistling"
WORKERS = 2
"""Of the Ray cluster."""
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "RAY_ADDRESS": ""}


@dataclass(frozen=True)
class Cost:
    """What one call took."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    audio_seconds: float


def chosen(folder: Path, count: int, into: Path) -> int:
    """Link recordings of a folder, evenly spread over it, into another; how many there are."""
    found = find_recordings(folder)
    some = [found[at * len(found) // count] for at in range(count)] if count < len(found) else found
    for recording in some:
        link = into / recording.path
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to((folder / recording.path).resolve())
    return len(some)


def started(folder: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    """Call the command line."""
    words = ["batch", str(folder), "--labels", LABELS, "--out", str(out), "--json", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "runtime", *words],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def measured(folder: Path, out: Path, *more: str) -> Cost:
    """Call the command line and wait for its end.

    Raises:
        ClickException: it failed.
    """
    began = time.perf_counter()
    process = started(folder, out, *more)
    assert process.stdout is not None
    with process.stdout as stdout:
        told = stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException(f"wakesound batch failed with {process.returncode}")
    return Cost(
        time.perf_counter() - began,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss / 1024,
        json.loads(told)["audio_seconds"],
    )


def killed(folder: Path, out: Path, count: int) -> int:
    """Call it, kill it half-way; how many recordings were done."""
    journal = place(out) / FILE
    half = count // PARCEL_FILES // 2
    with started(folder, out, "--jobs", "1") as process:
        while process.poll() is None:
            done = journal.read_bytes().count(b"\n") - 1 if journal.exists() else 0
            if done >= half:
                process.kill()
            time.sleep(0.01)
    return done * PARCEL_FILES


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--files", default=2000, show_default=True, help="How many recordings at most.")
def main(folder: Path, files: int) -> None:
    """Measure batches on the recordings in FOLDER."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        count = chosen(folder, files, work / "recordings")
        plain = work / "plain.csv"
        cost = measured(work / "recordings", plain, "--jobs", "1")
        audio = cost.audio_seconds
        click.echo(f"{count} recordings, {audio / 3600:.2f} hours, 5 labels, one process:")
        click.echo(
            f"  {cost.wall_seconds:.1f} s ({cost.cpu_seconds:.1f} s of processor):"
            f" {count / cost.wall_seconds:.0f} recordings a second,"
            f" {audio / cost.wall_seconds:.0f} times real time"
            f" ({count / cost.cpu_seconds:.0f} and {audio / cost.cpu_seconds:.0f} for each second"
            f" of processor), {cost.peak_mb:.0f} MB at most"
        )
        resumed = work / "resumed.csv"
        done = killed(work / "recordings", resumed, count)
        measured(work / "recordings", resumed, "--jobs", "1")
        click.echo(f"killed after {done} and resumed: {_same(plain, resumed)}")
        if importlib.util.find_spec("ray") is None:
            click.echo("Ray is not installed: no cluster was tried")
            return
        far = work / "ray.csv"
        cost = measured(work / "recordings", far, "--engine", "ray", "--jobs", str(WORKERS))
        click.echo(
            f"Ray, {WORKERS} workers: {_same(plain, far)}, {cost.wall_seconds:.1f} s with the"
            " cluster's start"
        )


def _same(one: Path, other: Path) -> str:
    return "the same bytes" if one.read_bytes() == other.read_bytes() else "DIFFERENT"


if __name__ == "__main__":
    main()
