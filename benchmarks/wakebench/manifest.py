"""The manifest of a folder of recordings, and the wall between fitting and measuring.

``manifest.csv`` has a row per clip. Columns ``path`` (relative to the folder), ``label``, ``kind``
(``event``, ``background`` or ``speech``) and ``split`` (``train`` or ``dev``) are needed. ``group``
(the one source that takes have in common), ``source``, ``licence``, ``train_ok`` (``yes``: weights
fitted on the clip may be shipped) and ``seconds`` are optional; further columns are ignored.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample
from wakeword.errors import ConfigError

NAME = "manifest.csv"
KINDS = ("event", "background", "speech")
FIT_SPLIT = "train"
"""The only split that parameters, thresholds and weights may be chosen on."""
SPLITS = (FIT_SPLIT, "dev")
_NEEDED = ("path", "label", "kind", "split")


@dataclass(frozen=True)
class Row:
    """One clip."""

    path: str
    """Relative to the manifest's folder, with forward slashes."""
    label: str
    kind: str
    """One of ``KINDS``."""
    split: str
    """One of ``SPLITS``."""
    group: str = ""
    """The one source of several takes; empty where unknown."""
    source: str = ""
    """Where the clip came from."""
    licence: str = ""
    train_ok: bool = False
    """Whether weights fitted on it may be shipped."""
    seconds: float = 0.0
    """Length, 0 where the manifest does not say."""

    @property
    def origin(self) -> tuple[str, str]:
        """Source and group together: groups of two sources may share a name."""
        return self.source, self.group


@dataclass(frozen=True)
class Manifest:
    """All rows of a folder."""

    folder: Path
    rows: tuple[Row, ...]

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        """Read ``folder/manifest.csv``.

        Raises:
            ConfigError: it is missing, a column or value is wrong, or a path comes twice.
        """
        path = folder / NAME
        if not path.is_file():
            raise ConfigError(f"{folder} has no {NAME}; docs/benchmark.md shows its columns")
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                raise ConfigError(f"{path} lacks the column {', '.join(missing)}")
            rows = tuple(_row(path, reader.line_num, cells) for cells in reader)
        if not rows:
            raise ConfigError(f"{path} has no rows")
        if len({row.path for row in rows}) < len(rows):
            raise ConfigError(f"{path} names a clip twice")
        return cls(folder, rows)

    @cached_property
    def crossing(self) -> frozenset[tuple[str, str]]:
        """Groups with clips in more than one split: of no use for a fair measure."""
        splits = defaultdict(set)
        for row in self.rows:
            if row.group:
                splits[row.origin].add(row.split)
        return frozenset(origin for origin, found in splits.items() if len(found) > 1)

    def for_fitting(self, split: str = FIT_SPLIT, *, shippable: bool = False) -> tuple[Row, ...]:
        """Rows that something may be fitted to: of the ``train`` split and of no group beyond it.

        Args:
            split: only ``"train"`` is allowed; the argument exists so that a mistake is caught.
            shippable: only rows whose licence lets fitted weights be shipped.

        Raises:
            ConfigError: any other split was asked for.
        """
        if split != FIT_SPLIT:
            raise ConfigError(f"nothing may be fitted on {split!r}: it is for measuring only")
        rows = (row for row in self.rows if row.split == split and row.origin not in self.crossing)
        return fit_rows(row for row in rows if row.train_ok or not shippable)

    def for_measuring(self, split: str) -> tuple[Row, ...]:
        """All rows of a split, to be measured on and never to be fitted to.

        Raises:
            ConfigError: there is no such split or it has no rows.
        """
        rows = tuple(row for row in self.rows if row.split == split)
        if not rows:
            raise ConfigError(f"{self.folder / NAME} has no rows of split {split!r}")
        return rows

    def audio(self, row: Row, rate: int) -> FloatArray:
        """The clip as ``(n,) float32`` mono at ``rate``.

        Raises:
            AudioDecodeError: the file is missing or not readable.
        """
        clip = read_audio(self.folder / row.path)
        return resample(clip.samples, clip.rate, rate)

    def seconds(self, row: Row) -> float:
        """Length of the clip, from its header where the manifest does not say.

        Raises:
            AudioDecodeError: the file is missing or not readable.
        """
        return row.seconds or self.audio(row, 16_000).size / 16_000


def fit_rows(rows: Iterable[Row]) -> tuple[Row, ...]:
    """The same rows, once it is sure that something may be fitted to each of them.

    Whatever fits, trains or calibrates passes its rows through here.

    Raises:
        ConfigError: a row is not of the ``train`` split.
    """
    checked = tuple(rows)
    for row in checked:
        if row.split != FIT_SPLIT:
            raise ConfigError(f"{row.path} is of split {row.split!r}: nothing may be fitted on it")
    return checked


def _row(path: Path, line: int, cells: dict[str, str]) -> Row:
    def wrong(what: str) -> ConfigError:
        return ConfigError(f"{path}, line {line}: {what}")

    name, kind, split = cells["path"] or "", cells["kind"], cells["split"]
    if not name or PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
        raise wrong(f"the path must lie inside the folder, not {name!r}")
    if kind not in KINDS:
        raise wrong(f"kind is one of {', '.join(KINDS)}, not {kind!r}")
    if split not in SPLITS:
        raise wrong(f"split is one of {', '.join(SPLITS)}, not {split!r}")
    if not cells["label"]:
        raise wrong("the label is empty")
    try:
        seconds = float(cells.get("seconds") or 0.0)
    except ValueError:
        raise wrong(f"seconds must be a number, not {cells['seconds']!r}") from None
    return Row(
        path=name,
        label=cells["label"],
        kind=kind,
        split=split,
        group=cells.get("group") or "",
        source=cells.get("source") or "",
        licence=cells.get("licence") or "",
        train_ok=cells.get("train_ok") == "yes",
        seconds=seconds,
    )
