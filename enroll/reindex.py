"""Changing the encoder of a library: all takes are embedded and all thresholds fitted again."""

from __future__ import annotations

import logging
from collections.abc import Callable

from enroll.fitter import Fit, Fitter
from enroll.fitting import Calibration
from wakeword.errors import SoundDamaged
from wakeword.library.library import SoundLibrary, retried
from wakeword.library.vectors import TakeVectors
from wakeword.protocols import Encoder

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], object]
"""Called with how many takes are done and how many there are."""


def reindex(
    library: SoundLibrary,
    encoder: Encoder,
    encoder_spec: str,
    *,
    progress: Progress | None = None,
) -> dict[str, Calibration]:
    """Make this encoder the library's; each sound keeps its false-alarm budget.

    Nothing is changed while the takes are embedded. If it is interrupted while the new records
    are written, the library asks for it to be run again.

    With the same encoder no threshold falls while nothing is known of the room: it may have asked
    for it. The ambient recording of another encoder cannot be used and is deleted, with a logged
    warning; the room should then be recorded again.

    Args:
        library: the sounds.
        encoder: the new encoder, or the same one to refit what it made.
        encoder_spec: what ``create_encoder`` made it from.
        progress: called after each take that is embedded.

    Returns:
        What to expect now, by name of the sound; one without a readable take is left out.

    Raises:
        WordsNotKnown: the encoder does not know the words of a sound; nothing is changed.
        SoundChanged: other processes kept changing the library.
        LibraryError: the library cannot be written.
    """
    vectors: TakeVectors = {}

    def attempt() -> dict[str, Calibration]:
        nonlocal vectors
        before = library.fingerprint()
        vectors = library.embed_all(encoder, vectors, progress)
        same = library.made_with(encoder)
        fitter = Fitter(library, encoder, vectors=vectors)
        fits: dict[str, Fit] = {}
        for sound in library.sounds():
            left = {} if same else {"verifier": None, "feedback": ()}
            floor = sound.threshold if same and not fitter.room.runs else None
            try:
                fits[sound.name] = fitter.fit(sound.model_copy(update=left), floor)
            except SoundDamaged as error:
                _log.warning("%s", error)
        fitted = {name: fit.sound for name, fit in fits.items()}
        library.switch_encoder(encoder, encoder_spec, fitted, vectors, before)
        if not fitter.room.runs:  # what is stored was made by another encoder
            library.ambient(encoder).forget()
        return {name: fit.calibration for name, fit in fits.items()}

    return retried(attempt)
