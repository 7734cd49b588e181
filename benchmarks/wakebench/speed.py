"""How fast and how large is it? ``python -m wakebench.speed``.

The real command line, in a process of its own, kept to one processor: listening to a busy
room and to silence as a ratio of the stream's own length (start-up included), the memory
that it takes, and how soon ``wakesound --help`` answers.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

from wakebench.synth import RATE, background, make_source
from wakeword.audio.frames import FloatArray

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}
BUSY = ("music", "speech", "crockery", "babble")
PIECE_SECONDS = 60.0


@dataclass(frozen=True)
class Cost:
    """What one process took."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float


def measure(arguments: list[str], *, processor: int) -> Cost:
    """Run ``wakesound`` once, on one processor.

    Raises:
        CalledProcessError: it failed.
    """
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime", *arguments],
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {processor}),
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, arguments)
    return Cost(
        wall_seconds=time.perf_counter() - started,
        cpu_seconds=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
    )


def median(run: Callable[[], Cost], times: int = 3) -> Cost:
    """The median of each figure over several runs."""
    costs = [run() for _ in range(times)]
    return Cost(
        *(
            statistics.median(getattr(cost, name) for cost in costs)
            for name in ("wall_seconds", "cpu_seconds", "peak_mb")
        )
    )


def busy_room(minutes: int, rng: np.random.Generator) -> FloatArray:
    """Music, talk and crockery, one after the other."""
    pieces = [background(BUSY[i % len(BUSY)], PIECE_SECONDS, rng) for i in range(minutes)]
    return np.concatenate(pieces)


@click.command()
@click.option("--minutes", default=10, show_default=True, help="Length of each stream.")
@click.option("--encoder", default="", help="As in 'wakesound enroll --encoder'.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the figures as JSON.")
def main(minutes: int, encoder: str, out: Path | None) -> None:
    """Measure the speed and memory of 'wakesound listen'."""
    rng = np.random.default_rng(1)
    processor = max(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = ["--library", str(folder / "library")]
        takes = []
        source = make_source("whistle_rising", rng)
        for number in range(3):
            takes.append(str(folder / f"take{number}.wav"))
            quiet = np.zeros(RATE // 2, np.float32)
            soundfile.write(takes[-1], np.concatenate([quiet, source.take(rng), quiet]), RATE)
        enroll = ["enroll", "whistle", *takes, "--force", *library]
        measure([*enroll, *(["--encoder", encoder] if encoder else [])], processor=processor)
        streams = {
            "busy room": busy_room(minutes, rng),
            "silence": np.zeros(minutes * 60 * RATE, np.float32),
        }
        costs = {}
        for what, samples in streams.items():
            path = folder / "stream.wav"
            soundfile.write(path, samples, RATE)
            listen = ["listen", "--source", f"file:{path}", "--json", *library]
            costs[what] = median(partial(measure, listen, processor=processor))
    answer = median(partial(measure, ["--help"], processor=processor), 5)
    figures = {
        "stream_seconds": minutes * 60,
        "times_real_time": {w: round(minutes * 60 / c.wall_seconds, 1) for w, c in costs.items()},
        "cpu_share_of_one_core": {
            w: round(c.cpu_seconds / (minutes * 60), 4) for w, c in costs.items()
        },
        "peak_mb": round(max(c.peak_mb for c in costs.values()), 1),
        "help_seconds": round(answer.wall_seconds, 3),
    }
    _show(figures, out)


def _show(figures: dict[str, object], out: Path | None) -> None:
    table = Table(title="wakesound listen, one processor, start-up included")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        cases = value.items() if isinstance(value, dict) else [("", value)]
        for case, number in cases:
            table.add_row(f"{name.replace('_', ' ')} {case}".strip(), str(number))
    Console().print(table)
    if out:
        out.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
