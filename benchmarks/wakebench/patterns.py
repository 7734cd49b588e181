"""Two or three, up or down? ``python -m wakebench.patterns --data DIR``.

Rows of beats: each sound is enrolled from three single takes with the patterns 2 and 3, and
heard in rows of one to four. Figures are for the rows of two and three, over pink noise.

Alarms: what these sounds, all in one library, wake in the benchmark's hours without them.

Order: a whistled figure and its reversal are enrolled side by side, three takes each; both are
heard.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from wakebench import orders
from wakebench.beat_alarms import Alarms, false_alarms, negatives
from wakebench.beats import Beat, Tally, made_beats, measure, recorded_beats
from wakebench.manifest import Manifest
from wakeword.encoders import create_encoder
from wakeword.protocols import Encoder

PEOPLE = 4
"""Whistle each figure."""
SNRS_DB = (None, 20.0, 10.0)
"""None is a quiet room."""


def beats_table(
    beats: Sequence[Beat], encoder: Encoder, count: int, seed: int
) -> tuple[Table, dict[str, Tally]]:
    """What came of the rows of each sound, and of all together by SNR."""
    table = Table(title="Two and three told apart: right / wrong / silent")
    names = ["clean" if snr is None else f"{snr:g} dB" for snr in SNRS_DB]
    for column in ("sound", *names, "woken by 1 or 4"):
        table.add_column(column, justify="left" if column == "sound" else "right")
    sums = {name: Tally(0, 0, 0, 0) for name in names}
    for beat in beats:
        with tempfile.TemporaryDirectory() as folder:
            tallies = [measure(beat, encoder, Path(folder), s, count, seed) for s in SNRS_DB]
        cells = [f"{t.right} / {t.wrong} / {t.silent}" for t in tallies]
        table.add_row(beat.name, *cells, str(sum(t.foils for t in tallies)))
        for name, tally in zip(names, tallies, strict=True):
            sums[name] = _added(sums[name], tally)
    shares = [f"{100 * sums[name].share:.0f}%" for name in names]
    table.add_section()
    table.add_row("all, right", *shares, str(sum(t.foils for t in sums.values())))
    return table, sums


def alarms_table(beats: Sequence[Beat], encoder: Encoder, manifest: Manifest, split: str) -> Table:
    """What woke by mistake, by kind of recording."""
    with tempfile.TemporaryDirectory() as folder:
        found = false_alarms(beats, encoder, Path(folder), negatives(manifest, split))
    table = Table(title=f"False alarms of these {len(beats)} sounds, enrolled with 0.5 /h each")
    for column in ("recordings", "hours", "woken", "per hour and sound"):
        table.add_column(column, justify="left" if column == "recordings" else "right")
    seconds, events = sum(a.seconds for a in found), sum(a.events for a in found)
    for alarms in (*found, Alarms("all", seconds, events)):
        rate = alarms.per_hour(len(beats))
        table.add_row(
            alarms.kind, f"{alarms.seconds / 3600:.2f}", str(alarms.events), f"{rate:.2f}"
        )
    return table


def orders_table(encoder: Encoder, people: int, count: int, seed: int) -> Table:
    """What whistled figures and their reversals woke, by SNR."""
    table = Table(title="A figure and its reversal: right / turned round / silent")
    names = ["clean" if snr is None else f"{snr:g} dB" for snr in SNRS_DB]
    for column in ("figure", *names, "right"):
        table.add_column(column, justify="left" if column == "figure" else "right")
    for figure in orders.FIGURES:
        sums = [orders.OrderTally(0, 0, 0)] * len(SNRS_DB)
        for person in range(people):
            with tempfile.TemporaryDirectory() as folder:
                place = Path(folder)
                found = orders.measure(figure, encoder, place, SNRS_DB, count, 100 * seed + person)
            sums = [
                orders.OrderTally(a.right + b.right, a.turned + b.turned, a.silent + b.silent)
                for a, b in zip(sums, found, strict=True)
            ]
        cells = [f"{t.right} / {t.turned} / {t.silent}" for t in sums]
        shares = " ".join(f"{100 * t.share:.0f}%" for t in sums)
        table.add_row(figure, *cells, shares)
    return table


def _added(one: Tally, other: Tally) -> Tally:
    return Tally(
        one.right + other.right,
        one.wrong + other.wrong,
        one.silent + other.silent,
        one.foils + other.foils,
    )


@click.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), help="Recordings.")
@click.option("--split", type=click.Choice(["dev", "train"]), default="dev", show_default=True)
@click.option("--rows", "count", default=24, show_default=True, help="Rows of a sound.")
@click.option("--encoder", default="mini", show_default=True)
@click.option("--part", type=click.Choice(["beats", "alarms", "order", "all"]), default="all")
@click.option("--seed", default=0, show_default=True)
def main(data: Path | None, split: str, count: int, encoder: str, part: str, seed: int) -> None:
    """Measure how well rows of beats, and figures and their reversals, are told apart."""
    console, maker = Console(), create_encoder(encoder)
    beats = list(made_beats(seed))
    if part == "alarms" and data is None:
        raise click.UsageError("false alarms need recordings: give --data")
    manifest = Manifest.read(data) if data is not None else None
    if manifest is not None:
        beats += recorded_beats(manifest, split)
    if part in ("beats", "all"):
        console.print(beats_table(beats, maker, count, seed)[0])
    if manifest is not None and part in ("alarms", "all"):
        console.print(alarms_table(beats, maker, manifest, split))
    if part in ("order", "all"):
        console.print(orders_table(maker, PEOPLE, count // 2, seed))


if __name__ == "__main__":
    main()
