"""Adding takes to a sound that is enrolled, and fitting it anew in the same change.

Takes come from recordings, from the microphone, or from feedback on events. However they come, a
sound has at most so many of them, and one that repeats another is left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from enroll.changing import EnrollmentResult
from enroll.checked import CheckedTake, CheckedTakes, TakeCollector
from enroll.fitter import Fit, Fitter
from enroll.quality import Finding, check_others, missed_by_words, missed_takes, unheard
from enroll.recalibration import mistaken, refit_mistaken
from wakeword.errors import (
    EnrollmentStopped,
    NotEnrolled,
    SoundNotFound,
    TakeRejected,
    TooManyTakes,
)
from wakeword.library.library import Edit, SoundLibrary
from wakeword.library.records import SoundRecord
from wakeword.library.vectors import TakeVectors
from wakeword.protocols import Encoder

MOST_TAKES = 50
"""A sound has no more takes; a fit takes longer with each, and helps less."""


@dataclass(frozen=True, eq=False)
class Chosen:
    """Those of some new takes that add something to a sound."""

    takes: tuple[CheckedTake, ...]
    """At most as many as the sound has room for."""
    left_out: tuple[Finding, ...]
    """Why the others were left out."""

    @property
    def files(self) -> dict[str, bytes]:
        """The content of their files by name."""
        return {one.record.file: one.content for one in self.takes}

    def fit(
        self,
        library: SoundLibrary,
        encoder: Encoder,
        sound: SoundRecord,
        threshold_floor: float | None = None,
    ) -> Fit:
        """Fit a sound to its takes and these.

        Args:
            library: where it is.
            encoder: the library's.
            sound: its record, without them.
            threshold_floor: the threshold does not go below.
        """
        vectors = library.vectors(encoder) | {one.record.file: one.vectors for one in self.takes}
        recordings = {one.record.file: one.take for one in self.takes}
        takes = (*sound.takes, *(one.record for one in self.takes))
        fitter = Fitter(library, encoder, vectors=vectors, recordings=recordings)
        return fitter.fit(sound.model_copy(update={"takes": takes}), threshold_floor)


def choose(sound: SoundRecord, known: TakeVectors, takes: Iterable[CheckedTake]) -> Chosen:
    """Which of some takes add something to a sound: those that repeat none of its own.

    Args:
        sound: as it is now.
        known: embeddings of its takes by file name; those that cannot be read are not there.
        takes: the new ones, in the order in which they are wanted.
    """
    beside = {take.file: known[take.file] for take in sound.takes if take.file in known}
    chosen: list[CheckedTake] = []
    left_out: list[Finding] = []
    room, full = MOST_TAKES - len(sound.takes), 0
    for one in takes:
        repeated = one.repeats(beside)
        if repeated is not None:
            left_out.append(replace(repeated, refused=False))
        elif len(chosen) >= room:
            full += 1
        else:
            chosen.append(one)
            beside[one.record.file] = one.vectors
    if full:
        text = f"{sound.name!r} has {MOST_TAKES} takes now, which is the most; {full} not added"
        left_out.append(Finding("full", False, text))
    return Chosen(tuple(chosen), tuple(left_out))


class Addition(TakeCollector):
    """Takes on their way into a sound that is enrolled. Nothing is written before :meth:`finish`.

    Args:
        library: where the sound is.
        encoder: the library's own.
        name: the sound; case does not matter.
        force: whether takes are added that are unlike the others or too like another sound.

    Raises:
        NotEnrolled: there is no such sound.
        TooManyTakes: it has as many takes as a sound may have.
        EncoderMismatch: the library was made with another encoder.
        LibraryError: the library cannot be read.
    """

    def __init__(
        self, library: SoundLibrary, encoder: Encoder, name: str, *, force: bool = False
    ) -> None:
        library.check_encoder(encoder)
        sound = _enrolled(library, name)
        if len(sound.takes) >= MOST_TAKES:
            raise TooManyTakes(sound.name, MOST_TAKES)
        vectors = library.vectors(encoder)
        beside = [(take, vectors[take.file]) for take in sound.takes if take.file in vectors]
        checked = CheckedTakes(encoder, library.segmenter, beside)
        super().__init__(sound.name, checked, sound.patterns, len(sound.takes))
        self._library = library
        self._encoder = encoder
        self._force = force

    @property
    def room(self) -> int:
        """How many takes the sound had room for."""
        return MOST_TAKES - self.known

    def finish(self) -> EnrollmentResult:
        """Fit the sound to all its takes and store it, in one change.

        Raises:
            TakeRejected: there is no take that could be added.
            TooManyTakes: meanwhile the sound has got as many takes as it may have.
            EnrollmentStopped: a warning stops it, and ``force`` is false.
            NotEnrolled: meanwhile the sound was removed.
            LibraryError: the sound cannot be stored.
        """
        if not len(self._takes):
            raise TakeRejected(f"there is no new take of {self.name!r} that can be used")
        library, encoder = self._library, self._encoder
        findings = [f for index in range(len(self._takes)) for f in self.findings(index)]

        def edit(before: SoundRecord) -> Edit[tuple[EnrollmentResult, Fit]]:
            if len(before.takes) >= MOST_TAKES:
                raise TooManyTakes(before.name, MOST_TAKES)
            chosen = choose(before, library.vectors(encoder), self._takes.checked)
            if not chosen.takes:
                raise TakeRejected("; ".join(found.message for found in chosen.left_out))
            fit = chosen.fit(library, encoder, before)
            new = [one.vectors for one in chosen.takes]
            negatives = fit.evidence.negatives
            thresholds = {s.name: s.threshold for s in library.sounds() if s.level is None}
            others = {n: found for n, found in negatives.others.items() if n in thresholds}
            judged = [*findings, *check_others(new, others, thresholds)]
            of_new = replace(fit.calibration, scores=fit.calibration.scores[-len(new) :])
            judged += mistaken(library, encoder, new, of_new, negatives)
            judged += unheard(fit.calibration, before.patterns)
            stopping = [finding for finding in judged if finding.stops]
            if stopping and not self._force:
                raise EnrollmentStopped(stopping)
            labels = [f"take {number + 1}" for number in range(len(before.takes))]
            labels += [one.label for one in chosen.takes]
            judged += missed_takes(fit.calibration, labels, before.budget_per_hour)
            judged += missed_by_words(fit.calibration, fit.words, fit.evidence.takes)
            result = EnrollmentResult(
                fit.sound,
                fit.calibration,
                (*chosen.left_out, *judged),
                added=len(chosen.takes),
            )
            return Edit(fit.sound, (result, fit), chosen.files)

        try:
            result, fit = library.change(self.name, edit)
        except SoundNotFound as error:
            raise NotEnrolled(error.name, error.known) from None
        evidence = fit.evidence
        refitted = refit_mistaken(library, encoder, self.name, evidence.takes, evidence.negatives)
        return replace(result, refitted=tuple(refitted))


def _enrolled(library: SoundLibrary, name: str) -> SoundRecord:
    """The sound of this name.

    Raises:
        NotEnrolled: there is none.
    """
    try:
        return library.get(name)
    except SoundNotFound as error:
        raise NotEnrolled(error.name, error.known) from None
