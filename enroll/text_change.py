"""Giving an enrolled sound words, and taking them away again."""

from __future__ import annotations

from enroll.calibration import Calibration
from enroll.named import Named
from enroll.prospects import missed_by_words
from enroll.refit import TRIES, busy, fitted
from enroll.session import EnrollmentResult
from wakeword.errors import SoundExists, TakeRejected
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder
from wakeword.records import SoundRecord, TextRecord
from wakeword.vectors import of_files


def set_text(
    library: SoundLibrary,
    encoder: Encoder,
    name: str,
    text: TextRecord,
    *,
    replace: bool = False,
    budget_per_hour: float | None = None,
) -> EnrollmentResult:
    """Let words stand for a sound too, beside its takes; it is fitted to both, in one step.

    Args:
        library: the sounds.
        encoder: the library's; it knows the words.
        name: the sound.
        text: from :func:`enroll.named.read_text`.
        replace: whether words that it has already give way.
        budget_per_hour: false alarms per hour that are borne from now on; as before by default.

    Raises:
        SoundNotFound: there is no such sound.
        SoundExists: it has words and ``replace`` is false.
        LibraryError: it cannot be stored.
    """
    for _ in range(TRIES):
        before = library.get(name)
        if before.text is not None and not replace:
            raise SoundExists(
                f"{before.name!r} already stands for {before.text.written!r};"
                " use --replace to give it other words"
            )
        lowest = before.threshold if before.takes else None
        # What the threshold was is no bound for words that had none.
        words = text.model_copy(update={"offset": before.threshold})
        budget = before.budget_per_hour if budget_per_hour is None else budget_per_hour
        wished = before.model_copy(update={"text": words, "budget_per_hour": budget})
        vectors = library.vectors(encoder)
        after, calibration = fitted(library, encoder, wished, vectors, lowest)
        if library.amend(before, after):
            named = Named.of(after.text, after.vetoes, encoder, library.text_cache)
            findings = missed_by_words(calibration, named, of_files(after.takes, vectors))
            return EnrollmentResult(after, calibration, tuple(findings))
    raise busy(name)


def remove_text(
    library: SoundLibrary, encoder: Encoder, name: str
) -> tuple[SoundRecord, Calibration]:
    """Take the words of a sound away and fit it to its takes alone, in one step.

    Raises:
        SoundNotFound: there is no such sound.
        TakeRejected: it has no words, or nothing else.
        LibraryError: it cannot be stored.
    """
    for _ in range(TRIES):
        before = library.get(name)
        if before.text is None:
            raise TakeRejected(f"{before.name!r} has no words that could be removed")
        if not before.takes:
            raise TakeRejected(f"{before.name!r} is nothing but words; remove the sound instead")
        wished = before.model_copy(update={"text": None})
        after, calibration = fitted(library, encoder, wished, library.vectors(encoder))
        if library.amend(before, after):
            return after, calibration
    raise busy(name)
