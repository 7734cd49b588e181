"""The records that a library's JSON files hold, and the limits of their fields."""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from wakeword.errors import ConfigError, LibraryError
from wakeword.labels.wording import checked_labels
from wakeword.scoring.likeness import Verifier

SCHEMA = 1
"""Version of the files' layout."""
LONGEST_NAME = 64
LONGEST_SLUG = 200
"""Bytes in a folder's name; file systems take 255."""
SHORTEST_SECONDS = 0.005
"""No sound is shorter."""
PATTERN_BUDGET = 5.0
"""The window budget of a sound with patterns is this many times its budget: several alike beats in
a row, and no more of them than the pattern has, are rare by chance."""
MOST_BEATS = 12
"""No pattern has more."""
SHORTEST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.2, 6.0
"""How long a pattern may wait for another beat."""
LOWEST_THRESHOLD, HIGHEST_THRESHOLD = -1.0, 2.0
"""Thresholds of sounds that are stored, whoever sets them: cosines begin at -1, and the scores of
words go beyond 1."""
Threshold = Annotated[float, Field(ge=LOWEST_THRESHOLD, le=HIGHEST_THRESHOLD)]
"""A threshold of a sound, for every record and every request that holds one."""
FORBIDDEN = set('=/\\,@+"')
"""Characters with a meaning on the command line or in the file system."""


def now() -> str:
    """The time: ISO 8601, UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def clean_name(name: str) -> str:
    """The name as it is kept: normalised and without blanks around it.

    Raises:
        LibraryError: the name is empty, too long or holds a character that cannot be used.
    """
    name = " ".join(unicodedata.normalize("NFC", name).split())
    if not any(c.isalnum() for c in name) or len(name) > LONGEST_NAME:
        raise LibraryError(
            f"a name needs a letter or digit and at most {LONGEST_NAME} characters: {name[:70]!r}"
        )
    bad = sorted({c for c in name if c in FORBIDDEN or not c.isprintable()})
    if bad:
        raise LibraryError(f"a name cannot hold {' '.join(map(repr, bad))}: {name!r}")
    return name


def slug(name: str) -> str:
    """A folder's name for a sound: letters and digits of any script, the rest as dashes."""
    plain = "".join(c if c.isalnum() else "-" for c in name.casefold())
    whole = "-".join(part for part in plain.split("-") if part)
    return whole.encode()[:LONGEST_SLUG].decode(errors="ignore").rstrip("-")


def _checked_name(name: str) -> str:
    try:
        if clean_name(name) != name:
            raise LibraryError("the name is not normalised")
    except LibraryError as error:
        raise ValueError(str(error)) from None
    return name


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    schema_version: int = Field(default=SCHEMA, ge=1, le=SCHEMA)


def window_budget(budget_per_hour: float, patterns: Sequence[object]) -> float:
    """False alarms per hour that single windows of a sound with these patterns may make."""
    return budget_per_hour * (PATTERN_BUDGET if patterns else 1.0)


class LibraryRecord(_Record):
    """``library.json``."""

    encoder: str
    """What ``create_encoder`` makes the encoder from."""
    encoder_id: str
    """Identity of the vectors that thresholds and caches belong to."""
    reindexing: bool = False
    """Whether the thresholds are being fitted to this encoder; none of them counts meanwhile."""


class TakeRecord(BaseModel):
    """One recording of a sound."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    file: str = Field(pattern=r"^[0-9a-f]{16}\.flac$")
    """Name in ``takes/``; made from the content and where the sound is in it, so that a change
    is noticed."""
    seconds: float = Field(gt=0)
    """Length of the recording."""
    start_seconds: float = Field(ge=0)
    """Where the sound begins in it."""
    end_seconds: float = Field(gt=0)
    """Where the sound ends in it."""
    level_db: float
    """Level of the sound's loudest 50 ms, dBFS."""
    snr_db: float
    """That level over the recording's background, dB."""

    @property
    def sound_seconds(self) -> float:
        """Length of the sound itself."""
        return round(self.end_seconds - self.start_seconds, 9)

    @model_validator(mode="after")
    def _inside(self) -> TakeRecord:
        if not self.start_seconds + SHORTEST_SECONDS <= self.end_seconds <= self.seconds:
            raise ValueError("the sound must lie inside the recording and not be empty")
        return self


