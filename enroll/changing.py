"""Changes of an enrolled sound: each fits it to what it is then and stores it in one step.

All of them are callers of :meth:`wakeword.library.library.SoundLibrary.change`, which reads,
changes and writes a sound, and of :class:`enroll.fitter.Fitter`, which fits it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enroll.fitter import Fit, Fitter
from enroll.fitting import Calibration
from enroll.quality import Finding, missed_by_words
from enroll.vetoes import fit_vetoes
from wakeword.audio.reading import Account
from wakeword.errors import LastTake, SoundDamaged, TakeRejected, WordsExist
from wakeword.library.library import Edit, SoundLibrary
from wakeword.library.records import SoundRecord, TextRecord
from wakeword.library.vectors import of_files
from wakeword.protocols import Encoder
from wakeword.scoring.bank import load_bank


@dataclass(frozen=True)
class EnrollmentResult:
    """A sound that is enrolled."""

    sound: SoundRecord
    """As the library holds it."""
    calibration: Calibration
    """How its threshold came about and what to expect."""
    findings: tuple[Finding, ...]
    """Warnings that did not stop it."""
    refitted: tuple[Refitted, ...] = ()
    """Other sounds that it would have set off, and that were fitted again for that reason."""
    recordings: tuple[tuple[str, Account], ...] = ()
    """The files that its takes come from, and what was heard of each."""
    added: int | None = None
    """How many takes were added to it; None for a sound that was enrolled anew."""


@dataclass(frozen=True)
class Refitted:
    """A sound that was fitted again."""

    before: SoundRecord
    """Its record before."""
    after: SoundRecord
    """As the library holds it now."""
    calibration: Calibration
    """How its threshold came about and what to expect."""

    @property
    def newly_missed(self) -> int:
        """How many more of its takes the others would miss than before."""
        rate = self.before.expected.miss_rate or 0.0
        before = round(rate * len(self.calibration.scores))
        return max(0, len(self.calibration.missed) - before)


def refit(library: SoundLibrary, encoder: Encoder, name: str) -> Fit:
    """Fit a sound to its takes, its rejected examples and the other sounds.

    The threshold does not fall while nothing is known of the room: it may have asked for it.

    Raises:
        SoundNotFound: there is no such sound.
        EncoderMismatch: the library was made with another encoder.
        SoundDamaged: none of its takes can be read.
        LibraryError: it cannot be stored.
    """

    def edit(before: SoundRecord) -> Edit[Fit]:
        fitter = Fitter(library, encoder)
        fit = fitter.fit(before, None if fitter.room.runs else before.threshold)
        return Edit(fit.sound, fit)

    return library.change(name, edit)


def remove_take(library: SoundLibrary, encoder: Encoder, name: str, file: str) -> Fit:
    """Remove a take, and fit the sound to what is left of it.

    Args:
        library: the sounds.
        encoder: the library's.
        name: the sound.
        file: the take's file name; one that the sound does not have changes nothing of it.

    Raises:
        LastTake: it is the last one, and the sound has no words, or has patterns.
        SoundNotFound: there is no such sound.
        LibraryError: it cannot be stored.
    """

    def edit(before: SoundRecord) -> Edit[Fit]:
        takes = tuple(take for take in before.takes if take.file != file)
        if not takes and (before.text is None or before.patterns):
            raise LastTake(before.name)
        fit = Fitter(library, encoder).fit(before.model_copy(update={"takes": takes}))
        return Edit(fit.sound, fit)

    return library.change(name, edit)


def set_text(
    library: SoundLibrary,
    encoder: Encoder,
    name: str,
    text: TextRecord,
    *,
    replace: bool = False,
    budget_per_hour: float | None = None,
) -> EnrollmentResult:
    """Define a sound by words too, beside its takes, and fit it to both.

    Args:
        library: the sounds.
        encoder: the library's; it knows the words.
        name: the sound.
        text: from :func:`enroll.words.read_text`.
        replace: whether words that it has already are replaced.
        budget_per_hour: its new false-alarm budget; the same as before by default.

    Raises:
        SoundNotFound: there is no such sound.
        WordsExist: it has words and ``replace`` is false.
        LibraryError: it cannot be stored.
    """

    def edit(before: SoundRecord) -> Edit[EnrollmentResult]:
        if before.text is not None and not replace:
            raise WordsExist(before.name, before.text.written)
        # The threshold so far is no floor for words that did not share it.
        words = text.model_copy(update={"offset": before.threshold})
        budget = before.budget_per_hour if budget_per_hour is None else budget_per_hour
        wanted = before.model_copy(update={"text": words, "budget_per_hour": budget})
        fit = Fitter(library, encoder).fit(wanted, before.threshold if before.takes else None)
        findings = missed_by_words(fit.calibration, fit.words, fit.evidence.takes)
        return Edit(fit.sound, EnrollmentResult(fit.sound, fit.calibration, tuple(findings)))

    return library.change(name, edit)


def remove_text(library: SoundLibrary, encoder: Encoder, name: str) -> Fit:
    """Remove the words of a sound and fit it to its takes alone.

    Raises:
        SoundNotFound: there is no such sound.
        TakeRejected: it has no words, or no takes.
        LibraryError: it cannot be stored.
    """

    def edit(before: SoundRecord) -> Edit[Fit]:
        if before.text is None:
            raise TakeRejected(f"{before.name!r} has no words that could be removed")
        if not before.takes:
            raise TakeRejected(f"{before.name!r} has only words; remove the sound instead")
        fit = Fitter(library, encoder).fit(before.model_copy(update={"text": None}))
        return Edit(fit.sound, fit)

    return library.change(name, edit)


def set_vetoes(
    library: SoundLibrary, encoder: Encoder, name: str, labels: Sequence[str]
) -> SoundRecord:
    """Replace the vetoes of a sound.

    A sound with words is fitted again, because its vetoes compete with them.

    Raises:
        SoundNotFound: there is no such sound.
        ConfigError: the encoder knows no words.
        EncoderError: it does not know one of these.
        LibraryError: it cannot be stored.
    """

    def edit(before: SoundRecord) -> Edit[SoundRecord]:
        takes = of_files(before.takes, library.vectors(encoder))
        if before.takes and not takes:
            raise SoundDamaged(repr(before.name), "has no readable recordings")
        vetoes = fit_vetoes(labels, takes, encoder, load_bank(encoder.id))
        after = before.model_copy(update={"vetoes": vetoes})
        if after != before and after.text is not None:
            after = Fitter(library, encoder).fit(after).sound
        return Edit(after, after)

    return library.change(name, edit)
