"""Enrolling a sound: takes are collected and judged, then stored with a fitted threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from enroll.calibration import Calibration, calibrate
from enroll.likeness import leave_one_out
from enroll.negatives import Recording, gather_negatives, hear_ambient
from enroll.quality import (
    FEW_TAKES,
    Finding,
    check_level,
    check_likeness,
    check_others,
    check_take,
)
from enroll.recalibration import Refitted, refit_mistaken
from wakeword.ambient import Ambient
from wakeword.audio import FloatArray
from wakeword.config import EngineConfig
from wakeword.errors import ConfigError, SoundExists, SoundNotFound, TakeRejected
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder
from wakeword.records import PatternRecord, SoundRecord, clean_name, window_budget
from wakeword.scorer import Enrolled, Scorer, make_scorer
from wakeword.takes import Take, embed_take
from wakeword.views import is_short

BUDGET_PER_HOUR = 0.5
"""False alarms per hour that are borne unless the user says otherwise."""


@dataclass(frozen=True)
class EnrollmentResult:
    """A sound that is enrolled."""

    sound: SoundRecord
    """As the library holds it."""
    calibration: Calibration
    """How its threshold came about and what to expect."""
    findings: tuple[Finding, ...]
    """What was told and did not stop it."""
    refitted: tuple[Refitted, ...] = ()
    """Other sounds that it would have set off, and that were fitted anew for that."""


@dataclass(frozen=True, eq=False)
class _Entry:
    take: Take
    label: str
    file: str
    vectors: FloatArray
    findings: tuple[Finding, ...]


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
    ) -> None:
        self._budget = budget_per_hour
        self._checked(None)
        self.name = clean_name(name)
        library.check_encoder(encoder)
        if not replace:
            ensure_free(library, self.name)
        self._library = library
        self._encoder = encoder
        self._encoder_spec = encoder_spec
        self._ambient = ambient
        self._heard: Ambient | None = None
        self._replace = replace
        self._force = force
        self.patterns = tuple(patterns)
        """May be changed until :meth:`finish`."""
        self._entries: list[_Entry] = []

    @property
    def takes(self) -> list[Take]:
        """The takes so far."""
        return [entry.take for entry in self._entries]

    @property
    def labels(self) -> list[str]:
        """What each take is called in messages."""
        return [entry.label for entry in self._entries]

    @property
    def scores(self) -> list[float]:
        """Likeness of each take to the others, -1..1; empty for fewer than two."""
        return leave_one_out(self._vectors())

    def add(self, take: Take, label: str | None = None) -> list[Finding]:
        """Judge a take and, unless it is refused, keep it.

        Args:
            take: the recording.
            label: what it is called in messages; "take 1" and so on by default.

        Returns:
            What is wrong with it, by itself and beside the takes before it.
        """
        label = label or f"take {len(self._entries) + 1}"
        findings = check_take(take, label)
        if any(finding.refused for finding in findings):
            return findings
        take = _as_stored(take)
        file = take.encoded()[0].file
        for entry in self._entries:
            if entry.file == file:
                text = f"{label} is the same recording as {entry.label}; make a new one"
                return [*findings, Finding("duplicate", True, text)]
        vectors = embed_take(take, self._encoder, self._library.segmenter)
        self._entries.append(_Entry(take, label, file, vectors, tuple(findings)))
        return self.findings(len(self._entries) - 1)

    def findings(self, index: int) -> list[Finding]:
        """What is wrong with take ``index``, by itself and beside all others."""
        return [*self._entries[index].findings, *self._beside_others(index)]

    def drop(self, index: int) -> None:
        """Take back take ``index``, counted from 0.

        Raises:
            IndexError: there is no such take.
        """
        del self._entries[index]

    def trial(self, budget_per_hour: float | None = None) -> tuple[Calibration, Scorer]:
        """What :meth:`finish` would make of the takes so far, to try it out; nothing is stored.

        Args:
            budget_per_hour: instead of the enrollment's own.

        Returns:
            The calibration, and this sound alone for an engine to listen for.

        Raises:
            TakeRejected: there are no takes.
            AudioDecodeError: the ambient recording cannot be read.
        """
        self._require_takes()
        vectors = self._vectors()
        negatives = gather_negatives(self._library, self._encoder, self.name, self._room())
        budget = window_budget(self._checked(budget_per_hour), self.patterns)
        calibration = calibrate(vectors, negatives, budget, short=self._short())
        sound = Enrolled(
            self.name,
            {entry.file: entry.vectors for entry in self._entries},
            calibration.threshold,
            calibration.verifier,
            calibration.short,
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
            TakeRejected: there are no takes, or a warning stops it and ``force`` is false.
            AudioDecodeError: the ambient recording cannot be read.
            LibraryError: the sound cannot be stored.
        """
        self._budget = self._checked(budget_per_hour)
        self._force = self._force if force is None else force
        self._require_takes()
        vectors = self._vectors()
        room = self._room()
        negatives = gather_negatives(self._library, self._encoder, self.name, room)
        thresholds = {sound.name: sound.threshold for sound in self._library.sounds()}
        findings = [f for index in range(len(self._entries)) for f in self.findings(index)]
        findings += check_others(vectors, negatives.others, thresholds)
        self._stop_at(findings)
        budget = window_budget(self._budget, self.patterns)
        calibration = calibrate(vectors, negatives, budget, short=self._short())
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
            patterns=self.patterns,
        )
        findings += self._few() + self._missed(calibration)
        refitted = refit_mistaken(self._library, self._encoder, self.name, vectors, negatives)
        return EnrollmentResult(sound, calibration, tuple(findings), tuple(refitted))

    def _room(self) -> Ambient | None:
        """What is new of the room; heard once."""
        if self._heard is None and self._ambient is not None:
            config = EngineConfig(segmenter=self._library.segmenter)
            self._heard = hear_ambient(self._ambient, self._encoder, config)
        return self._heard

    def _require_takes(self) -> None:
        if not self._entries:
            raise TakeRejected(f"there is no take of {self.name!r} that can be used")

    def _checked(self, budget_per_hour: float | None) -> float:
        budget = self._budget if budget_per_hour is None else budget_per_hour
        if not 0.0 < budget < float("inf"):
            raise ConfigError(f"the budget must be above 0 per hour, not {budget}")
        return budget

    def _short(self) -> bool:
        seconds = [entry.take.sound_seconds for entry in self._entries]
        return is_short(seconds, self._encoder, self._library.segmenter)

    def _vectors(self) -> list[FloatArray]:
        return [entry.vectors for entry in self._entries]

    def _beside_others(self, index: int) -> list[Finding]:
        label = self._entries[index].label
        levels = [entry.take.level_db for entry in self._entries]
        return [
            *check_level(levels, index, label),
            *check_likeness(self._vectors(), index, label),
        ]

    def _stop_at(self, findings: list[Finding]) -> None:
        stopping = [finding.message for finding in findings if finding.stops]
        if stopping and not self._force:
            raise TakeRejected("; ".join(stopping) + "; or use --force to enroll it all the same")

    def _few(self) -> list[Finding]:
        count = len(self._entries)
        if count >= FEW_TAKES:
            return []
        text = f"only {count} take{'s' if count > 1 else ''}; with 3 to 5 it is found more surely"
        return [Finding("few_takes", False, text)]

    def _missed(self, calibration: Calibration) -> list[Finding]:
        missed = [self._entries[i].label for i in calibration.missed]
        if not missed:
            return []
        text = (
            f"{', '.join(missed)} would be missed: {self._budget:g} false alarms per hour need "
            f"a score of {calibration.threshold:.2f}, the takes have "
            f"{' '.join(f'{score:.2f}' for score in calibration.scores)} among themselves; "
            f"record more takes that sound alike{_or_budget(calibration)}"
        )
        return [Finding("missed", False, text)]


def ensure_free(library: SoundLibrary, name: str) -> None:
    """Make sure that no sound has this name yet.

    Raises:
        SoundExists: one has.
    """
    try:
        sound = library.get(name)
    except SoundNotFound:
        return
    raise SoundExists(f"there already is a sound {sound.name!r}; use --replace to redo it")


def _or_budget(calibration: Calibration) -> str:
    needed = calibration.budget_needed
    return f", or allow more false alarms with --budget {needed:.2g}" if needed else ""


def _as_stored(take: Take) -> Take:
    """The take as it comes back from disk, so that what is fitted now fits later."""
    pcm = np.clip(np.rint(take.samples * 32768.0), -32768, 32767)
    return replace(take, samples=np.asarray(pcm / 32768.0, dtype=np.float32))