class TextRecord(BaseModel):
    """A sound in words."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    written: str
    """As the user wrote it."""
    text: str
    """In English: what an encoder is asked for."""
    how: Literal["written", "glossary", "translated"] = "written"
    """Where the English comes from: see :class:`wakeword.labels.wording.Wording`."""
    offset: float = 0.0
    """Added to the score of the words, so that the threshold, which the sound's takes share, is
    right for both; 0 for a sound without takes."""

    @field_validator("written", "text")
    @classmethod
    def _label(cls, text: str) -> str:
        try:
            (label,) = checked_labels([text], fewest=1)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return label

    def __str__(self) -> str:
        return self.written if self.how == "written" else f"{self.written} -> {self.text}"


class PatternRecord(BaseModel):
    """A pattern over a sound: so many in a row, or a rhythm."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: str = ""
    """What events call it; empty for the sound's own name and the number of beats."""
    beats: int = Field(ge=2, le=MOST_BEATS)
    """Exactly so many in a row."""
    gaps_seconds: tuple[float, ...] = ()
    """A rhythm's times from beat to beat; none for a mere count."""
    wait_seconds: float = Field(ge=SHORTEST_WAIT_SECONDS, le=LONGEST_WAIT_SECONDS)
    """How long after a beat another one may follow."""

    @field_validator("name")
    @classmethod
    def _usable(cls, name: str) -> str:
        return _checked_name(name) if name else name

    @model_validator(mode="after")
    def _rhythm(self) -> PatternRecord:
        if self.gaps_seconds and len(self.gaps_seconds) != self.beats - 1:
            raise ValueError("a rhythm has a gap between any two beats")
        if any(not 0 < gap <= self.wait_seconds for gap in self.gaps_seconds):
            raise ValueError("the gaps of a rhythm must be positive and shorter than the wait")
        return self

    def called(self, sound: str) -> str:
        """Its name, as a pattern of that sound."""
        kind = "rhythm" if self.gaps_seconds else f"x{self.beats}"
        return self.name or f"{sound} {kind}"


class ExampleRecord(BaseModel):
    """Something that a sound is not."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    file: str = Field(pattern=r"^[0-9a-f]{16}\.(flac|npy)$")
    """Name in ``rejected/``, made from the content: its audio, or only its embeddings."""
    first_seconds: float = Field(default=0.0, ge=0)
    """Where in the audio the first window ends."""
    encoder_id: str = ""
    """Who made the embeddings, where there is no audio."""


class VetoRecord(BaseModel):
    """Something that a sound is not, in words."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    label: str = Field(min_length=1, max_length=200)
    """What, as an encoder with words knows it."""
    limit: float
    """Likeness to it from which on a window is that and not the sound, -1..1."""


class VerifierRecord(BaseModel):
    """The verifier that was trained for a sound: a linear classifier of embeddings."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    encoder_id: str
    """The encoder whose embeddings it classifies."""
    short: bool
    """Whether the sound is looked for in the end of the window."""
    weights: str = Field(max_length=100_000)
    """``(dim,)`` little-endian float32, as base64."""
    bias: float
    level: float | None = None
    """Log-odds at which the sound's score is 0.5; None where it was fitted before there was one
    scale for all sounds."""

    @field_validator("weights")
    @classmethod
    def _numbers(cls, weights: str) -> str:
        try:
            numbers = np.frombuffer(base64.b64decode(weights, validate=True), "<f4")
        except ValueError:
            raise ValueError("the weights are not base64 of float32") from None
        if not len(numbers) or not np.isfinite(numbers).all():
            raise ValueError("the weights are not finite numbers")
        return weights

    @classmethod
    def of(cls, verifier: Verifier, short: bool, encoder_id: str) -> VerifierRecord:
        """What is kept of a verifier."""
        weights = base64.b64encode(verifier.weights.astype("<f4").tobytes()).decode()
        return cls(
            encoder_id=encoder_id,
            short=short,
            weights=weights,
            bias=verifier.bias,
            level=verifier.level,
        )

    def verifier(self) -> Verifier:
        """The verifier."""
        weights = np.frombuffer(base64.b64decode(self.weights), "<f4").astype(np.float32)
        return Verifier(weights, self.bias, self.level)


class ExpectationRecord(BaseModel):
    """What was expected of a sound when it was fitted."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    false_alarms_per_hour: float | None = Field(default=None, ge=0)
    """None where too little is known."""
    miss_rate: float | None = Field(default=None, ge=0, le=1)
    """Share of the takes that the others would miss; None for a single take."""
    noisy_miss_rate: float | None = Field(default=None, ge=0, le=1)
    """The same in noise 10 dB below the sound."""

    @property
    def known(self) -> bool:
        """Whether anything is."""
        return self.false_alarms_per_hour is not None or self.miss_rate is not None


