"""A first look at real sounds: ``python -m wakebench.tryout --data DIR``.

A handful of well-known sounds, three takes each, are enrolled with the real command line;
their other takes are mixed into ten minutes and more of real background and speech, and
``wakesound listen`` plays it. Small and quick, for the feel of it; what is better is decided
by ``wakesound bench``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
import numpy as np
import soundfile
from rich.console import Console
from rich.table import Table

from wakebench import classes, metrics
from wakebench.clips import FileClip
from wakebench.compose import EventPlan, NegativePlan
from wakebench.identity import generator
from wakebench.manifest import Manifest, Row
from wakebench.sounds import Sound, takes_in
from wakebench.stream import Placed
from wakebench.synth import RATE
from wakeword.library.recordings import Take

ENROLLED, HEARD = 3, 8
RECORDINGS = {
    "dog": ("dog__5-203128",),
    "rooster": (
        *("rooster__5-194930-A", "rooster__5-200334-A", "rooster__5-234879-A"),
        *("rooster__5-194930-B", "rooster__5-200334-B", "rooster__5-234879-B"),
    ),
    "bell": ("label:bell",),
    "how are you": ("howAreYou_2020-06-30T14_3", "howAreYou_2020-06-30T14_4"),
    "finger snap": ("label:finger_snap",),
    "knuckle tap": ("label:knuckle_tap",),
    "alarm clock": ("label:clock_alarm",),
}
"""What is taken, as part of the path or as a label; the first three takes are enrolled. Of
no single rooster there are four crows: three birds are enrolled with a crow each and heard
again with another. The words were recorded within ten minutes, so most likely by one voice."""


def sounds(manifest: Manifest, split: str) -> list[Sound]:
    """The sounds of ``RECORDINGS`` that the data has, with all their takes."""
    rows = [row for row in manifest.for_measuring(split) if row.kind != "background"]
    found = []
    for name, patterns in RECORDINGS.items():
        chosen = [row for pattern in patterns for row in rows if _matches(row, pattern)]
        groups = [row.group for row in chosen]
        if patterns[0].startswith("label:") and chosen:
            chosen = [row for row in chosen if row.group == groups[0]]
        longest = [_takes(manifest, row) for row in chosen[: ENROLLED + HEARD]]
        takes = [take for found_takes in longest for take in found_takes]
        if len(takes) > ENROLLED:
            label = chosen[0].label
            kept = tuple(takes[: ENROLLED + HEARD])
            found.append(Sound(name, label, classes.family(label), False, kept))
    return found


def _matches(row: Row, pattern: str) -> bool:
    kind, _, label = pattern.partition(":")
    return row.label == label if kind == "label" else pattern in row.path


def _takes(manifest: Manifest, row: Row) -> list[Take]:
    return takes_in(manifest.audio(row, RATE))


def enroll(found: Sequence[Sound], folder: Path, budget: float) -> None:
    """Enroll the first takes of each with the command line."""
    for sound in found:
        paths = []
        for i, take in enumerate(sound.takes[:ENROLLED]):
            paths.append(str(folder / f"{sound.label}-{i}.wav"))
            soundfile.write(paths[-1], take.samples, RATE)
        _wakesound(folder, "enroll", sound.name, *paths, "--force", "--budget", str(budget))


def compose(
    found: Sequence[Sound], manifest: Manifest, split: str, snr_db: float, minutes: float, seed: int
) -> tuple[np.ndarray, list[Placed]]:
    """The other takes over real background and speech, then more of that without any."""
    heard = tuple(replace(sound, takes=sound.takes[ENROLLED:]) for sound in found)
    rows = [
        row
        for row in manifest.for_measuring(split)
        if row.kind in ("background", "speech") and not any(row.label == s.label for s in found)
    ]
    rng = generator(seed, "tryout")
    rows = [rows[i] for i in rng.permutation(len(rows))]
    clips = [
        (FileClip(manifest.folder / r.path, r.label, classes.category(r.kind, r.label)), r)
        for r in rows
        if manifest.seconds(r) >= 3.0
    ]
    bed = tuple(clip for clip, _ in clips[:60])
    events = EventPlan(heard, bed, snr_db, seed).compose()
    rest, length = [], len(events.samples) / RATE
    for clip, row in clips[60:]:
        if length >= minutes * 60:
            break
        rest.append(clip)
        length += manifest.seconds(row)
    quiet = NegativePlan(tuple(rest), seed).compose()
    return np.concatenate([events.samples, quiet.samples]), list(events.layout.events)


def listen(samples: np.ndarray, folder: Path) -> list[dict[str, object]]:
    """The wake events of the real command line."""
    soundfile.write(folder / "stream.wav", samples, RATE)
    lines = _wakesound(folder, "listen", "--source", f"file:{folder / 'stream.wav'}", "--json")
    return [e for e in map(json.loads, lines.splitlines()) if e["event"] == "wake"]


def _wakesound(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "runtime", *arguments, "--library", str(folder / "library")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(f"wakesound {arguments[0]}: {done.stderr.strip()}")
    return done.stdout


@click.command()
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--split", default="dev", show_default=True)
@click.option("--snr", "snr_db", default=20.0, show_default=True, help="dB, in the loudest 100 ms.")
@click.option("--minutes", default=12.0, show_default=True, help="Length of the stream.")
@click.option("--budget", default=0.5, show_default=True, help="False alarms per hour and sound.")
@click.option("--seed", default=0, show_default=True)
def main(data: Path, split: str, snr_db: float, minutes: float, budget: float, seed: int) -> None:
    """Enroll a few real sounds and find them again in real background and speech."""
    manifest = Manifest.read(data)
    found = sounds(manifest, split)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        enroll(found, folder, budget)
        samples, placed = compose(found, manifest, split, snr_db, minutes, seed)
        fired = listen(samples, folder)
    spans = [(event.start / RATE, event.end / RATE) for event in placed]
    times = [float(str(event["end"])) for event in fired]
    names = [str(event["sound"]) for event in fired]
    assignment = metrics.assign(spans, [event.sound for event in placed], times, names)
    kinds = Counter(kind for kind in assignment.kinds if kind != "hit")
    seconds = len(samples) / RATE
    console = Console()
    console.print(_table(found, placed, names, assignment))
    console.print(
        f"{seconds / 60:.1f} minutes at {snr_db:g} dB: "
        f"{np.count_nonzero(assignment.firings >= 0)} of {len(placed)} heard, "
        f"{metrics.false_alarms(assignment)} false alarms "
        f"({', '.join(f'{n} {kind}' for kind, n in sorted(kinds.items())) or 'none'})"
    )


def _table(
    found: Sequence[Sound],
    placed: Sequence[Placed],
    fired: Sequence[str],
    assignment: metrics.Assignment,
) -> Table:
    table = Table(title="Real sounds, three takes enrolled")
    for column in ("sound", "there", "heard", "missed", "false alarms"):
        table.add_column(column, justify="left" if column == "sound" else "right")
    for sound in found:
        mine = [i for i, event in enumerate(placed) if event.sound == sound.name]
        heard = sum(assignment.firings[i] >= 0 for i in mine)
        false = sum(
            name == sound.name and kind != "hit"
            for name, kind in zip(fired, assignment.kinds, strict=True)
        )
        table.add_row(sound.name, *map(str, (len(mine), heard, len(mine) - heard, false)))
    return table


if __name__ == "__main__":
    main()
