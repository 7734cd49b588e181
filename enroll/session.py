"""Enrolling a sound: takes are collected and checked, then stored with a fitted threshold."""

from __future__ import annotations

from collections.abc import Sequence

from enroll.changing import EnrollmentResult
from enroll.checked import CheckedTakes, TakeCollector
from enroll.fitter import Fitter
from enroll.fitting import Calibration
from enroll.negatives import Recording, hear_ambient
from enroll.quality import (
    Finding,
    check_others,
    few_takes,
    missed_by_words,
    missed_takes,
    unheard,
)
from enroll.recalibration import mistaken, refit_mistaken
from wakeword.engine import EngineConfig
from wakeword.errors import ConfigError, EnrollmentStopped, SoundExists, SoundNotFound, TakeRejected
from wakeword.library.ambient import Ambient
from wakeword.library.library import NewSound, SoundLibrary
from wakeword.library.recordings import Example
from wakeword.library.records import (
    PatternRecord,
    SoundRecord,
    TextRecord,
    new_name,
)
from wakeword.protocols import Encoder
from wakeword.scoring.scorer import Enrolled, Scorer, make_scorer

BUDGET_PER_HOUR = 1.0 / 24.0
"""The default false-alarm budget: one a day."""


class Enrollment(TakeCollector):
    """One sound on its way into the library. Nothing is written before :meth:`finish`.

    Args:
        library: where the sound goes.
        encoder: makes the embeddings; the library's own.
        encoder_spec: what ``create_encoder`` made it from.
        name: name of the sound.
        budget_per_hour: its false-alarm budget.
        ambient: a recording of the room without the sound; its embeddings are kept for all
            sounds, the recording is not.
        replace: whether a sound of that name is replaced; it stays until the new one is stored.
        force: whether warnings are overridden.
        patterns: what makes an event, instead of the sound by itself; its takes then hold one
            beat each.
        text: the sound in words, beside its takes or without any.

    A sound of that name that has words and no takes is joined instead: it keeps its words, unless
    there are new ones, and gets the takes too.

    Raises:
        SoundExists: there is a sound of that name and ``replace`` is false.
        LibraryError: the name cannot be used.
        EncoderMismatch: the library was made with another encoder.
        ConfigError: the budget is not positive.
    """

    def __init__(
        self,
        library: SoundLibrary,
        encoder: Encoder,
        encoder_spec: str,
        name: str,
        *,
        budget_per_hour: float = BUDGET_PER_HOUR,
        ambient: Recording | None = None,
        replace: bool = False,
        force: bool = False,
        patterns: Sequence[PatternRecord] = (),
        text: TextRecord | None = None,
    ) -> None:
        self._budget = budget_per_hour
        self._checked(None)
        super().__init__(new_name(name), CheckedTakes(encoder, library.segmenter), patterns)
        library.check_encoder(encoder)
        self._library = library
        self._encoder = encoder
        self._encoder_spec = encoder_spec
        self._ambient = ambient
        self._heard: Ambient | None = None
        self._replace = replace
        self._force = force
        self._given = text
        self._join()

    def trial(self, budget_per_hour: float | None = None) -> tuple[Calibration, Scorer]:
        """Fit the takes so far as :meth:`finish` would, to try them out; nothing is stored.

        Args:
            budget_per_hour: instead of the enrollment's own.

        Returns:
            The calibration, and this sound alone for an engine to listen for.

        Raises:
            TakeRejected: there are no takes and no words.
            AudioDecodeError: the ambient recording cannot be read.
        """
        self._require_takes()
        fitter, record = self._fitter(self._checked(budget_per_hour), self._room())
        fit = fitter.fit(record)
        bank = fit.evidence.negatives.bank
        sound = Enrolled(
            self.name,
            self._takes.by_file,
            fit.calibration.threshold,
            fit.calibration.verifier,
            fit.calibration.short,
            fit.words.likeness() if fit.words is not None else None,
        )
        cohort = bank.cohort if bank is not None else None
        return fit.calibration, make_scorer([sound], self._encoder, cohort)

    def finish(
        self, *, budget_per_hour: float | None = None, force: bool | None = None
    ) -> EnrollmentResult:
        """Fit the threshold and store the sound.

        Args:
            budget_per_hour: instead of the enrollment's own.
            force: instead of the enrollment's own.

        Raises:
            TakeRejected: there are no takes and no words.
            EnrollmentStopped: a warning stops it and ``force`` is false.
            AudioDecodeError: the ambient recording cannot be read.
            SoundExists: meanwhile a sound of that name was enrolled.
            LibraryError: the sound cannot be stored.
        """
        self._budget = self._checked(budget_per_hour)
        self._force = self._force if force is None else force
        self._join()
        self._require_takes()
        room = self._room()
        findings = [f for index in range(len(self._takes)) for f in self.findings(index)]
        fitter, record = self._fitter(self._budget, room)
        evidence = fitter.evidence(record)
        takes, negatives = evidence.takes, evidence.negatives
        thresholds = {s.name: s.threshold for s in self._library.sounds() if s.level is None}
        by_cosine = {name: found for name, found in negatives.others.items() if name in thresholds}
        findings += check_others(takes, by_cosine, thresholds)
        self._stop_at(findings)
        fit = fitter.fit_to(record, evidence)
        likely = mistaken(self._library, self._encoder, takes, fit.calibration, negatives)
        findings += [*likely, *unheard(fit.calibration, self.patterns)]
        self._stop_at(findings)
        if room is not None:
            self._library.ambient(self._encoder).add(room)
        files = self._takes.files | {
            record.file: content for record, content in map(Example.encoded, self._rejected())
        }
        self._library.store(
            [NewSound(fit.sound, files)],
            encoder=self._encoder,
            encoder_spec=self._encoder_spec,
            replace=self._replace,
            instead_of=self._joined,
        )
        findings += few_takes(len(takes))
        findings += missed_takes(fit.calibration, self.labels, self._budget)
        findings += missed_by_words(fit.calibration, fit.words, takes)
        refitted = refit_mistaken(self._library, self._encoder, self.name, takes, negatives)
        return EnrollmentResult(fit.sound, fit.calibration, tuple(findings), tuple(refitted))

    def _fitter(self, budget_per_hour: float, room: Ambient | None) -> tuple[Fitter, SoundRecord]:
        """The fitter, and the record of the sound so far, which is not stored yet."""
        library, encoder = self._library, self._encoder
        rejected = {
            record.file: (record, example.embed(encoder, library.segmenter))
            for example in self._rejected()
            for record in (example.encoded()[0],)
        }
        vectors = library.vectors(encoder) | self._takes.by_file
        vectors |= {file: rows for file, (_, rows) in rejected.items() if len(rows)}
        known = library.ambient(encoder).read()
        fitter = Fitter(
            library,
            encoder,
            vectors=vectors,
            recordings=dict(zip(self._takes.by_file, self.takes, strict=True)),
            room=known if room is None else known.joined(room),
        )
        record = SoundRecord.model_construct(
            name=self.name,
            threshold=0.0,
            budget_per_hour=budget_per_hour,
            takes=self._takes.records,
            text=self._text,
            patterns=self.patterns,
            rejected=tuple(record for record, _ in rejected.values()),
            vetoes=self._joined.vetoes if self._joined is not None else (),
        )
        return fitter, record

    def _join(self) -> None:
        """Join a sound of that name that has words and no takes, as it is now.

        Raises:
            SoundExists: there is one that cannot be joined or replaced.
        """
        self._joined = None if self._replace else existing(self._library, self.name)
        if self._joined is not None and (self._joined.takes or self._given is not None):
            ensure_free(self._library, self.name)
        self._text = self._given or (self._joined.text if self._joined is not None else None)

    def _rejected(self) -> list[Example]:
        """The rejected examples of the sound that is joined."""
        if self._joined is None:
            return []
        return [self._library.example(self.name, one.file) for one in self._joined.rejected]

    def _room(self) -> Ambient | None:
        """The embeddings of the new room recording; computed once."""
        if self._heard is None and self._ambient is not None:
            config = EngineConfig(segmenter=self._library.segmenter)
            self._heard = hear_ambient(self._ambient, self._encoder, config)
        return self._heard

    def _require_takes(self) -> None:
        if not len(self._takes) and (self._text is None or self.patterns):
            raise TakeRejected(f"there is no take of {self.name!r} that can be used")

    def _checked(self, budget_per_hour: float | None) -> float:
        budget = self._budget if budget_per_hour is None else budget_per_hour
        if not 0.0 < budget < float("inf"):
            raise ConfigError(f"the budget must be above 0 per hour, not {budget}")
        return budget

    def _stop_at(self, findings: list[Finding]) -> None:
        stopping = [finding for finding in findings if finding.stops]
        if stopping and not self._force:
            raise EnrollmentStopped(stopping)


def existing(library: SoundLibrary, name: str) -> SoundRecord | None:
    """The sound of this name, if there is one."""
    try:
        return library.get(name)
    except SoundNotFound:
        return None


def ensure_free(library: SoundLibrary, name: str) -> None:
    """Make sure that no sound has this name yet.

    Raises:
        SoundExists: one has.
    """
    sound = existing(library, name)
    if sound is not None:
        raise SoundExists(sound.name, replaceable=True)
