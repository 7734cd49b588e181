"""The options of ``wakesound monitor`` that say when an alert begins and ends."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from runtime.cli.gathered import gathered
from runtime.cli.settings import FiniteRange
from wakeword.errors import ConfigError

if TYPE_CHECKING:
    from wakeword.labels.alarm import AlarmConfig
    from wakeword.labels.watch import WatchConfig

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
        from wakeword.labels.alarm import AlarmConfig

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
        help="False alerts per hour and label that are borne; thresholds are fitted to it.",
        show_default=True,
    ),
    click.option(
        "--threshold",
        "thresholds",
        metavar="X",
        multiple=True,
        help="Scores from here on alert, 0 to 1, instead of what is fitted: for all labels, or "
        "LABEL=X for one; may be repeated.",
    ),
    click.option(
        "--release",
        metavar="X",
        type=FiniteRange(min=0, max=1, max_open=True),
        default=0.15,
        help="So far below the threshold, or below half of it, a sound counts as gone.",
        show_default=True,
    ),
    click.option(
        "--every",
        metavar="SECONDS",
        type=FiniteRange(min=0.1),
        default=1.0,
        help="From one look to the next.",
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
        help="So long it must be heard; 0 alerts at the first look.",
        show_default=True,
    ),
    click.option(
        "--hold",
        metavar="SECONDS",
        type=FiniteRange(min=0),
        default=3.0,
        help="So long it must be gone before the alert ends.",
        show_default=True,
    ),
)
"""``--threshold`` and what belongs to it, as the argument ``alarms`` (:class:`AlarmOptions`)."""