class FeedbackRecord(BaseModel):
    """What the user said of an event, so that it can be taken back."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    kind: Literal["false", "missed"]
    """A wake that was none, or one that did not come."""
    event: str = ""
    """Its identifier; empty for a recording."""
    files: tuple[str, ...]
    """The examples or takes that came of it."""
    threshold_before: float
    """The sound's threshold until then."""
    expected_before: ExpectationRecord | None = None
    """What was expected of it until then; None where that was not written down."""
    held: float | None = None
    """Threshold floor that a false wake set: where it left the threshold. None once the user had
    the sound fitted anew."""
    said: str = Field(default_factory=now)
    """When: ISO 8601, UTC."""


class SoundRecord(_Record):
    """``sounds/<slug>/sound.json``."""

    name: str
    threshold: Threshold
    """Score from which on a window matches."""
    budget_per_hour: float = Field(gt=0)
    """False alarms per hour that the threshold was fitted to."""
    takes: tuple[TakeRecord, ...] = ()
    text: TextRecord | None = None
    """The sound in words; one without takes has them."""
    created: str = Field(default_factory=now)
    """When it was enrolled: ISO 8601, UTC."""
    patterns: tuple[PatternRecord, ...] = ()
    """A sound with patterns makes events of these only."""
    rejected: tuple[ExampleRecord, ...] = ()
    """What the user rejected."""
    vetoes: tuple[VetoRecord, ...] = ()
    """Labels of what it is not, with limits fitted to the encoder."""
    feedback: tuple[FeedbackRecord, ...] = ()
    """The user's verdicts, the latest last."""
    verifier: VerifierRecord | None = None
    """Trained together with the threshold; None where the encoder has no bank."""
    expected: ExpectationRecord = ExpectationRecord()
    """What the fit expected."""

    @field_validator("name")
    @classmethod
    def _usable(cls, name: str) -> str:
        return _checked_name(name)

    @model_validator(mode="after")
    def _defined(self) -> SoundRecord:
        if not self.takes and (self.text is None or self.patterns):
            raise ValueError("a sound needs takes or a text, and takes if it has patterns")
        return self

    def judge(self, encoder_id: str) -> Verifier | None:
        """Its verifier, if that classifies embeddings of this encoder."""
        if self.verifier is None or self.verifier.encoder_id != encoder_id:
            return None
        return self.verifier.verifier()

    @property
    def short(self) -> bool:
        """Whether it is looked for in the end of the window."""
        return self.verifier is not None and self.verifier.short

    @property
    def level(self) -> float | None:
        """Log-odds at which its score is 0.5; None where its scores are no log-odds'."""
        return None if self.verifier is None else self.verifier.level

    @property
    def encoder_id(self) -> str:
        """Whose embeddings its verifier judges; empty without one."""
        return "" if self.verifier is None else self.verifier.encoder_id

    @property
    def threshold_floor(self) -> float | None:
        """No fit sets the threshold lower unless the user asks for it; None without feedback."""
        return max((said.held for said in self.feedback if said.held is not None), default=None)

    def without_floor(self, highest: float | None = None) -> SoundRecord:
        """The same sound with no threshold floor, or with one of at most ``highest``."""
        feedback = tuple(
            said.model_copy(update={"held": None if highest is None else min(said.held, highest)})
            if said.held is not None
            else said
            for said in self.feedback
        )
        return self.model_copy(update={"feedback": feedback})

    @property
    def window_budget_per_hour(self) -> float:
        """False alarms per hour that its threshold is fitted to, for a single window."""
        return window_budget(self.budget_per_hour, self.patterns)

    @property
    def files(self) -> frozenset[str]:
        """Names of its recordings: takes and rejected examples."""
        takes = (take.file for take in self.takes)
        return frozenset((*takes, *(example.file for example in self.rejected)))

    @property
    def events(self) -> tuple[str, ...]:
        """The names of the events it makes: its patterns', or its own if it has none."""
        return tuple(pattern.called(self.name) for pattern in self.patterns) or (self.name,)
