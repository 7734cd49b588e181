"""``wakesound bench``: misses and false alarms, measured through the real runtime."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from wakebench.pool import Progress

BASELINES = ("baseline:raven", "baseline:logmel")
EPILOG = """\b
Examples:
  wakesound bench --quick
  wakesound bench --data ~/recordings --split dev --out report
  wakesound bench --data ~/recordings --encoder clap:~/models/clap --peer peer:my_adapter
"""


@click.command("bench", epilog=EPILOG)
@click.option(
    "--data",
    metavar="DIR",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Recordings with a manifest.csv (default: synthesised sounds).",
)
@click.option(
    "--split",
    type=click.Choice(["train", "dev"]),
    default="dev",
    show_default=True,
    help="Which part of the recordings.",
)
@click.option("--quick", is_flag=True, help="Three minutes instead of half an hour.")
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("wakebench-report"),
    show_default=True,
    help="Where the report goes.",
)
@click.option("--seed", default=0, show_default=True, help="Another seed, other choices.")
@click.option("--encoder", metavar="NAME", help="Encoder of the engine (default: the product's).")
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=lambda: min(8, os.cpu_count() or 1),
    show_default="number of cores",
    help="Processes.",
)
@click.option("--baselines/--no-baselines", default=True, help="Also measure simple systems.")
@click.option(
    "--clap",
    metavar="CHECKPOINT",
    help="Also measure plain CLAP with this checkpoint; slow.",
)
@click.option("--peer", metavar="peer:MODULE", multiple=True, help="Also measure this adapter.")
@click.option(
    "--synthetic/--no-synthetic",
    default=True,
    help="With --data: also enroll synthesised whistles, claps and alarms.",
)
@click.option(
    "--cache",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where streams and intermediate results are kept (default: your cache folder).",
)
@click.pass_context
def bench(
    ctx: click.Context,
    data: Path | None,
    split: str,
    quick: bool,
    out: Path,
    seed: int,
    encoder: str | None,
    jobs: int,
    baselines: bool,
    clap: str | None,
    peer: tuple[str, ...],
    synthetic: bool,
    cache: Path | None,
) -> None:
    """Measure how well wake sounds are heard.

    Enrolls sounds, hides their other takes in noisy streams, listens to those and to hours
    without any of them, and counts misses, false alarms and confusions. An interrupted run
    goes on where it stopped. docs/benchmark.md states the protocol.
    """
    from wakebench import material
    from wakebench.manifest import Manifest
    from wakebench.plots import check
    from wakebench.pool import workers
    from wakebench.protocol import QUICK, Protocol
    from wakebench.report import measure
    from wakebench.results import commit, machine, versions, write_results
    from wakeword.encoders import DEFAULT

    check()
    protocol = replace(QUICK if quick else Protocol(), seed=seed, split=split)
    own = encoder or getattr(ctx.obj, "encoder", None) or DEFAULT
    specs = [f"engine:{own}", *(BASELINES if baselines else ()), *peer]
    specs += [f"baseline:clap:{clap}"] if clap else []
    started, clock = datetime.now(timezone.utc), time.monotonic()
    console = _console()
    with _progress(console) as progress, workers(jobs, progress) as pool:
        progress("reading the recordings", 0, 1)
        if data:
            found = material.from_manifest(Manifest.read(data), protocol, made=synthetic)
        else:
            found = material.synthetic(protocol)
        progress("reading the recordings", 1, 1)
        figures = measure(found, protocol, specs, cache or default_cache(), pool)
    results: dict[str, Any] = {
        "figures": figures,
        "run": {
            "started": started.isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - clock, 1),
            "commit": commit(),
            "machine": machine(),
            "versions": versions(),
            "jobs": jobs,
            "quick": quick,
            "data": str(data) if data else None,
            "systems": specs,
        },
    }
    _print(console, results)
    write_results(results, out)
    console.print(f"{out / 'report.html'}: the report; {out / 'results.json'}: all figures")


def default_cache() -> Path:
    """Where streams and intermediate results are kept; safe to delete."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("wakesound")) / "bench"


def _console() -> Console:
    from runtime.cli import screen

    return screen.console()


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    """A bar for each stage, on stderr."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    from runtime.cli import screen

    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn())
    stages: dict[str, Any] = {}
    with Bars(*columns, TimeRemainingColumn(), console=screen.console(stderr=True)) as bars:

        def show(stage: str, done: int, total: int) -> None:
            if stage not in stages:
                stages[stage] = bars.add_task(stage, total=total)
            bars.update(stages[stage], completed=done, total=total)

        yield show


def _print(console: Console, results: dict[str, Any]) -> None:
    from rich.text import Text

    from runtime.cli import screen
    from wakebench.sheets import sheets

    for sheet in sheets(results):
        table = screen.table(*sheet.columns, right=sheet.columns[1:])
        for row in sheet.rows:
            table.add_row(*row)
        console.print(Text(f"\n{sheet.title}", style="bold"))
        console.print(Text(sheet.note, style="dim"))
        console.print(table)
