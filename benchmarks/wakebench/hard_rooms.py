"""Does a front end pay? ``python -m wakebench.hard_rooms --data DIR --split dev``.

Recorded sounds are enrolled and heard again over steady noise only (fans, rain, engines), every
second one in a room that echoes, with each front end and without; then as much audio of every
kind that holds none of them. It is the benchmark's own protocol, smaller, in the rooms that front
ends are made for.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from wakebench import classes
from wakebench.clips import Clip
from wakebench.figures import figures
from wakebench.manifest import Manifest
from wakebench.material import Material, from_manifest
from wakebench.misses import EVERYTHING, OWN_THRESHOLD, snr_name
from wakebench.pool import Pool, workers
from wakebench.protocol import Protocol
from wakebench.runner import Runner
from wakeword import plugins
from wakeword.encoders import DEFAULT
from wakeword.front_ends import NONE, joined

HARD = Protocol(
    enrolled=(3,),
    snrs_db=(20.0, 5.0),
    most_sounds=16,
    test_takes=4,
    deals=1,
    negative_seconds=120.0,
    stream_seconds=120.0,
)
"""Minutes of audio: enough to see what pays, too little for small differences."""
BUDGETS = ("0.5", OWN_THRESHOLD)
"""False alarms per hour and sound; then the thresholds as enrolled."""


@dataclass(frozen=True, eq=False)
class SteadyRooms(Material):
    """Under the events nothing but steady noise."""

    def bed(self) -> tuple[Clip, ...]:
        """Clips that are laid under events."""
        return tuple(clip for clip in super().bed() if clip.category == classes.NOISE)


def measure(
    manifest: Manifest, protocol: Protocol, names: list[str], cache: Path, pool: Pool
) -> dict[str, Any]:
    """Figures by front end, as :func:`wakebench.figures.figures` counts them."""
    found = from_manifest(manifest, protocol, made=False)
    rooms = SteadyRooms(found.sounds, found.negatives, found.licences)
    specs = [f"engine:{joined(DEFAULT, name)}" for name in names]
    run = Runner(rooms, protocol, specs, cache, pool).run()
    return dict(zip(names, figures(run, pool)["cells"], strict=True))


@click.command()
@click.option("--data", metavar="DIR", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--split", type=click.Choice(["train", "dev"]), default="dev", show_default=True)
@click.option("--front-end", "names", multiple=True, help="Beside none; all of them by default.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True)
@click.option("--cache", metavar="DIR", type=click.Path(path_type=Path))
def main(data: Path, split: str, names: tuple[str, ...], jobs: int, cache: Path | None) -> None:
    """Measure and print a table of misses."""
    from wakebench.cli import default_cache

    protocol = replace(HARD, split=split)
    wanted = [NONE, *(names or plugins.names("wakeword.front_ends"))]
    with workers(jobs) as pool:
        cells = measure(Manifest.read(data), protocol, wanted, cache or default_cache(), pool)
    snrs = [*map(snr_name, protocol.snrs_db), EVERYTHING]
    click.echo(f"{'front end':10} {'at':>5} " + " ".join(f"{snr:>6}" for snr in snrs))
    for name, cell in cells.items():
        table = cell["misses"][EVERYTHING]
        for budget in BUDGETS:
            shares = " ".join(f"{table[snr][budget]:6.0%}" for snr in snrs)
            click.echo(f"{name:10} {budget:>5} {shares}  of {table[EVERYTHING]['events']} events")
        low, high = table[EVERYTHING][f"{BUDGETS[0]} interval"]
        alarms = cell["own"]["false_alarms_per_hour"][EVERYTHING]
        click.echo(f"{'':10}       95 %: {low:.0%} to {high:.0%}; {alarms} false alarms an hour")


if __name__ == "__main__":
    main()
