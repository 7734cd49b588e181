"""The options of ``wakesound monitor`` that say which clips are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from runtime.cli.gathered import gathered
from runtime.cli.settings import FiniteRange

if TYPE_CHECKING:
    from runtime.clip_recorder import ClipConfig
    from runtime.clips import ClipStore


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
        from runtime.clips import ClipLimits, ClipStore

        limits = ClipLimits(self.keep_clips, self.keep_mb, self.keep_days)
        return None if self.clip_folder is None else ClipStore(self.clip_folder, limits)

    def config(self) -> ClipConfig:
        """What a clip holds.

        Raises:
            ConfigError: the settings make no sense together.
        """
        from runtime.clip_recorder import ClipConfig

        return ClipConfig(self.pre_roll, self.longest_clip)


clip_options = gathered(
    "clips",
    ClipOptions,
    click.option(
        "--clips",
        "clip_folder",
        metavar="DIR",
        type=click.Path(file_okay=False, path_type=Path),
        help="Record each alert there, whatever else is heard meanwhile: a WAV and a JSON file.",
    ),
    click.option(
        "--pre-roll",
        metavar="SECONDS",
        type=FiniteRange(min=0),
        default=3.0,
        help="A clip begins so long before the sound.",
        show_default=True,
    ),
    click.option(
        "--longest-clip",
        metavar="SECONDS",
        type=FiniteRange(min=0, min_open=True),
        default=60.0,
        help="A clip ends then, even when the alert goes on.",
        show_default=True,
    ),
    click.option(
        "--keep-clips",
        metavar="N",
        type=click.IntRange(min=1),
        default=200,
        help="Beyond so many clips the oldest go.",
        show_default=True,
    ),
    click.option(
        "--keep-mb",
        metavar="MB",
        type=FiniteRange(min=0, min_open=True),
        default=500.0,
        help="Beyond so many megabytes the oldest go.",
        show_default=True,
    ),
    click.option(
        "--keep-days",
        metavar="DAYS",
        type=FiniteRange(min=0, min_open=True),
        default=30.0,
        help="Clips older than this go.",
        show_default=True,
    ),
)
"""``--clips`` and what belongs to it, as the argument ``clips`` (:class:`ClipOptions`)."""
