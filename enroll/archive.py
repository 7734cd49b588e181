"""Sounds in one file, to take them elsewhere: a zip of recordings and what they are.

What comes in is not trusted: nothing is unpacked to the disk, every part is checked and the
takes are stored like newly recorded ones.
"""

from __future__ import annotations

import dataclasses
import io
import zipfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from enroll.archive_file import INDEX, ArchiveIndex, Incoming, entry_name, read_archive
from enroll.named import Named, fit_sound
from enroll.negatives import gather_negatives
from enroll.session import ensure_free
from enroll.turned import of_library, without_turned
from enroll.vetoes import refitted
from wakeword.audio import FloatArray
from wakeword.bank import load_bank
from wakeword.errors import AudioError, ConfigError, EncoderError, LibraryCorrupt, LibraryError
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder
from wakeword.records import SoundRecord, VetoRecord
from wakeword.storage import write_bytes
from wakeword.takes import Take
from wakeword.variants import embed_take
from wakeword.views import is_short, view_dim

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
