"""Sounds that hold the same in another order: a tune and its reversal.

Their embeddings are alike, and the engine tells them apart by their order. So they are no
negatives of each other: a verifier that was shown the other one would refuse both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from enroll.scores import leave_one_out, run_score
from wakeword.audio.frames import FloatArray
from wakeword.errors import LibraryCorrupt, LibraryError, SoundNotFound
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.library.records import SoundRecord
from wakeword.patterns.order import SoundOrder

NEAR = 0.1
"""Only sounds whose takes are no more than this further away than the own takes are from each
other need the order to be told apart."""


def without_turned(
    others: Mapping[str, Sequence[FloatArray]],
    takes: Callable[[], Sequence[Take]],
    vectors: Sequence[FloatArray],
    recorded: Callable[[str], Sequence[Take]],
    rate: int,
) -> dict[str, Sequence[FloatArray]]:
    """The other sounds, without those that the order inside them tells from this one.

    Args:
        others: embeddings of their takes, by name.
        takes: gives the sound's own recordings; asked only if they matter.
        vectors: their embeddings, ``(n, view_dim)`` each.
        recorded: gives the recordings of another sound, by its name, as :func:`of_library` does;
            none of one that is to stay.
        rate: samples per second at which the engine will listen.
    """
    order = SoundOrder(takes, rate)
    near = [name for name, theirs in others.items() if _near(theirs, vectors)]
    if not near or not order.ordered:
        return dict(others)
    turned = {name for name in near if _told_apart(order, takes(), recorded(name), rate)}
    return {name: theirs for name, theirs in others.items() if name not in turned}


def of_library(library: SoundLibrary) -> Callable[[str], list[Take]]:
    """Gives the recordings of its sounds by name; none of those with patterns.

    The engine asks for no order where there are patterns: a beat is too short for one.
    """

    def recorded(name: str) -> list[Take]:
        try:
            sound = library.get(name)
        except LibraryError:  # removed or damaged meanwhile
            return []
        return [] if sound.patterns else recordings(library, sound)

    return recorded


def recordings(library: SoundLibrary, sound: SoundRecord) -> list[Take]:
    """The takes of a sound that can be read."""
    found = []
    for record in sound.takes:
        try:
            found.append(library.take(sound.name, record.file))
        except (LibraryCorrupt, SoundNotFound):  # told when the library is listened with
            continue
    return found


def _near(theirs: Sequence[FloatArray], vectors: Sequence[FloatArray]) -> bool:
    """Whether a sound could be taken for another by its embeddings."""
    if not vectors:
        return False
    own = np.concatenate(list(vectors))
    usual = min(leave_one_out(vectors), default=0.0)
    return any(run_score(take, own) >= usual - NEAR for take in theirs)


def _told_apart(
    order: SoundOrder, takes: Sequence[Take], theirs: Sequence[Take], rate: int
) -> bool:
    """Whether each sound refuses most takes of the other for their order."""
    other = SoundOrder(lambda: theirs, rate)
    return _most(order, theirs) and _most(other, takes)


def _most(order: SoundOrder, takes: Sequence[Take]) -> bool:
    return 2 * sum(order.turns(take) for take in takes) > len(takes)
