"""What a user's own clips really are: a CSV file with the columns ``path`` and ``label``."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from wakeword.errors import ConfigError
from wakeword.labels.classification import NONE

COLUMNS = ("path", "label")


@dataclass(frozen=True)
class TrueLabel:
    """A clip and what is to be heard in it."""

    path: Path
    label: str
    """:data:`wakeword.labels.classification.NONE` for a clip that is none of the labels."""


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
