"""Fitting an enrolled sound anew, from what the library holds of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from enroll.calibration import Calibration
from enroll.named import Named, fit_sound
from enroll.negatives import Negatives
from enroll.turned import of_library, recordings, without_turned
from enroll.vetoes import fit_vetoes, refitted
from wakeword.ambient import Ambient
from wakeword.audio import FloatArray
from wakeword.bank import NegativeBank, load_bank
from wakeword.config import SegmenterConfig, TriggerConfig
from wakeword.errors import LibraryCorrupt, LibraryError
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder
from wakeword.records import SoundRecord
from wakeword.variants import clear_rows, quiet_rows
from wakeword.vectors import TakeVectors, of_files
from wakeword.veto import refused
from wakeword.views import focused, is_short

TRIES = 5
"""So often is begun anew when another process changes the sound meanwhile."""


def refit(library: SoundLibrary, encoder: Encoder, name: str) -> tuple[SoundRecord, Calibration]:
    """Fit a sound to its takes, its rejected examples and the other sounds.

    The threshold does not fall while nothing is known of the room: it may have asked for it.

    Raises:
        SoundNotFound: there is no such sound.
        EncoderMismatch: the library was made with another encoder.
        LibraryCorrupt: none of its takes can be read.
        LibraryError: it cannot be stored.
    """
    for _ in range(TRIES):
        before = library.get(name)
        vectors = library.vectors(encoder)
        lowest = None if library.ambient(encoder).read().runs else before.threshold
        after, calibration = fitted(library, encoder, before, vectors, lowest)
        if library.amend(before, after):
            return after, calibration
    raise busy(name)


def fitted(
    library: SoundLibrary,
    encoder: Encoder,
    sound: SoundRecord,
    vectors: TakeVectors,
    lowest: float | None = None,
    bank: NegativeBank | None = None,
    room: Ambient | None = None,
) -> tuple[SoundRecord, Calibration]:
    """The sound with a threshold that fits what its record names; nothing is stored.

    Args:
        library: where the other sounds are.
        encoder: the library's.
        sound: it may name takes and examples that the library does not hold yet.
        vectors: embeddings by file name.
        lowest: the threshold does not go below, nor below what feedback holds it to; None for no
            such bound.
        bank: the encoder's, where it is at hand: one for many sounds saves much time.
        room: instead of what the library knows of it.

    Raises:
        LibraryCorrupt: none of its takes can be read.
    """
    takes = of_files(sound.takes, vectors)
    if sound.takes and not takes:
        raise LibraryCorrupt(
            f"the recordings of {sound.name!r} are missing or damaged; enroll the sound again"
        )
    negatives = negatives_of(library, encoder, sound, vectors, bank, room)
    short = is_short(_lengths(sound), encoder, library.segmenter)
    lowest = max((at for at in (lowest, sound.lowest) if at is not None), default=None)
    named = Named.of(sound.text, sound.vetoes, encoder, library.text_cache)
    calibration = fit_sound(
        takes, named, negatives, sound.window_budget_per_hour, lowest=lowest, short=short
    )
    vetoes = refitted(sound.vetoes, takes, encoder, negatives.bank)
    changes = {**calibration.changes(encoder.id), "vetoes": vetoes}
    return sound.model_copy(update=changes), calibration


def negatives_of(
    library: SoundLibrary,
    encoder: Encoder,
    sound: SoundRecord,
    vectors: TakeVectors,
    bank: NegativeBank | None = None,
    room: Ambient | None = None,
) -> Negatives:
    """What must not wake the sound: the bank, the room, other sounds and what was rejected."""
    room = room or library.ambient(encoder).read()
    own = sound.name.casefold()
    found = {s.name: of_files(s.takes, vectors) for s in library.sounds()}
    others: Mapping[str, Sequence[FloatArray]] = {
        name: takes for name, takes in found.items() if takes and name.casefold() != own
    }
    if not sound.patterns:
        takes, own_vectors = partial(recordings, library, sound), of_files(sound.takes, vectors)
        others = without_turned(others, takes, own_vectors, of_library(library), encoder.rate)
    return Negatives(
        bank=bank or load_bank(encoder.id),
        ambient=room.vectors,
        ambient_seconds=room.seconds,
        others=others,
        rejected=of_files(sound.rejected, vectors),
    )


def set_vetoes(
    library: SoundLibrary, encoder: Encoder, name: str, labels: Sequence[str]
) -> SoundRecord:
    """Give an enrolled sound these vetoes instead of those it has.

    A sound with words is fitted anew, since vetoes compete with them.

    Raises:
        SoundNotFound: there is no such sound.
        ConfigError: the encoder knows no words.
        EncoderError: it does not know one of these.
        LibraryError: it cannot be stored.
    """
    for _ in range(TRIES):
        before = library.get(name)
        takes = of_files(before.takes, library.vectors(encoder))
        if before.takes and not takes:
            raise LibraryCorrupt(f"the recordings of {before.name!r} are missing or damaged")
        vetoes = fit_vetoes(labels, takes, encoder, load_bank(encoder.id))
        after = before.model_copy(update={"vetoes": vetoes})
        if after != before and after.text is not None:
            after, _ = fitted(library, encoder, after, library.vectors(encoder))
        if after == before or library.amend(before, after):
            return after
    raise busy(name)


def refused_takes(
    sound: SoundRecord, vectors: TakeVectors, encoder: Encoder, config: SegmenterConfig
) -> list[int]:
    """Which takes the rejected examples would refuse, if only the others were known; from 0.

    Args:
        sound: its takes and its rejected examples count.
        vectors: embeddings by file name.
        encoder: the one that made them.
        config: the windows.
    """
    short = is_short(_lengths(sound), encoder, config)
    takes = [focused(rows, encoder.dim, short) for rows in of_files(sound.takes, vectors)]
    examples = [focused(rows, encoder.dim, short) for rows in of_files(sound.rejected, vectors)]
    if len(takes) < 2 or not examples:  # by itself every take is found
        return []
    rejected = np.concatenate(examples)
    patience = TriggerConfig().patience
    lost = []
    for i, take in enumerate(takes):
        others = np.concatenate([clear_rows(t) for j, t in enumerate(takes) if j != i])
        good = (~refused(quiet_rows(take), others, rejected)).astype(int)
        if not np.any(np.convolve(good, np.ones(patience, int), "valid") == patience):
            lost.append(i)
    return lost


def _lengths(sound: SoundRecord) -> list[float]:
    return [take.end_seconds - take.start_seconds for take in sound.takes]


def busy(name: str) -> LibraryError:
    """Somebody else changes the sound all the time."""
    return LibraryError(f"{name!r} is being changed by another process; try again")
