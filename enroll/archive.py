"""Export and import of sounds: a zip file of recordings and records.

wakesound.json           layout, encoder and the sounds' records
takes/<file>.flac        the recordings
rejected/<file>          rejected examples: recordings or embeddings

An imported file is not trusted: nothing is unpacked to the disk, every part is checked and the
takes are stored like newly recorded ones.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from enroll.finder import HIGHEST_RATE
from enroll.fitter import Fitter
from enroll.quality import LONGEST_SECONDS
from enroll.session import ensure_free
from wakeword.audio.reading import MIN_RATE
from wakeword.embedding.embedder import view_dim
from wakeword.embedding.variants import embed_take
from wakeword.errors import AudioError, LibraryCorrupt, LibraryError
from wakeword.library.library import NewSound, SoundLibrary
from wakeword.library.recordings import Example, Take
from wakeword.library.records import SCHEMA, ExampleRecord, SoundRecord, TakeRecord, now
from wakeword.library.storage import write_bytes
from wakeword.library.vectors import TakeVectors
from wakeword.protocols import Encoder

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
    """A sound of the file, with recordings encoded like new ones."""

    record: SoundRecord
    takes: list[Take]
    rejected: list[Example]
    files: dict[str, bytes]
    """Content of those recordings, by file name."""

    @classmethod
    def of(cls, sound: SoundRecord, takes: list[Take], rejected: list[Example]) -> Incoming:
        """The sound as it will be stored: created now, without feedback on foreign events."""
        encoded = [take.encoded() for take in takes]
        examples = [example.encoded() for example in rejected]
        files = {record.file: content for record, content in encoded}
        files |= {record.file: content for record, content in examples}
        changes = {
            "takes": tuple(record for record, _ in encoded),
            "rejected": tuple(record for record, _ in examples),
            "feedback": (),
            "created": now(),
        }
        return cls(sound.model_copy(update=changes), takes, rejected, files)


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
                incoming.append(Incoming.of(sound, takes, rejected))
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
    """The file cannot be used."""


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


_EPOCH = (1980, 1, 1, 0, 0, 0)
"""Date of all entries, so that the same sounds make the same file."""


def export_sounds(library: SoundLibrary, names: Sequence[str], path: Path) -> list[str]:
    """Write sounds to a zip file, atomically.

    Args:
        library: where they are.
        names: which; all of them when empty.
        path: the file.

    Returns:
        The names of the sounds that were written.

    Raises:
        SoundNotFound: there is no sound of that name.
        LibraryCorrupt: a recording is damaged.
        LibraryError: there are no sounds, or the file cannot be written.
    """
    sounds = [library.get(name) for name in names] if names else library.sounds()
    library_record = library.record()
    if not sounds or library_record is None:
        raise LibraryError(f"there are no sounds in {library.folder} to export")
    contents: dict[str, bytes] = {}
    packed = [_packed(library, sound, contents) for sound in sounds]
    index = ArchiveIndex(encoder_id=library_record.encoder_id, sounds=tuple(packed))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        text = index.model_dump_json(indent=2).encode() + b"\n"
        archive.writestr(zipfile.ZipInfo(INDEX, _EPOCH), text)
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    write_bytes(path, buffer.getvalue())
    return [sound.name for sound in sounds]


def import_sounds(
    library: SoundLibrary,
    path: Path,
    encoder: Encoder,
    encoder_spec: str,
    *,
    replace: bool = False,
) -> list[SoundRecord]:
    """Add the sounds of a zip file; thresholds of another encoder or room are fitted again.

    All of them are stored, or none.

    Args:
        library: where they go.
        path: the file.
        encoder: the library's.
        encoder_spec: what ``create_encoder`` made it from.
        replace: whether sounds of the same names are replaced.

    Raises:
        LibraryError: the file is damaged or not an export, or the sounds cannot be stored.
        WordsNotKnown: the encoder does not know the words of a sound.
        LibraryCorrupt: a take cannot be embedded.
        SoundExists: a name is taken and ``replace`` is false.
        EncoderMismatch: the library was made with another encoder.
    """
    library.check_encoder(encoder)
    index, incoming = read_archive(path)
    if not replace:
        for sound in incoming:
            ensure_free(library, sound.record.name)
    fitter = _fitter(library, encoder, incoming)
    sounds = [sound.record for sound in incoming]
    for record in sounds:
        fitter.words(record)
    if index.encoder_id != encoder.id or fitter.room.runs:
        sounds = [fitter.fit(record).sound for record in sounds]
    new = [NewSound(sound, one.files) for sound, one in zip(sounds, incoming, strict=True)]
    library.store(new, encoder=encoder, encoder_spec=encoder_spec, replace=replace)
    return sounds


def _fitter(library: SoundLibrary, encoder: Encoder, incoming: Sequence[Incoming]) -> Fitter:
    """Fits the sounds of the file beside each other and the library's sounds that stay."""
    new = {sound.record.name.casefold() for sound in incoming}
    staying = [sound for sound in library.sounds() if sound.name.casefold() not in new]
    vectors = library.vectors(encoder)
    recordings: dict[str, Take] = {}
    for sound in incoming:
        vectors = vectors | _embedded(sound, library, encoder)
        files = (record.file for record in sound.record.takes)
        recordings |= zip(files, sound.takes, strict=True)
    return Fitter(
        library,
        encoder,
        sounds=[*staying, *(sound.record for sound in incoming)],
        vectors=vectors,
        recordings=recordings,
    )


def _embedded(sound: Incoming, library: SoundLibrary, encoder: Encoder) -> TakeVectors:
    """Embeddings of its takes and rejected examples, by file name.

    Raises:
        LibraryCorrupt: a take cannot be embedded.
    """
    vectors: TakeVectors = {}
    for take, record in zip(sound.takes, sound.record.takes, strict=True):
        why = "the encoder gives numbers that are not finite"
        try:
            rows = embed_take(take, encoder, library.segmenter)
        except (AudioError, ArithmeticError, LookupError, ValueError) as error:
            rows, why = np.full((1, view_dim(encoder)), np.nan, np.float32), str(error)
        if not np.isfinite(rows).all():
            raise LibraryCorrupt(
                f"{record.file} of {sound.record.name!r} cannot be embedded ({why}); "
                "record it again and export the sounds again"
            )
        vectors[record.file] = rows
    for example, kept in zip(sound.rejected, sound.record.rejected, strict=True):
        rows = example.embed(encoder, library.segmenter)
        if len(rows):
            vectors[kept.file] = rows
    return vectors


def _packed(library: SoundLibrary, sound: SoundRecord, contents: dict[str, bytes]) -> SoundRecord:
    """The sound's record; its recordings go into ``contents``."""
    takes = []
    for take in sound.takes:
        record, content = library.take(sound.name, take.file).encoded()
        contents[entry_name(record)] = content
        takes.append(record)
    rejected = []
    for known in sound.rejected:
        example, content = library.example(sound.name, known.file).encoded()
        contents[entry_name(example)] = content
        rejected.append(example)
    return sound.model_copy(
        update={"takes": tuple(takes), "rejected": tuple(rejected), "feedback": ()}
    )
