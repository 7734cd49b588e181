"""What the library's JSON files hold."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timezone

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from wakeword.errors import LibraryError

SCHEMA = 1
"""Version of the files' layout."""
LONGEST_NAME = 64
LONGEST_SLUG = 200
"""Bytes in a folder's name; file systems take 255."""
SHORTEST_SECONDS = 0.005
"""No sound is shorter."""
FORBIDDEN = set('=/\\,@+"')
"""Characters with a meaning on the command line or in the file system."""


def _now() -> str:
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


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    schema_version: int = Field(default=SCHEMA, ge=1, le=SCHEMA)


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

    @model_validator(mode="after")
    def _inside(self) -> TakeRecord:
        if not self.start_seconds + SHORTEST_SECONDS <= self.end_seconds <= self.seconds:
            raise ValueError("the sound must lie inside the recording and not be empty")
        return self


class SoundRecord(_Record):
    """``sounds/<slug>/sound.json``."""

    name: str
    threshold: float = Field(ge=-1, le=2)
    """Score from which on a window matches."""
    budget_per_hour: float = Field(gt=0)
    """False alarms per hour that the threshold was fitted to."""
    takes: tuple[TakeRecord, ...] = Field(min_length=1)
    created: str = Field(default_factory=_now)
    """When it was enrolled: ISO 8601, UTC."""

    @field_validator("name")
    @classmethod
    def _usable(cls, name: str) -> str:
        try:
            if clean_name(name) != name:
                raise LibraryError("the name is not normalised")
        except LibraryError as error:
            raise ValueError(str(error)) from None
        return name
