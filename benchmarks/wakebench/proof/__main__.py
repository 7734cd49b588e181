"""Run the parts one after the other and report."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click

from wakebench.proof import network, storage
from wakebench.proof.part import Outcome, Try, run
from wakebench.proof.soak import soak

SHARES: dict[str, tuple[Try | None, float]] = {
    "soak": (None, 0.4),
    "kills": (storage.kills, 0.15),
    "damage": (storage.damage, 0.05),
    "writers": (storage.writers, 0.1),
    "clocks": (storage.clocks, 0.05),
    "answers": (network.answers, 0.05),
    "requests": (network.requests, 0.1),
    "templates": (network.templates, 0.05),
    "headers": (network.headers, 0.02),
    "floods": (network.floods, 0.03),
}
"""What each part tries, and its share of the time; a try that has begun is finished."""


@click.command(context_settings={"show_default": True})
@click.option("--minutes", type=click.FloatRange(0.1), default=10.0, help="For all parts.")
@click.option("--seed", type=click.IntRange(0), default=1, help="Of the first try of each part.")
@click.option("--part", "parts", type=click.Choice(list(SHARES)), multiple=True, help="Only these.")
@click.option("--only", type=click.IntRange(0), help="One try with this seed, of each part.")
@click.option("--out", type=click.Path(path_type=Path), help="The report as JSON, too.")
def main(
    minutes: float, seed: int, parts: tuple[str, ...], only: int | None, out: Path | None
) -> None:
    """Try everything that could hurt, and print what came of it."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)  # what is told of trouble is many lines, and wanted here
    try:
        outcomes = _all(minutes, seed, parts, only)
    finally:
        logging.disable(before)
    if out is not None:
        out.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=2) + "\n")
    if any(outcome.failures for outcome in outcomes):
        raise SystemExit(1)


def _all(minutes: float, seed: int, parts: tuple[str, ...], only: int | None) -> list[Outcome]:
    """Run the parts, and tell of each when it is done."""
    chosen = parts or tuple(SHARES)
    whole = sum(SHARES[name][1] for name in chosen)
    outcomes = []
    for name in chosen:
        attempt, share = SHARES[name]
        seconds = 60.0 * minutes * share / whole
        tried = partial(soak, seconds=seconds) if attempt is None else attempt
        outcome = run(name, tried, seconds=seconds, seed=seed, only=only)
        outcomes.append(outcome)
        _tell(outcome)
    return outcomes


def _tell(outcome: Outcome) -> None:
    figures = ", ".join(f"{name} {value:g}" for name, value in outcome.figures.items())
    failed = f"{len(outcome.failures)} of {outcome.tries} tries failed"
    click.echo(f"{outcome.part:10} {outcome.seconds:6.0f} s  {failed}: {figures}")
    for seed, problem in outcome.failures[:5]:
        click.echo(f"           --part {outcome.part} --only {seed}: {problem}")


if __name__ == "__main__":
    main()
