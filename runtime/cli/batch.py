"""``wakesound batch``: thousands of recordings classified by labels."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runtime.cli.label_options import labels_options, understood, wanted_labels
from runtime.cli.options import (
    FiniteRange,
    Settings,
    channel_option,
    encoder_option,
    examples,
    json_option,
    library_option,
)
from wakeword.errors import AudioError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runtime.labels.batch.job import Job
    from runtime.labels.batch.local import Engine
    from runtime.labels.batch.run import Summary
    from wakeword.audio.channels import Choice
    from wakeword.labels.accuracy import Confusion, TrueLabel

FEWEST_SHOWN = 5
"""So many bad recordings are shown with their reasons; the result has all."""
MOST_BY_ITSELF = 4
"""Processes, unless more are asked for: each loads the encoder."""


@click.command(
    "batch",
    epilog=examples(
        'wakesound batch DIR --labels "dog barking, rain" --out results.csv',
        "wakesound batch recordings --truth truth.csv --out results.parquet",
        'wakesound batch DIR --labels "music, 人声" --out x.jsonl --engine ray',
    ),
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@labels_options
@click.option(
    "--out",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path),
    help="The result, a row a recording: .csv, .jsonl or .parquet.",
)
@click.option(
    "--slices",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A further result, a row a slice.",
)
@click.option(
    "--truth",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A CSV file with the columns path and label: say how many were recognised.",
)
@click.option("--closed", is_flag=True, help="One of the labels must be it: no 'none of these'.")
@click.option(
    "--window",
    metavar="SECONDS",
    type=FiniteRange(min=0.1, max=4.0),
    help="How long a slice is (default: 4, or the most the encoder can).",
)
@click.option(
    "--template",
    "templates",
    metavar="TEXT",
    multiple=True,
    help="A sentence with {} for the label; of several the mean counts.",
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(1),
    help=f"Processes, or actors of Ray (default: as many as processors, {MOST_BY_ITSELF} at most;"
    " with Ray as many as the cluster has).",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="Who hears: processes of this machine, or a Ray cluster.",
)
@click.option(
    "--address",
    metavar="ADDRESS",
    help="The Ray cluster's, e.g. auto or head:6379 (default: RAY_ADDRESS, else its own).",
)
@click.option("--device", metavar="NAME", default="cpu", show_default=True, help="cpu or cuda.")
@click.option("--restart", is_flag=True, help="Forget what is done, and replace the result.")
@channel_option
@click.option(
    "--strict",
    is_flag=True,
    help="End with status 2 when a recording is bad, or a part of it is missing.",
)
@json_option
@encoder_option
@library_option
@click.pass_obj
def command(
    settings: Settings,
    folder: Path,
    labels: str | None,
    labels_file: Path | None,
    out: Path,
    slices: Path | None,
    truth: Path | None,
    closed: bool,
    window: float | None,
    templates: tuple[str, ...],
    jobs: int | None,
    engine: str,
    address: str | None,
    device: str,
    restart: bool,
    channel: Choice,
    strict: bool,
    as_json: bool,
) -> None:
    """Classify all recordings in a folder by labels.

    DIR is searched with the folders in it. When it is interrupted, the same command goes on
    where it was.
    """
    from runtime.cli import screen
    from runtime.labels.batch.run import check_tables, run

    check_tables(out, slices, restart=restart)
    if not folder.is_dir():
        raise ConfigError(f"{folder} is not a folder; name the one with the recordings")
    known = _read_truth(truth)
    named = _labels(labels, labels_file, known)
    hearers = _engine(engine, address, jobs)
    spec = settings.encoder_spec(settings.open_library())
    job = _job(folder, named, spec, device, closed, window, templates, slices is not None, channel)
    if known:
        from runtime.labels.batch.results import check_truth

        check_truth(known, job.labels)
    if not as_json:
        for line in understood(job.question):
            click.echo(line)
    gc.collect()  # the encoder that read the labels, before each hearer loads its own
    began = time.monotonic()
    try:
        with screen.progress("Listening") as shown:
            done = run(job, hearers, out, slices=slices, restart=restart, progress=shown)
    except KeyboardInterrupt:
        click.echo("wakesound: the same command goes on from here", err=True)
        raise click.Abort from None
    took = time.monotonic() - began
    report = _accuracy(known, job, done)
    _tell(done.bad, "bad", done, f"{out} says why, in the column error")
    _tell(done.partial, "not all there", done, f"{out} has what is, and 'complete' is false")
    if as_json:
        screen.print_json(_as_json(job, done, out, engine, took, report))
    else:
        _show(done, out, took, report)
    if strict and done.bad:
        raise AudioError(f"{_count(done.bad, done)} bad; see {out}")
    if strict and done.partial:
        raise AudioError(f"{_count(done.partial, done)} not all there; see {out}")


def _read_truth(path: Path | None) -> list[TrueLabel]:
    from wakeword.labels.accuracy import read_truth

    return [] if path is None else read_truth(path)


def _labels(labels: str | None, labels_file: Path | None, truth: list[TrueLabel]) -> list[str]:
    """Those that are named, or else those of the truth file."""
    from wakeword.labels.classifier import NONE

    if truth and labels is None and labels_file is None:
        return list(dict.fromkeys(clip.label for clip in truth if clip.label != NONE))
    return wanted_labels(labels, labels_file)


def _engine(name: str, address: str | None, jobs: int | None) -> Engine:
    from runtime.labels.batch.local import LocalEngine, processors

    if name == "ray":
        from runtime.labels.batch.cluster import RayEngine

        return RayEngine(address, jobs)
    if address is not None:
        raise ConfigError("--address is for --engine ray")
    return LocalEngine(min(processors(), MOST_BY_ITSELF) if jobs is None else jobs)


def _job(
    folder: Path,
    labels: list[str],
    spec: str,
    device: str,
    closed: bool,
    window: float | None,
    templates: tuple[str, ...],
    keep_slices: bool,
    channel: Choice,
) -> Job:
    """What is asked. The encoder that read the labels is let go: each hearer has its own."""
    from runtime.labels.batch.job import SLICE_SECONDS, Job
    from runtime.labels.classifier import make_classifier
    from wakeword.encoders import create_encoder

    encoder = create_encoder(spec, device=device)
    longest = encoder.longest_seconds or encoder.window_seconds
    classifier = make_classifier(
        encoder,
        templates=templates or None,
        window_seconds=min(SLICE_SECONDS, longest) if window is None else window,
    )
    return Job.of(
        folder,
        classifier,
        classifier.question(labels, closed=closed),
        encoder=encoder.spec or spec,
        device=device,
        keep_slices=keep_slices,
        channel=channel,
    )


def _accuracy(truth: list[TrueLabel], job: Job, done: Summary) -> tuple[Confusion, int] | None:
    from runtime.labels.batch.results import accuracy

    return accuracy(truth, job.folder, done.tops, job.labels) if truth else None


def _count(some: Mapping[str, str], done: Summary) -> str:
    are = "is" if len(some) == 1 else "are"
    return f"{len(some)} of {done.recordings} recordings {are}"


def _tell(some: Mapping[str, str], what: str, done: Summary, where: str) -> None:
    """List on stderr what could not be heard, or not all of it."""
    from wakeword.audio.reading import printable

    if not some:
        return
    click.echo(f"wakesound: {_count(some, done)} {what}; {where}:", err=True)
    for path, reason in list(some.items())[:FEWEST_SHOWN]:
        click.echo(f"  {printable(path)}: {reason}", err=True)
    if len(some) > FEWEST_SHOWN:
        click.echo(f"  and {len(some) - FEWEST_SHOWN} more", err=True)


def _as_json(
    job: Job,
    done: Summary,
    out: Path,
    engine: str,
    took: float,
    report: tuple[Confusion, int] | None,
) -> dict[str, Any]:
    from wakeword.audio.reading import printable

    found: dict[str, Any] = {
        "out": str(out),
        "encoder": job.encoder_id,
        "engine": engine,
        "recordings": done.recordings,
        "before": done.before,
        "audio_seconds": round(done.seconds, 3),
        "took_seconds": round(took, 3),
        "bad": {printable(path): reason for path, reason in done.bad.items()},
        "not_complete": {printable(path): reason for path, reason in done.partial.items()},
    }
    if report is not None:
        found["truth"] = report[0].as_json() | {"not_heard": report[1]}
    return found


def _show(done: Summary, out: Path, took: float, report: tuple[Confusion, int] | None) -> None:
    from runtime.cli.labels import show_confusion

    if report is not None:
        show_confusion("written", report[0], {})
        if report[1]:
            click.echo(f"{report[1]} clips of the truth file are not among the good recordings")
    now = done.recordings - done.before
    before = f" ({done.before} were done before)" if done.before else ""
    speed = f", {now / took:.1f} a second" if now else ""
    click.echo(
        f"{done.recordings} recordings, {done.seconds / 60:.1f} minutes of audio, in"
        f" {took:.1f} s{speed}{before}: {out}"
    )
