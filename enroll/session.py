"""The takes of a sound that is being enrolled, each judged by itself and beside the others.

Enrolling a sound: takes are collected and judged, then stored with a fitted threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from enroll.changing import EnrollmentResult, refitted
from enroll.expectation import few_takes, missed_by_words, missed_takes
from enroll.fitting import Calibration
from enroll.negatives import Negatives, Recording, gather_negatives, hear_ambient
from enroll.order import of_library, without_turned
from enroll.quality import Finding, check_level, check_likeness, check_others, check_take
from enroll.recalibration import refit_mistaken
from enroll.scores import leave_one_out
from enroll.words import Named, fit_sound
from wakeword.audio.frames import FloatArray
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.embedding.embedder import is_short
from wakeword.embedding.variants import embed_take
from wakeword.engine import EngineConfig
from wakeword.errors import ConfigError, SoundExists, SoundNotFound, TakeRejected
from wakeword.library.ambient import Ambient
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Example, Take
from wakeword.library.records import (
    PatternRecord,
    SoundRecord,
    TextRecord,
    VetoRecord,
    clean_name,
    window_budget,
)
from wakeword.protocols import Encoder
from wakeword.scoring.bank import load_bank
from wakeword.scoring.scorer import Enrolled, Scorer, make_scorer


@dataclass(frozen=True, eq=False)
class _Judged:
    take: Take
    label: str
    file: str
    vectors: FloatArray
    findings: tuple[Finding, ...]


class JudgedTakes:
    """Takes in the order in which they came.

    Args:
        encoder: makes the embeddings.
        segmenter: how windows are cut.
    """

    def __init__(self, encoder: Encoder, segmenter: SegmenterConfig) -> None:
        self._encoder = encoder
        self._segmenter = segmenter
        self._judged: list[_Judged] = []

    def __len__(self) -> int:
        return len(self._judged)

    @property
    def takes(self) -> list[Take]:
        """The recordings."""
        return [one.take for one in self._judged]

    @property
    def labels(self) -> list[str]:
        """What each is called in messages."""
        return [one.label for one in self._judged]

    @property
    def vectors(self) -> list[FloatArray]:
        """Embeddings of each, as :func:`wakeword.embedding.variants.embed_take` makes them."""
        return [one.vectors for one in self._judged]

    @property
    def by_file(self) -> dict[str, FloatArray]:
        """The same by the name of the file that each will be kept in."""
        return {one.file: one.vectors for one in self._judged}

    @property
    def scores(self) -> list[float]:
        """Likeness of each to the others, -1..1; empty for fewer than two."""
        return leave_one_out(self.vectors)

    @property
    def short(self) -> bool:
        """Whether the sound is to be looked for in the end of the window."""
        seconds = [take.sound_seconds for take in self.takes]
        return is_short(seconds, self._encoder, self._segmenter)

    def add(self, take: Take, label: str) -> list[Finding]:
        """Judge a take and, unless it is refused, keep it.

        Returns:
            What is wrong with it, by itself and beside the takes before it.
        """
        findings = check_take(take, label)
        if any(finding.refused for finding in findings):
            return findings
        take = _as_stored(take)
        file = take.encoded()[0].file
        for one in self._judged:
            if one.file == file:
                text = f"{label} is the same recording as {one.label}; make a new one"
                return [*findings, Finding("duplicate", True, text)]
        vectors = embed_take(take, self._encoder, self._segmenter)
        self._judged.append(_Judged(take, label, file, vectors, tuple(findings)))
        return self.findings(len(self._judged) - 1)

    def findings(self, index: int) -> list[Finding]:
        """What is wrong with one, by itself and beside all others."""
        one, levels = self._judged[index], [take.level_db for take in self.takes]
        return [
            *one.findings,
            *check_level(levels, index, one.label),
            *check_likeness(self.vectors, index, one.label),
        ]

    def drop(self, index: int) -> None:
        """Take one back.

        Raises:
            IndexError: there is no such take.
        """
        del self._judged[index]


def _as_stored(take: Take) -> Take:
    """The take as it comes back from disk, so that what is fitted now fits later."""
    pcm = np.clip(np.rint(take.samples * 32768.0), -32768, 32767)
    return replace(take, samples=np.asarray(pcm / 32768.0, dtype=np.float32))


BUDGET_PER_HOUR = 0.5
"""False alarms per hour that are borne unless the user says otherwise."""


class Enrollment:
    """One sound on its way into the library. Nothing is written before :meth:`finish`.

    Args:
        library: where the sound goes.
        encoder: makes the embeddings; the library's own.
        encoder_spec: what ``create_encoder`` made it from.
        name: name of the sound.
        budget_per_hour: false alarms per hour that are borne.
        ambient: a recording of the room without the sound; what the encoder makes of it is kept
            for all sounds, the recording is not.
        replace: whether a sound of that name gives way; it stays until the new one is stored.
        force: whether warnings are overridden.
        patterns: what makes an event, instead of the sound by itself; its takes then hold one
            beat each.
        text: the sound in words, beside its takes or without any.

    A sound of that name that has words and no takes does not stand in the way: it keeps its words,
    unless there are new ones, and gets the takes too.

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
        self.name = clean_name(name)
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
        self.patterns = tuple(patterns)
        """May be changed until :meth:`finish`."""
        self._judged = JudgedTakes(encoder, library.segmenter)

    @property
    def takes(self) -> list[Take]:
        """The takes so far."""
        return self._judged.takes

    @property
    def labels(self) -> list[str]:
        """What each take is called in messages."""
        return self._judged.labels

    @property
    def scores(self) -> list[float]:
        """Likeness of each take to the others, -1..1; empty for fewer than two."""
        return self._judged.scores

    def add(self, take: Take, label: str | None = None) -> list[Finding]:
        """Judge a take and, unless it is refused, keep it.

        Args:
            take: the recording.
            label: what it is called in messages; "take 1" and so on by default.

        Returns:
            What is wrong with it, by itself and beside the takes before it.
        """
        return self._judged.add(take, label or f"take {len(self._judged) + 1}")

    def findings(self, index: int) -> list[Finding]:
        """What is wrong with take ``index``, by itself and beside all others."""
        return self._judged.findings(index)

    def drop(self, index: int) -> None:
        """Take back take ``index``, counted from 0.

        Raises:
            IndexError: there is no such take.
        """
        self._judged.drop(index)

    def trial(self, budget_per_hour: float | None = None) -> tuple[Calibration, Scorer]:
        """What :meth:`finish` would make of the takes so far, to try it out; nothing is stored.

        Args:
            budget_per_hour: instead of the enrollment's own.

        Returns:
            The calibration, and this sound alone for an engine to listen for.

        Raises:
            TakeRejected: there are no takes and no words.
            AudioDecodeError: the ambient recording cannot be read.
        """
        self._require_takes()
        negatives = self._negatives(self._room())
        calibration, named = self._fit(negatives, self._checked(budget_per_hour))
        sound = Enrolled(
            self.name,
            self._judged.by_file,
            calibration.threshold,
            calibration.verifier,
            calibration.short,
            named.likeness() if named is not None else None,
        )
        cohort = negatives.bank.cohort if negatives.bank is not None else None
        return calibration, make_scorer([sound], self._encoder, cohort)

    def finish(
        self, *, budget_per_hour: float | None = None, force: bool | None = None
    ) -> EnrollmentResult:
        """Fit the threshold and store the sound.

        Args:
            budget_per_hour: instead of the enrollment's own.
            force: instead of the enrollment's own.

        Raises:
            TakeRejected: there are no takes and no words, or a warning stops it and ``force`` is
                false.
            AudioDecodeError: the ambient recording cannot be read.
            SoundExists: meanwhile somebody enrolled a sound of that name.
            LibraryError: the sound cannot be stored.
        """
        self._budget = self._checked(budget_per_hour)
        self._force = self._force if force is None else force
        self._join()
        self._require_takes()
        vectors = self._judged.vectors
        room = self._room()
        negatives = self._negatives(room)
        thresholds = {sound.name: sound.threshold for sound in self._library.sounds()}
        findings = [f for index in range(len(self._judged)) for f in self.findings(index)]
        findings += check_others(vectors, negatives.others, thresholds)
        self._stop_at(findings)
        calibration, named = self._fit(negatives, self._budget)
        fit = calibration.changes(self._encoder.id)
        if room is not None:
            self._library.ambient(self._encoder).add(room)
        sound = self._library.save(
            self.name,
            self.takes,
            encoder=self._encoder,
            encoder_spec=self._encoder_spec,
            **fit,
            budget_per_hour=self._budget,
            replace=self._replace,
            instead_of=self._joined,
            patterns=self.patterns,
            rejected=self._rejected(),
            vetoes=self._vetoes(),
        )
        findings += few_takes(len(vectors))
        findings += missed_takes(calibration, self.labels, self._budget)
        findings += missed_by_words(calibration, named, vectors)
        mended = refit_mistaken(self._library, self._encoder, self.name, vectors, negatives)
        return EnrollmentResult(sound, calibration, tuple(findings), tuple(mended))

    def _negatives(self, room: Ambient | None) -> Negatives:
        """All that must not wake; sounds that the order tells from this one may be as near."""
        found = gather_negatives(self._library, self._encoder, self.name, room)
        if not found.others or self.patterns:
            return found
        recorded, rate = of_library(self._library), self._encoder.rate
        others = without_turned(
            found.others, lambda: self.takes, self._judged.vectors, recorded, rate
        )
        return replace(found, others=others)

    def _fit(
        self, negatives: Negatives, budget_per_hour: float
    ) -> tuple[Calibration, Named | None]:
        """The fit of takes and words, and the fitted words."""
        examples = [e.embed(self._encoder, self._library.segmenter) for e in self._rejected()]
        negatives = replace(negatives, rejected=[rows for rows in examples if len(rows)])
        budget = window_budget(budget_per_hour, self.patterns)
        named = Named.of(self._text, self._vetoes(), self._encoder, self._library.text_cache)
        fit = fit_sound(self._judged.vectors, named, negatives, budget, short=self._judged.short)
        return fit, named if named is None or fit.text is None else named.fitted(fit.text)

    def _join(self) -> None:
        """Go with a sound of that name that has words and no takes, as it is now.

        Raises:
            SoundExists: there is one that does not give way.
        """
        self._joined = None if self._replace else existing(self._library, self.name)
        if self._joined is not None and (self._joined.takes or self._given is not None):
            ensure_free(self._library, self.name)
        self._text = self._given or (self._joined.text if self._joined is not None else None)

    def _vetoes(self) -> tuple[VetoRecord, ...]:
        """What the words that are joined by the takes were not."""
        if self._joined is None:
            return ()
        bank = load_bank(self._encoder.id)
        return refitted(self._joined.vetoes, self._judged.vectors, self._encoder, bank)

    def _rejected(self) -> list[Example]:
        """What was rejected of those words."""
        if self._joined is None:
            return []
        return [self._library.example(self.name, one.file) for one in self._joined.rejected]

    def _room(self) -> Ambient | None:
        """What is new of the room; heard once."""
        if self._heard is None and self._ambient is not None:
            config = EngineConfig(segmenter=self._library.segmenter)
            self._heard = hear_ambient(self._ambient, self._encoder, config)
        return self._heard

    def _require_takes(self) -> None:
        if not len(self._judged) and (self._text is None or self.patterns):
            raise TakeRejected(f"there is no take of {self.name!r} that can be used")

    def _checked(self, budget_per_hour: float | None) -> float:
        budget = self._budget if budget_per_hour is None else budget_per_hour
        if not 0.0 < budget < float("inf"):
            raise ConfigError(f"the budget must be above 0 per hour, not {budget}")
        return budget

    def _stop_at(self, findings: list[Finding]) -> None:
        stopping = [finding.message for finding in findings if finding.stops]
        if stopping and not self._force:
            raise TakeRejected("; ".join(stopping) + "; or use --force to enroll it all the same")


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
        raise SoundExists(f"there already is a sound {sound.name!r}; use --replace to redo it")
