"""What ``wakesound monitor`` raises on real recordings: ``python -m wakebench.monitor --data DIR``.

One stream has every recording of the watched sounds in it, over the noise of a home. Two others
hold speech and home noise and none of these sounds: by the first the thresholds are chosen, those
that stay silent with a margin, and the second tells what they are worth. Only ``dev`` recordings
are used, each once.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import click
import numpy as np

from wakebench.mixing import at_level, faded
from wakebench.synth import loudest_db, power_db
from wakeword.alarm import Alarm, AlarmConfig
from wakeword.audio import AudioFrame, FloatArray
from wakeword.audiofile import read_audio
from wakeword.encoders import create_encoder
from wakeword.label_watch import LabelWatch, Look, WatchConfig
from wakeword.labels import Classifier
from wakeword.protocols import Encoder
from wakeword.resampler import resample

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
STEP = 0.005
"""How finely thresholds are tried."""
MARGIN = 1.5
"""A threshold has this times the odds of what was needed to stay silent."""
LOWEST = 0.3
"""What is needed counts as this much at least."""
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
    parser.add_argument("--minutes", type=float, default=10.0, help="of speech, and of noise")
    parser.add_argument("--window", type=float, default=WatchConfig().window_seconds)
    parser.add_argument("--min-duration", type=float, default=AlarmConfig().min_seconds)
    arguments = parser.parse_args()
    encoder = create_encoder(arguments.encoder)
    config = WatchConfig(window_seconds=arguments.window)
    alarm = AlarmConfig(min_seconds=arguments.min_duration)
    material = Material(arguments.data, encoder.rate)
    halves = [material.quiet(half, arguments.minutes * 60) for half in (0, 1)]
    events = material.events()
    watched = Watched(encoder, config)
    first, second = ([watched.looks(stream) for stream in half] for half in halves)
    heard = watched.looks(events)
    click.echo(f"encoder {encoder.id}; a look each {config.every_seconds:g} s at", nl=False)
    click.echo(f" {config.window_seconds:g} s; minimum duration {alarm.min_seconds:g} s")
    for name, half in (("first", first), ("second", second)):
        minutes = [looks[-1].end / encoder.rate / 60 for looks in half]
        click.echo(f"{name} half: speech {minutes[0]:.1f} min, home noise {minutes[1]:.1f} min")
    click.echo(f"{len(events.parts)} sounds in {len(events.samples) / encoder.rate / 60:.1f} min")
    click.echo(
        "\nlabel           noise  threshold  heard  elsewhere  false in second half     nearest"
    )
    for label in LABELS:
        peak = loudest(first, label, alarm)
        almost = replace(alarm, threshold=peak - STEP if peak > STEP else peak)
        chosen = replace(alarm, threshold=stricter(peak))
        alerts = alerts_of(heard, label, chosen)
        found, wrong = matched(events, label, alerts, encoder.rate)
        many = sum(part.name == label for part in events.parts)
        near = named(halves[0], first, label, almost)
        on = named(halves[1], second, label, chosen)
        told = f"{len(on)}{': ' if on else ''}{', '.join(on)}"
        of = f"{found}/{many}" if many else "-"
        click.echo(
            f"{label:<15} {peak:>5.2f} {chosen.threshold:>10.2f} {of:>6} {wrong:>10}  {told:<24}"
            f" {', '.join(near)}"
        )

    click.echo(
        f"\nAll at {alarm.threshold:g}:\nlabel           heard  elsewhere  false in both halves"
    )
    for label in LABELS:
        alerts = alerts_of(heard, label, alarm)
        found, wrong = matched(events, label, alerts, encoder.rate)
        on = named([*halves[0], *halves[1]], [*first, *second], label, alarm)
        click.echo(f"{label:<15} {found:>5} {wrong:>10}  {len(on)}: {', '.join(on)}")


class Watched:
    """An encoder that looks for all the labels at once."""

    def __init__(self, encoder: Encoder, config: WatchConfig) -> None:
        longest = float(getattr(encoder, "longest_seconds", encoder.window_seconds))
        window = min(config.window_seconds, longest)
        self._classifier = Classifier(encoder, window_seconds=window)
        self._question = self._classifier.question(LABELS)
        self._config = config

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


def loudest(parts: Sequence[Sequence[Look]], label: str, config: AlarmConfig) -> float:
    """The lowest threshold with which none of it alerts."""
    for step in range(1, round(1 / STEP)):
        threshold = step * STEP
        one = replace(config, threshold=threshold)
        if not any(alerts_of(looks, label, one) for looks in parts):
            return threshold
    return 1 - STEP


def named(
    streams: Sequence[Stream], parts: Sequence[Sequence[Look]], label: str, config: AlarmConfig
) -> list[str]:
    """What the alerts were on."""
    return [
        stream.at(confirmed - 1)
        for stream, looks in zip(streams, parts, strict=True)
        for _, confirmed in alerts_of(looks, label, config)
    ]


def stricter(threshold: float) -> float:
    """A threshold with a margin over what was needed: ``MARGIN`` times the odds, two digits."""
    odds = MARGIN * max(threshold, LOWEST) / (1 - max(threshold, LOWEST))
    return round(odds / (1 + odds), 2)


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
    """The ``dev`` recordings, put together; the same way every time.

    Args:
        data: folder with ``manifest.csv``.
        rate: samples per second.
    """

    def __init__(self, data: Path, rate: int) -> None:
        self._data = data
        self._rate = rate
        self._rng = np.random.default_rng(7)
        with (data / "manifest.csv").open(encoding="utf-8", newline="") as file:
            self._rows = [row for row in csv.DictReader(file) if row["split"] == "dev"]

    def quiet(self, half: int, seconds: float) -> list[Stream]:
        """Speech, and home noise: so many seconds of every second recording of each."""
        speech = [row for row in self._rows if row["kind"] == "speech"]
        home = [row for row in self._rows if row["label"] in HOME]
        return [self._noise(rows[half::2], seconds) for rows in (speech, home)]

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
