"""What ``wakesound monitor`` raises on real recordings: ``python -m wakebench.monitor --data DIR``.

One stream has every recording of the watched sounds in it, over the noise of a home. Two others
hold speech and home noise and none of these sounds. Thresholds are those that the monitor fits to
a budget by itself, so nothing is chosen on the recordings. Only ``dev`` recordings are used, each
once; ``--split train`` is for choosing how scores are made.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from enroll.words import LabelThreshold, fit_labels
from runtime.labels.classifier import watching_classifier
from wakebench.mixing import at_level, faded
from wakebench.synth import loudest_db, power_db
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample
from wakeword.encoders import create_encoder
from wakeword.labels.watch import Alarm, AlarmConfig, LabelWatch, Look, WatchConfig
from wakeword.protocols import Encoder

Row = dict[str, str]

WATCHED = {
    "crying baby": "crying_baby",
    "dog barking": "dog",
    "rooster": "rooster",
    "chainsaw": "chainsaw",
    "sneezing": "sneezing",
}
"""Labels, and what their recordings are called."""
UNHEARD = ("glass breaking", "smoke alarm")
"""Labels that have no recordings here: only their false alerts can be counted."""
LABELS = (*WATCHED, *UNHEARD)
HOME = frozenset(
    """
    beer_pour blinds bottle_blow cafe can_opening cereal chair_squeak chopping city_street
    clock_tick clothesdryer crackling_fire cut_cardboard device_chime door_slam door_wood_creaks
    eating_an_apple electronic_blip fabric_rustling fan_noise fan_rattle food_chopper footsteps
    glass_cup guitar hallwaynoises hand_fan knife_sharpen locker music_box non_snap_sound outdoors
    packing_tape pan_pot_lid paper_crumple pink_noise plastic_bottle plastic_sheet powerdrill rain
    running_tap styrofoamnoises tin_foil_long up_stairs water waterbubbles wind zipper
    """.split()  # noqa: SIM905 - it is readable so
)
"""What is heard in and around a home."""
BUDGETS = (0.5, 2.0, 10.0)
"""False alerts per hour and label."""
LONGEST_SECONDS = 30.0
"""Of one recording of noise."""
NOISE_DB = (-36.0, -20.0)
"""Mean level of each recording of speech and noise, dBFS."""
BED_DB, SNR_DB = -50.0, 20.0
"""Level of the noise under the watched sounds, and how far their loudest 100 ms are above it."""
BED_SECONDS = 5.0
"""Shortest recording that serves as such noise."""
PAUSE_SECONDS = 9.0
"""Between two watched sounds."""
LATE_SECONDS = 3.0
"""An alert may begin so long after its sound: that long it is in the window."""


@dataclass(frozen=True)
class Part:
    """A recording in a stream."""

    name: str
    """What it is: a label that is watched for, or what the manifest says."""
    start: int
    end: int


@dataclass(frozen=True)
class Stream:
    """Audio, and what it is made of."""

    samples: FloatArray
    parts: tuple[Part, ...]

    def at(self, sample: int) -> str:
        """What is heard there; the last that began before."""
        return [part.name for part in self.parts if part.start <= sample][-1]


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m wakebench.monitor", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--encoder", default="mini")
    parser.add_argument("--split", choices=("dev", "train"), default="dev")
    parser.add_argument("--minutes", type=float, default=30.0, help="of speech, and of noise")
    parser.add_argument("--window", type=float, default=WatchConfig().window_seconds)
    parser.add_argument("--min-duration", type=float, default=AlarmConfig().min_seconds)
    arguments = parser.parse_args()
    encoder = create_encoder(arguments.encoder)
    config = WatchConfig(window_seconds=arguments.window)
    alarm = AlarmConfig(min_seconds=arguments.min_duration)
    material = Material(arguments.data, encoder.rate, arguments.split)
    quiet, events = material.quiet(arguments.minutes * 60), material.events()
    watched = Watched(encoder, config)
    silent, heard = [watched.looks(stream) for stream in quiet], watched.looks(events)
    click.echo(f"encoder {encoder.id}; a look each {config.every_seconds:g} s at", nl=False)
    click.echo(f" {config.window_seconds:g} s; minimum duration {alarm.min_seconds:g} s")
    minutes = [looks[-1].end / encoder.rate / 60 for looks in silent]
    click.echo(f"speech {minutes[0]:.1f} min, home noise {minutes[1]:.1f} min; ", nl=False)
    click.echo(f"{len(events.parts)} sounds in {len(events.samples) / encoder.rate / 60:.1f} min")
    for budget in BUDGETS:
        click.echo(f"\nbudget {budget:g} an hour")
        click.echo("label           threshold  expected  heard  elsewhere  false")
        table(watched, budget, alarm, (quiet, silent), (events, heard))


def table(
    watched: Watched,
    budget: float,
    alarm: AlarmConfig,
    silence: tuple[Sequence[Stream], Sequence[Sequence[Look]]],
    sounds: tuple[Stream, Sequence[Look]],
) -> None:
    """Print a line for each label with the threshold for this budget."""
    events, heard = sounds
    found_all = many_all = false_all = 0
    for label, fit in watched.thresholds(budget).items():
        chosen = replace(alarm, threshold=fit.threshold)
        alerts = alerts_of(heard, label, chosen)
        found, wrong = matched(events, label, alerts, heard[0].rate)
        many = sum(part.name == label for part in events.parts)
        on = named(*silence, label, chosen)
        found_all, many_all, false_all = found_all + found, many_all + many, false_all + len(on)
        hourly = "-" if fit.false_alerts_per_hour is None else f"{fit.false_alerts_per_hour:.2f}"
        of = f"{found}/{many}" if many else "-"
        told = f"{len(on)}{': ' if on else ''}{', '.join(on)}"
        click.echo(f"{label:<15} {fit.threshold:>9.3f} {hourly:>9} {of:>6} {wrong:>10}  {told}")
    click.echo(f"{'all':<15} {'':>9} {'':>9} {f'{found_all}/{many_all}':>6} {'':>10}  {false_all}")


class Watched:
    """An encoder that looks for all the labels at once."""

    def __init__(self, encoder: Encoder, config: WatchConfig) -> None:
        longest = encoder.longest_seconds or encoder.window_seconds
        window = min(config.window_seconds, longest)
        self._classifier = watching_classifier(encoder, window_seconds=window)
        self._question = self._classifier.question(LABELS)
        self._config = config

    def thresholds(self, budget_per_hour: float) -> dict[str, LabelThreshold]:
        """What the monitor fits to a budget."""
        given = dict.fromkeys(LABELS)
        return fit_labels(self._classifier, self._question, given, budget_per_hour)

    def looks(self, stream: Stream) -> list[Look]:
        """Everything that a watch sees of a stream."""
        seen: list[Look] = []
        alarms = dict.fromkeys(LABELS, AlarmConfig())
        watch = LabelWatch(
            self._classifier, self._question, alarms, self._config, observer=seen.append
        )
        watch.push(AudioFrame(stream.samples, 0, watch.rate))
        watch.flush()
        return seen


def alerts_of(looks: Sequence[Look], label: str, config: AlarmConfig) -> list[tuple[int, int]]:
    """Where alerts begin and where they were confirmed, in samples."""
    alarm = Alarm(config, looks[0].rate)
    changes = [alarm.push(look.heard.scores[label], look.start, look.end) for look in looks]
    return [(c.start, c.confirmed) for c in changes if c is not None and not c.ended]


def named(
    streams: Sequence[Stream], parts: Sequence[Sequence[Look]], label: str, config: AlarmConfig
) -> list[str]:
    """What the alerts were on."""
    return [
        stream.at(confirmed - 1)
        for stream, looks in zip(streams, parts, strict=True)
        for _, confirmed in alerts_of(looks, label, config)
    ]


def matched(
    stream: Stream, label: str, alerts: Sequence[tuple[int, int]], rate: int
) -> tuple[int, int]:
    """How many sounds of the label have an alert, and how many alerts have no such sound."""
    late = round(LATE_SECONDS * rate)
    own = [part for part in stream.parts if part.name == label]
    found = [
        [alert for alert in alerts if alert[1] > part.start and alert[0] < part.end + late]
        for part in own
    ]
    return sum(map(bool, found)), len(alerts) - len({one for some in found for one in some})


class Material:
    """The recordings of a split, put together; the same way every time.

    Args:
        data: folder with ``manifest.csv``.
        rate: samples per second.
        split: ``"dev"`` or ``"train"``.
    """

    def __init__(self, data: Path, rate: int, split: str = "dev") -> None:
        self._data = data
        self._rate = rate
        self._rng = np.random.default_rng(7)
        with (data / "manifest.csv").open(encoding="utf-8", newline="") as file:
            self._rows = [row for row in csv.DictReader(file) if row["split"] == split]

    def quiet(self, seconds: float) -> list[Stream]:
        """Speech, and home noise: so many seconds of each, or all there is."""
        speech = [row for row in self._rows if row["kind"] == "speech"]
        home = [row for row in self._rows if row["label"] in HOME]
        return [self._noise(rows, seconds) for rows in (speech, home)]

    def _noise(self, rows: Sequence[Row], seconds: float) -> Stream:
        """Recordings at random levels, half a second between them."""
        pieces, parts, at = [self._hiss(0.5)], [], self._rate // 2
        for row, samples in self._shuffled(rows):
            level = float(self._rng.uniform(*NOISE_DB))
            pieces += [faded(at_level(samples, power_db, level), self._rate // 100)]
            pieces += [self._hiss(0.5)]
            parts.append(Part(row["label"], at, at + len(samples)))
            at = parts[-1].end + self._rate // 2
            if at >= seconds * self._rate:
                break
        return Stream(np.clip(np.concatenate(pieces), -1, 1).astype(np.float32), tuple(parts))

    def events(self) -> Stream:
        """Every recording of the watched sounds, mixed up, over home noise."""
        called = {own: label for label, own in WATCHED.items()}
        rows = [row for row in self._rows if row["label"] in called]
        pieces, parts = [self._hiss(PAUSE_SECONDS)], []
        at = pause = len(pieces[0])
        for i in self._rng.permutation(len(rows)):
            samples = at_level(self._load(rows[int(i)]), loudest_db, BED_DB + SNR_DB)
            pieces += [samples, self._hiss(PAUSE_SECONDS)]
            parts.append(Part(called[rows[int(i)]["label"]], at, at + len(samples)))
            at = parts[-1].end + pause
        mixed = np.concatenate(pieces)
        home = [row for row in self._rows if row["kind"] == "background" and row["label"] in HOME]
        bed = [
            at_level(samples, power_db, BED_DB)
            for _, samples in self._shuffled(home)
            if len(samples) > BED_SECONDS * self._rate
        ]
        mixed += np.resize(np.concatenate(bed), len(mixed))
        return Stream(mixed.astype(np.float32), tuple(parts))

    def _shuffled(self, rows: Sequence[Row]) -> Iterator[tuple[Row, FloatArray]]:
        for i in self._rng.permutation(len(rows)):
            row = rows[int(i)]
            samples = self._load(row)[: round(LONGEST_SECONDS * self._rate)]
            if np.abs(samples).max() > 1e-4:
                yield row, samples

    def _load(self, row: Row) -> FloatArray:
        clip = read_audio(self._data / row["path"])
        return resample(clip.samples, clip.rate, self._rate)

    def _hiss(self, seconds: float) -> FloatArray:
        """A quiet room."""
        count = round(seconds * self._rate)
        return (1e-4 * self._rng.standard_normal(count)).astype(np.float32)


if __name__ == "__main__":
    main()
