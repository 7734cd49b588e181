"""How often labels are recognised, and what they are taken for.

*Conventions.* ``truth`` and ``found`` are as long as each other, a label a clip;
:data:`wakeword.labels.classification.NONE` stands for no label at all.

*Metrics.* Accuracy is the share of clips whose label was found. A label's recall is the
share of its clips that were found as such, its precision the share of the clips found as
such that are; where there is nothing to divide by they are None. All are in 0..1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from wakeword.errors import ConfigError
from wakeword.labels.classification import NONE


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
