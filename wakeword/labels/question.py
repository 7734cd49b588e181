"""Labels as the encoder reads them, and the background that competes with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wakeword.audio import FloatArray
from wakeword.labels.wording import Wording

ALIKE = 0.7
"""A background prompt whose text is this near to a label means nearly the same."""
SAME_TEXT = 0.999
"""A background prompt whose text is this near to a label is the same."""
FEWEST_RIVALS = 3
"""So many background prompts are kept, if they are not the very labels."""

_WEAK = frozenset({"noise", "white"})
"""Words of background prompts that are no sound of their own."""


@dataclass(frozen=True, eq=False)
class Question:
    """Labels ready to be held against sound."""

    wordings: tuple[Wording, ...]
    vectors: FloatArray
    """``(labels + background, dim) float32``, each row of length 1 (L2)."""
    background: tuple[str, ...]
    """Names of the last rows; empty in the closed mode."""

    @property
    def labels(self) -> tuple[str, ...]:
        """As the user wrote them."""
        return tuple(wording.label for wording in self.wordings)


def competing(alike: FloatArray, texts: Sequence[str], background: Sequence[str]) -> list[int]:
    """Which background prompts say something else than the labels.

    Args:
        alike: ``(labels, background)`` cosines of the texts.
        texts: of the labels.
        background: the prompts.
    """
    words = {word for text in texts for word in text.casefold().split()} - _WEAK
    nearest = alike.max(axis=0)
    other = [
        row
        for row, prompt in enumerate(background)
        if nearest[row] < SAME_TEXT and not words & set(prompt.split())
    ]
    apart = [row for row in other if nearest[row] < ALIKE]
    # To some encoders all texts are alike; then the farthest must do.
    return (
        apart
        if len(apart) >= FEWEST_RIVALS
        else sorted(sorted(other, key=lambda row: float(nearest[row]))[:FEWEST_RIVALS])
    )
