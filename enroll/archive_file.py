"""The zip file that sounds travel in, read without trust: every part is checked.

wakesound.json           layout, encoder and the sounds' records
takes/<file>.flac        the recordings
rejected/<file>          what the sounds are not: recordings or embeddings
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import soundfile
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from enroll.finder import HIGHEST_RATE
from enroll.quality import LONGEST_SECONDS
from wakeword.audiofile import MIN_RATE
from wakeword.errors import LibraryCorrupt, LibraryError
from wakeword.examples import Example
from wakeword.records import SCHEMA, ExampleRecord, SoundRecord, TakeRecord
from wakeword.takes import Take

INDEX = "wakesound.json"
LARGEST_INDEX_BYTES = 4_000_000
LARGEST_TAKE_BYTES = 8_000_000
LARGEST_TOTAL_BYTES = 1_000_000_000
LONGEST_TOTAL_SECONDS = 1800.0
"""Of all recordings together, unpacked: silence packs so well that bytes say little."""
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
)
"""What reading a damaged or foreign zip file may raise."""


class ArchiveIndex(BaseModel):
    """``wakesound.json``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    schema_version: int = Field(default=SCHEMA, ge=1, le=SCHEMA)
    encoder_id: str
    """What the thresholds were fitted to."""
    sounds: tuple[SoundRecord, ...] = Field(min_length=1)


@dataclass(frozen=True, eq=False)
class Incoming:
    """A sound of the file."""

    record: SoundRecord
    takes: list[Take]
    rejected: list[Example]


def entry_name(record: TakeRecord | ExampleRecord) -> str:
    """Where in the file a recording is."""
    folder = "takes" if isinstance(record, TakeRecord) else "rejected"
    return f"{folder}/{record.file}"


def read_archive(path: Path) -> tuple[ArchiveIndex, list[Incoming]]:
    """All of the file, checked.

    Raises:
        LibraryError: anything is wrong with it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            index = ArchiveIndex.model_validate_json(_part(archive, INDEX, LARGEST_INDEX_BYTES))
            names = [sound.name.casefold() for sound in index.sounds]
            if len(set(names)) < len(names):
                raise _Wrong("a name comes twice")
            left, left_seconds = LARGEST_TOTAL_BYTES, LONGEST_TOTAL_SECONDS
            incoming = []
            for sound in index.sounds:
                records: list[TakeRecord | ExampleRecord] = [*sound.takes, *sound.rejected]
                files = [record.file for record in records]
                if len(set(files)) < len(files):
                    raise _Wrong("a take comes twice")
                takes, rejected = [], []
                for record in records:
                    content = _part(archive, entry_name(record), LARGEST_TAKE_BYTES)
                    left -= len(content)
                    left_seconds -= 0.0 if record.file.endswith(".npy") else _seconds(content)
                    if left < 0:
                        raise _Wrong("it is too large")
                    if left_seconds < 0:
                        raise _Wrong(f"it holds more than {LONGEST_TOTAL_SECONDS / 60:.0f} minutes")
                    if isinstance(record, TakeRecord):
                        takes.append(_take(record, content))
                    else:
                        rejected.append(_example(record, content))
                incoming.append(Incoming(sound, takes, rejected))
    except OSError as error:
        raise LibraryError(f"cannot read {path}: {error.strerror or error}") from error
    except ValidationError as error:
        raise _damaged(path, str(error.errors()[0]["msg"])) from None
    except _Wrong as error:
        raise _damaged(path, str(error)) from None
    except _UNREADABLE as error:
        raise _damaged(path, str(error)) from error
    return index, incoming


class _Wrong(Exception):
    """What is wrong with the file."""


def _damaged(path: Path, why: str) -> LibraryError:
    return LibraryError(f"{path} is damaged or not an export of sounds ({why}); export them again")


def _part(archive: zipfile.ZipFile, name: str, largest: int) -> bytes:
    try:
        entry = archive.getinfo(name)
    except KeyError:
        raise _Wrong(f"it lacks {name}") from None
    with archive.open(entry) as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise _Wrong(f"{name} is too large")
    return content


def _seconds(content: bytes) -> float:
    """Length of a recording by its header, beyond which nothing is decoded."""
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            rate, channels, frames = file.samplerate, file.channels, file.frames
    except (soundfile.SoundFileError, TypeError) as error:
        raise _Wrong(f"a take is not a recording that can be read: {error}") from None
    if channels != 1 or not MIN_RATE <= rate <= HIGHEST_RATE:
        raise _Wrong(f"a take has {channels} channels at {rate} Hz")
    return float(frames / rate)


def _take(record: TakeRecord, content: bytes) -> Take:
    try:
        take = Take.decoded(record, content)
    except LibraryCorrupt as error:
        raise _Wrong(str(error)) from None
    if take.sound_seconds > LONGEST_SECONDS:
        raise _Wrong(f"a sound of {take.sound_seconds:.0f} s; {LONGEST_SECONDS:.0f} s at most")
    return take


def _example(record: ExampleRecord, content: bytes) -> Example:
    try:
        return Example.decoded(record, content)
    except LibraryCorrupt as error:
        raise _Wrong(str(error)) from None
