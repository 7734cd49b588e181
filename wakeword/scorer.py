"""How much does a window resemble each sound?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wakeword.audio import FloatArray
from wakeword.events import Match
from wakeword.index import VectorIndex


@dataclass(frozen=True)
class Owner:
    """Whose a stored vector is."""

    sound: str
    """Name of the sound."""
    take: str
    """File name of the take."""


class Scorer:
    """Finds the nearest take and holds it against its sound's threshold.

    Args:
        vectors: ``(n, dim) float32``, the embeddings of all takes.
        owners: whose each row is.
        thresholds: threshold by name of sound; a sound without one, or without vectors, is
            not listened for.
    """

    def __init__(
        self, vectors: FloatArray, owners: Sequence[Owner], thresholds: dict[str, float]
    ) -> None:
        rows = [i for i, owner in enumerate(owners) if owner.sound in thresholds]
        self._owners = [owners[i] for i in rows]
        self._thresholds = {owner.sound: thresholds[owner.sound] for owner in self._owners}
        self._index = VectorIndex(vectors[rows])

    @property
    def sounds(self) -> list[str]:
        """Names of the sounds that are listened for."""
        return sorted(self._thresholds)

    def __call__(self, embedding: FloatArray) -> Match | None:
        """The best match of a ``(dim,) float32`` embedding; None when there are no sounds."""
        scores, rows = self._index.search(embedding, 1)
        if not len(rows):
            return None
        owner = self._owners[int(rows[0])]
        return Match(owner.sound, float(scores[0]), self._thresholds[owner.sound], owner.take)
