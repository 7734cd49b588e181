"""What a user's own clips really are: a CSV file with the columns ``path`` and ``label``.

How often labels are recognised, and what they are taken for.

*Conventions.* ``truth`` and ``found`` are as long as each other, a label a clip;
:data:`wakeword.labels.classifier.NONE` stands for no label at all.

*Metrics.* Accuracy is the share of clips whose label was found. A label's recall is the
share of its clips that were found as such, its precision the share of the clips found as
such that are; where there is nothing to divide by they are None. All are in 0..1.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from wakeword.errors import ConfigError
from wakeword.labels.classifier import NONE

COLUMNS = ("path", "label")


@dataclass(frozen=True)
class TrueLabel:
    """A clip and what is to be heard in it."""

    path: Path
    label: str
    """:data:`wakeword.labels.classifier.NONE` for a clip that is none of the labels."""


def read_truth(path: Path, root: Path | None = None) -> list[TrueLabel]:
    """The clips of a truth file, in its order; further columns are ignored.

    An empty label, ``none`` and ``none of these`` mean that no label fits. Underscores in
    labels are read as spaces.

    Args:
        path: the CSV file, UTF-8, with a heading.
        root: where relative paths begin; None for the file's own folder.

    Raises:
        ConfigError: the file cannot be read, lacks a column or a row lacks a path.
    """
    root = path.parent if root is None else root
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            lacking = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is not a CSV file in UTF-8"
        raise ConfigError(f"{path} cannot be read: {reason}") from error
    if lacking:
        raise ConfigError(
            f"{path} has no column {lacking[0]!r}; its first line must name path,label"
        )
    found = []
    for number, row in enumerate(rows, start=2):
        if not (row["path"] or "").strip():
            raise ConfigError(f"{path}, line {number}: there is no path")
        label = " ".join((row["label"] or "").replace("_", " ").split())
        nothing = label.casefold() in ("", "none", NONE)
        found.append(TrueLabel(root / row["path"].strip(), NONE if nothing else label))
    if not found:
        raise ConfigError(f"{path} names no clips")
    return found


@dataclass(frozen=True)
class Confusion:
    """Counts of what was found for what was there."""

    labels: tuple[str, ...]
    """In the order of rows and columns, without none of these."""
    counts: Mapping[tuple[str, str], int]
    """Clips by what they are and what they were found to be; none where absent."""

    @property
    def clips(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    @property
    def accuracy(self) -> float:
        """Share of clips that were found to be what they are."""
        right = sum(count for (truth, found), count in self.counts.items() if truth == found)
        return right / self.clips

    @cached_property
    def rows(self) -> tuple[str, ...]:
        """The labels, and none of these where it is or was found."""
        used = any(NONE in pair for pair in self.counts)
        return (*self.labels, NONE) if used else self.labels

    def recall(self, label: str) -> float | None:
        """Share of the label's clips that were found to be of it."""
        return self._share(label, sum(n for (t, _), n in self.counts.items() if t == label))

    def precision(self, label: str) -> float | None:
        """Share of the clips found to be of the label that are."""
        return self._share(label, sum(n for (_, f), n in self.counts.items() if f == label))

    def as_json(self) -> dict[str, Any]:
        """Everything, as a JSON object; the matrix has what is there as rows."""
        return {
            "clips": self.clips,
            "accuracy": round(self.accuracy, 4),
            "labels": {
                label: {
                    "clips": sum(n for (t, _), n in self.counts.items() if t == label),
                    "precision": _rounded(self.precision(label)),
                    "recall": _rounded(self.recall(label)),
                }
                for label in self.rows
            },
            "confusion": {
                truth: {found: self.counts.get((truth, found), 0) for found in self.rows}
                for truth in self.rows
            },
        }

    def _share(self, label: str, total: int) -> float | None:
        return self.counts.get((label, label), 0) / total if total else None


def confusion(truth: Sequence[str], found: Sequence[str], labels: Sequence[str]) -> Confusion:
    """Count what was found for what was there.

    Raises:
        ConfigError: there is nothing to count, the lengths differ, or a label is unknown.
    """
    if not truth or len(truth) != len(found):
        raise ConfigError(f"{len(truth)} true labels do not fit {len(found)} found ones")
    unknown = sorted({*truth, *found} - {*labels, NONE})
    if unknown:
        raise ConfigError(f"{unknown[0]!r} is not one of the labels")
    return Confusion(tuple(labels), dict(Counter(zip(truth, found, strict=True))))


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)
