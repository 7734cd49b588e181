"""The zip file that sounds travel in, read without trust: every part is checked.

wakesound.json           layout, encoder and the sounds' records
takes/<file>.flac        the recordings
rejected/<file>          what the sounds are not: recordings or embeddings

Sounds in one file, to take them elsewhere: a zip of recordings and what they are.

What comes in is not trusted: nothing is unpacked to the disk, every part is checked and the
takes are stored like newly recorded ones.
"""

from __future__ import annotations

import dataclasses
import io
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from enroll.changing import refitted
from enroll.finder import HIGHEST_RATE
from enroll.negatives import gather_negatives
from enroll.order import of_library, without_turned
from enroll.quality import LONGEST_SECONDS
from enroll.session import ensure_free
from enroll.words import Named, fit_sound
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import MIN_RATE
from wakeword.embedding.embedder import is_short, view_dim
from wakeword.embedding.variants import embed_take
from wakeword.errors import AudioError, ConfigError, EncoderError, LibraryCorrupt, LibraryError
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Example, Take
from wakeword.library.records import (
    SCHEMA,
    ExampleRecord,
    SoundRecord,
    TakeRecord,
    VetoRecord,
)
from wakeword.library.storage import write_bytes
from wakeword.protocols import Encoder
from wakeword.scoring.bank import load_bank

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
    """Add the sounds of a zip file; thresholds of another encoder or room are fitted anew.

    Everything is checked before anything is written.

    Args:
        library: where they go.
        path: the file.
        encoder: the library's.
        encoder_spec: what ``create_encoder`` made it from.
        replace: whether sounds of the same names give way.

    Raises:
        LibraryError: the file is damaged or not an export, or the sounds cannot be stored.
        EncoderError: a sound has words that the encoder does not know.
        LibraryCorrupt: a take cannot be embedded.
        SoundExists: a name is taken and ``replace`` is false.
        EncoderMismatch: the library was made with another encoder.
    """
    library.check_encoder(encoder)
    index, incoming = read_archive(path)
    if not replace:
        for sound in incoming:
            ensure_free(library, sound.record.name)
    named = {sound.record.name: _named(sound, library, encoder) for sound in incoming}
    vectors = {sound.record.name: _embedded(sound, library, encoder) for sound in incoming}
    fits: dict[str, dict[str, Any]] = {
        sound.record.name: {
            "threshold": sound.record.threshold,
            "verifier": sound.record.verifier,
            "expected": sound.record.expected,
            "text": sound.record.text,
        }
        for sound in incoming
    }
    if index.encoder_id != encoder.id or library.ambient(encoder).read().runs:
        fits = _fitted(incoming, vectors, named, library, encoder)
    return [
        library.save(
            sound.record.name,
            sound.takes,
            encoder=encoder,
            encoder_spec=encoder_spec,
            **fits[sound.record.name],
            budget_per_hour=sound.record.budget_per_hour,
            patterns=sound.record.patterns,
            rejected=sound.rejected,
            vetoes=_vetoes(sound, vectors, index, encoder),
            replace=replace,
        )
        for sound in incoming
    ]


def _named(sound: Incoming, library: SoundLibrary, encoder: Encoder) -> Named | None:
    """The sound's words, once the encoder knows them.

    Raises:
        EncoderError: it does not.
    """
    record = sound.record
    named = Named.of(record.text, record.vetoes, encoder, library.text_cache)
    try:
        if named is not None:
            named.likeness()
    except (ConfigError, EncoderError) as error:
        raise EncoderError(f"the words of {record.name!r} cannot be used: {error}") from error
    return named


def _embedded(sound: Incoming, library: SoundLibrary, encoder: Encoder) -> list[FloatArray]:
    """Embeddings of each take.

    Raises:
        LibraryCorrupt: a take cannot be embedded.
    """
    vectors = []
    for take, record in zip(sound.takes, sound.record.takes, strict=True):
        why = "the encoder gives numbers that are not finite"
        try:
            rows = embed_take(take, encoder, library.segmenter)
        except (AudioError, ArithmeticError, LookupError, ValueError) as error:
            rows, why = np.full((1, view_dim(encoder)), np.nan, np.float32), str(error)
        if not np.isfinite(rows).all():
            raise LibraryCorrupt(
                f"{record.file} of {sound.record.name!r} cannot be embedded ({why}); "
                "record it again and export the sounds anew"
            )
        vectors.append(rows)
    return vectors


def _fitted(
    incoming: Sequence[Incoming],
    vectors: Mapping[str, Sequence[FloatArray]],
    named: Mapping[str, Named | None],
    library: SoundLibrary,
    encoder: Encoder,
) -> dict[str, dict[str, Any]]:
    """What ``save`` is told, fitted beside each other and the library's sounds that stay."""
    given_way = {name.casefold() for name in vectors}
    brought = {s.record.name: [] if s.record.patterns else s.takes for s in incoming}
    held = of_library(library)

    def recorded(name: str) -> Sequence[Take]:
        return brought[name] if name in brought else held(name)

    fits = {}
    for sound in incoming:
        name = sound.record.name
        negatives = gather_negatives(library, encoder, name)
        others: dict[str, Sequence[FloatArray]] = {
            n: takes for n, takes in negatives.others.items() if n.casefold() not in given_way
        }
        others.update({n: takes for n, takes in vectors.items() if n != name and takes})
        if not sound.record.patterns:
            own = partial(brought.__getitem__, name)
            others = without_turned(others, own, vectors[name], recorded, encoder.rate)
        examples = [example.embed(encoder, library.segmenter) for example in sound.rejected]
        rejected = [rows for rows in examples if len(rows)]
        negatives = dataclasses.replace(negatives, others=others, rejected=rejected)
        seconds = [take.sound_seconds for take in sound.takes]
        short = is_short(seconds, encoder, library.segmenter)
        budget = sound.record.window_budget_per_hour
        fit = fit_sound(vectors[name], named[name], negatives, budget, short=short)
        fits[name] = fit.changes(encoder.id)
    return fits


def _vetoes(
    sound: Incoming,
    vectors: Mapping[str, Sequence[FloatArray]],
    index: ArchiveIndex,
    encoder: Encoder,
) -> tuple[VetoRecord, ...]:
    """As they were, or fitted to another encoder."""
    if index.encoder_id == encoder.id:
        return sound.record.vetoes
    return refitted(sound.record.vetoes, vectors[sound.record.name], encoder, load_bank(encoder.id))


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
