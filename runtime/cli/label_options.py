"""The options that name labels, for every command that takes some.

The options of ``wakesound monitor`` that say when an alert begins and ends.

The options of ``wakesound monitor`` that say which clips are kept.

The options of commands that are a device at an MQTT broker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runtime.cli.options import Decorated, FiniteRange, gathered
from runtime.sinks.exec import BROKER_VARIABLE
from wakeword.errors import ConfigError
from wakeword.labels.wording import split_labels

if TYPE_CHECKING:
    from runtime.history.clips import ClipConfig, ClipStore
    from runtime.services.mqtt.device import Device
    from runtime.sinks._broker import Broker
    from wakeword.labels import Question
    from wakeword.labels.watch import AlarmConfig, WatchConfig


def labels_options(function: Decorated) -> Decorated:
    """``--labels`` and ``--labels-file``, as the arguments ``labels`` and ``labels_file``."""
    from_file = click.option(
        "--labels-file",
        metavar="FILE",
        type=click.Path(dir_okay=False, path_type=Path),
        help="A text file with the labels, one a line.",
    )
    given = click.option(
        "--labels", metavar="LIST", help='The labels, e.g. "dog barking, car horn" or "狗叫、门铃".'
    )
    return given(from_file(function))


def wanted_labels(labels: str | None, labels_file: Path | None) -> list[str]:
    """The labels of both options, in that order.

    Raises:
        ConfigError: the file cannot be read, or no labels are named at all.
    """
    found = split_labels(labels or "")
    if labels_file is not None:
        try:
            text = labels_file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ConfigError(f"{labels_file} cannot be read: {reason}") from error
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        found += [line for line in lines if line]  # a comma belongs to the label
    if not found:
        raise ConfigError(
            'no labels are given; name some: --labels "dog barking, car horn", or --labels-file'
        )
    return found


def understood(question: Question) -> list[str]:
    """A line for each label that was read as other words, e.g. ``玻璃破碎 -> glass breaking``."""
    return [str(wording) for wording in question.wordings if wording.how != "written"]


_WITH_THRESHOLD = re.compile(r"(?P<label>.*\S)\s*[:\uff1a]\s*(?P<threshold>[0-9.]+)")
"""``dog barking:0.8``; the colon may be full-width."""
WINDOW_SECONDS = 3.0
"""What a look sees, unless another window or a longer time between looks is asked for."""


@dataclass(frozen=True)
class AlarmOptions:
    """Thresholds and times."""

    thresholds: tuple[str, ...]
    budget: float
    release: float
    every: float
    window: float | None
    min_duration: float
    hold: float

    def watch(self) -> WatchConfig:
        """How often is looked, and at how much.

        Raises:
            ConfigError: the two make no sense together.
        """
        from wakeword.labels.watch import WatchConfig

        window = max(WINDOW_SECONDS, self.every) if self.window is None else self.window
        return WatchConfig(self.every, window)

    def alarm(self, threshold: float) -> AlarmConfig:
        """When a label with this threshold alerts."""
        from wakeword.labels.watch import AlarmConfig

        return AlarmConfig(threshold, self.release, self.min_duration, self.hold)

    def named(self, labels: Sequence[str]) -> dict[str, float | None]:
        """The labels, each with its own threshold, that of all, or None: it is to be fitted.

        Args:
            labels: as they were given, perhaps with a threshold behind: ``"dog barking:0.8"``.

        Raises:
            ConfigError: a threshold is no number or for a label that is not watched, or a
                label is there twice.
        """
        needed: dict[str, float | None] = {}
        for label in labels:
            found = _WITH_THRESHOLD.fullmatch(label)
            name = found["label"] if found else label
            if name in needed:
                raise ConfigError(f"the label {name!r} is there twice; name each only once")
            needed[name] = _number(found["threshold"]) if found else None
        spelled = {label.casefold(): label for label in needed}
        common: float | None = None
        for text in self.thresholds:
            label, equals, number = text.rpartition("=")
            if not equals:
                common = _number(text)
            elif label.strip().casefold() in spelled:
                needed[spelled[label.strip().casefold()]] = _number(number)
            else:
                raise ConfigError(
                    f"--threshold names {label.strip()!r}, which is not watched for; watched are:"
                    f" {', '.join(needed)}"
                )
        return {label: common if own is None else own for label, own in needed.items()}


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value <= 1.0:
        raise ConfigError(f"a threshold is above 0 and at most 1, not {text.strip()!r}")
    return value


alarm_options = gathered(
    "alarms",
    AlarmOptions,
    click.option(
        "--budget",
        metavar="N",
        type=FiniteRange(min=0, min_open=True),
        default=0.5,
        help="Allowed false alerts per hour and label; thresholds are fitted to it.",
        show_default=True,
    ),
    click.option(
        "--threshold",
        "thresholds",
        metavar="X",
        multiple=True,
        help="The score at which an alert begins, 0 to 1, instead of the fitted one: for all "
        "labels, or LABEL=X for one; may be repeated.",
    ),
    click.option(
        "--release",
        metavar="X",
        type=FiniteRange(min=0, max=1, max_open=True),
        default=0.15,
        help="Hysteresis: how far below the threshold the score must fall before a sound counts "
        "as gone; at most half of the threshold.",
        show_default=True,
    ),
    click.option(
        "--every",
        metavar="SECONDS",
        type=FiniteRange(min=0.1),
        default=1.0,
        help="Time between two looks.",
        show_default=True,
    ),
    click.option(
        "--window",
        metavar="SECONDS",
        type=FiniteRange(min=0.1),
        help="How much audio a look sees (default: 3, or --every where that is longer).",
    ),
    click.option(
        "--min-duration",
        metavar="SECONDS",
        type=FiniteRange(min=0),
        default=1.0,
        help="Minimum duration of a sound before its alert begins; 0 alerts at the first look.",
        show_default=True,
    ),
    click.option(
        "--hold",
        metavar="SECONDS",
        type=FiniteRange(min=0),
        default=3.0,
        help="Release time: how long a sound must be gone before its alert ends.",
        show_default=True,
    ),
)
"""``--threshold`` and what belongs to it, as the argument ``alarms`` (:class:`AlarmOptions`)."""


@dataclass(frozen=True)
class ClipOptions:
    """Where clips go, what is in them and how long they stay."""

    clip_folder: Path | None
    pre_roll: float
    longest_clip: float
    keep_clips: int
    keep_mb: float
    keep_days: float

    def store(self) -> ClipStore | None:
        """Where to; None where no clips are wanted."""
        from runtime.history.clips import ClipLimits, ClipStore

        limits = ClipLimits(self.keep_clips, self.keep_mb, self.keep_days)
        return None if self.clip_folder is None else ClipStore(self.clip_folder, limits)

    def config(self) -> ClipConfig:
        """What a clip holds.

        Raises:
            ConfigError: the settings make no sense together.
        """
        from runtime.history.clips import ClipConfig

        return ClipConfig(self.pre_roll, self.longest_clip)


clip_options = gathered(
    "clips",
    ClipOptions,
    click.option(
        "--clips",
        "clip_folder",
        metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        help="Record each alert into this folder, speech included: a WAV and a JSON file.",
    ),
    click.option(
        "--pre-roll",
        metavar="SECONDS",
        type=FiniteRange(min=0),
        default=3.0,
        help="How much audio before the sound a clip holds.",
        show_default=True,
    ),
    click.option(
        "--longest-clip",
        metavar="SECONDS",
        type=FiniteRange(min=0, min_open=True),
        default=60.0,
        help="Maximum length of a clip, even when the alert goes on.",
        show_default=True,
    ),
    click.option(
        "--keep-clips",
        metavar="N",
        type=click.IntRange(min=1),
        default=200,
        help="Maximum number of clips; the oldest are deleted.",
        show_default=True,
    ),
    click.option(
        "--keep-mb",
        metavar="MB",
        type=FiniteRange(min=0, min_open=True),
        default=500.0,
        help="Maximum size of all clips together; the oldest are deleted.",
        show_default=True,
    ),
    click.option(
        "--keep-days",
        metavar="DAYS",
        type=FiniteRange(min=0, min_open=True),
        default=30.0,
        help="Delete clips older than this.",
        show_default=True,
    ),
)
"""``--clips`` and what belongs to it, as the argument ``clips`` (:class:`ClipOptions`)."""


@dataclass(frozen=True)
class BrokerOptions:
    """Which broker, and what the device is called there."""

    broker_uri: str | None
    ca: Path | None
    device_id: str | None
    name: str | None
    topic: str
    discovery_prefix: str

    def broker(self) -> Broker:
        """The broker; one must be named.

        Raises:
            click.UsageError: the address names a topic.
            ConfigError: it is no address of a broker.
        """
        from runtime.sinks._broker import parse

        broker, topic = parse(self.broker_uri or "", self.ca)
        if topic:
            raise click.UsageError("--broker ends with host and port; --topic names a topic")
        return broker

    def device(self, suffix: str = "") -> Device:
        """The device; without ``--id`` it is called like the host, with the suffix."""
        from runtime.services.mqtt.device import Device, host_name, identifier

        own = self.device_id or f"{identifier(host_name())}{suffix}"
        people = self.device_id or f"{host_name()}{suffix}"
        return Device(own, self.name or f"Wakesound {people}", self.topic, self.discovery_prefix)


def broker_options(what: str, called: str, *, required: bool = False) -> Callable[[Decorated], Any]:
    """The options, as the argument ``broker`` (:class:`BrokerOptions`).

    Args:
        what: the help of ``--broker``.
        called: what the device is called without ``--id``.
        required: whether there must be a broker.
    """
    return gathered(
        "broker",
        BrokerOptions,
        click.option(
            "--broker",
            "broker_uri",
            metavar="URI",
            envvar=BROKER_VARIABLE,
            required=required,
            help=what,
        ),
        click.option(
            "--ca",
            metavar="FILE",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help="Certificate of the authority that signed the broker's (default: those the system "
            "trusts).",
        ),
        click.option(
            "--id", "device_id", metavar="ID", help=f"Names the device (default: {called})."
        ),
        click.option("--name", metavar="NAME", help="The device's displayed name."),
        click.option(
            "--topic",
            metavar="TOPIC",
            default="wakesound",
            help="All topics begin with this and the id.",
            show_default=True,
        ),
        click.option(
            "--discovery-prefix",
            metavar="TOPIC",
            default="homeassistant",
            help="Where Home Assistant looks for devices.",
            show_default=True,
        ),
    )
