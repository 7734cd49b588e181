"""Taking a recording away from an enrolled sound."""

from __future__ import annotations

from enroll.calibration import Calibration
from enroll.refit import TRIES, busy, fitted
from wakeword.errors import TakeRejected
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder
from wakeword.records import SoundRecord


def remove_take(
    library: SoundLibrary, encoder: Encoder, name: str, file: str
) -> tuple[SoundRecord, Calibration]:
    """Remove a take, and fit the sound to those that are left, in one step.

    Args:
        library: the sounds.
        encoder: the library's.
        name: the sound.
        file: the take's file name; one that the sound does not have changes nothing.

    Raises:
        TakeRejected: it is the last one, and the sound has no words, or has patterns.
        SoundNotFound: there is no such sound.
        LibraryError: it cannot be stored.
    """
    for _ in range(TRIES):
        before = library.get(name)
        takes = tuple(take for take in before.takes if take.file != file)
        if not takes and (before.text is None or before.patterns):
            raise TakeRejected(
                f"that is the only take of {before.name!r}; remove the sound, or enroll it anew"
            )
        vectors = library.vectors(encoder)
        after, calibration = fitted(
            library, encoder, before.model_copy(update={"takes": takes}), vectors
        )
        if library.amend(before, after):
            return after, calibration
    raise busy(name)
