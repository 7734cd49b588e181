"""Fitting an enrolled sound anew, from what the library holds of it.

Taking a recording away from an enrolled sound.

Giving an enrolled sound words, and taking them away again.

Fitting vetoes in words: how like a label may a sound be before it is that?

The takes say it: none of their windows, clean or in noise, is ever refused, with some room for
takes that are still to come. The room is what the takes differ by among themselves, and at
least a part of what everyday sound differs by.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from enroll.expectation import missed_by_words
from enroll.fitting import Calibration
from enroll.negatives import Negatives
from enroll.order import of_library, recordings, without_turned
from enroll.quality import Finding
from enroll.words import Named, fit_sound
from wakeword.audio.frames import FloatArray
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.embedding.embedder import focused, is_short
from wakeword.embedding.variants import clear_rows, quiet_rows
from wakeword.errors import (
    ConfigError,
    EncoderError,
    LibraryCorrupt,
    LibraryError,
    SoundExists,
    TakeRejected,
)
from wakeword.library.ambient import Ambient
from wakeword.library.library import SoundLibrary
from wakeword.library.records import (
    SoundRecord,
    TextRecord,
    VetoRecord,
)
from wakeword.library.vectors import TakeVectors, of_files
from wakeword.protocols import Encoder
from wakeword.scoring.bank import NegativeBank, load_bank
from wakeword.scoring.decision import TriggerConfig
from wakeword.scoring.veto import label_vectors, refused

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


def remove_take(
    library: SoundLibrary, encoder: Encoder, name: str, file: str
) -> tuple[SoundRecord, Calibration]:
    """Remove a take, and fit the sound to those that are left, in one step.

    Args:
        library: the sounds.
        encoder: the library's.
        name: the sound.
        file: the take's file name; one that the sound does not have changes nothing.

    Raises:
        TakeRejected: it is the last one, and the sound has no words, or has patterns.
        SoundNotFound: there is no such sound.
        LibraryError: it cannot be stored.
    """
    for _ in range(TRIES):
        before = library.get(name)
        takes = tuple(take for take in before.takes if take.file != file)
        if not takes and (before.text is None or before.patterns):
            raise TakeRejected(
                f"that is the only take of {before.name!r}; remove the sound, or enroll it anew"
            )
        vectors = library.vectors(encoder)
        after, calibration = fitted(
            library, encoder, before.model_copy(update={"takes": takes}), vectors
        )
        if library.amend(before, after):
            return after, calibration
    raise busy(name)


def set_text(
    library: SoundLibrary,
    encoder: Encoder,
    name: str,
    text: TextRecord,
    *,
    replace: bool = False,
    budget_per_hour: float | None = None,
) -> EnrollmentResult:
    """Let words stand for a sound too, beside its takes; it is fitted to both, in one step.

    Args:
        library: the sounds.
        encoder: the library's; it knows the words.
        name: the sound.
        text: from :func:`enroll.words.read_text`.
        replace: whether words that it has already give way.
        budget_per_hour: false alarms per hour that are borne from now on; as before by default.

    Raises:
        SoundNotFound: there is no such sound.
        SoundExists: it has words and ``replace`` is false.
        LibraryError: it cannot be stored.
    """
    for _ in range(TRIES):
        before = library.get(name)
        if before.text is not None and not replace:
            raise SoundExists(
                f"{before.name!r} already stands for {before.text.written!r};"
                " use --replace to give it other words"
            )
        lowest = before.threshold if before.takes else None
        # What the threshold was is no bound for words that had none.
        words = text.model_copy(update={"offset": before.threshold})
        budget = before.budget_per_hour if budget_per_hour is None else budget_per_hour
        wished = before.model_copy(update={"text": words, "budget_per_hour": budget})
        vectors = library.vectors(encoder)
        after, calibration = fitted(library, encoder, wished, vectors, lowest)
        if library.amend(before, after):
            named = Named.of(after.text, after.vetoes, encoder, library.text_cache)
            findings = missed_by_words(calibration, named, of_files(after.takes, vectors))
            return EnrollmentResult(after, calibration, tuple(findings))
    raise busy(name)


def remove_text(
    library: SoundLibrary, encoder: Encoder, name: str
) -> tuple[SoundRecord, Calibration]:
    """Take the words of a sound away and fit it to its takes alone, in one step.

    Raises:
        SoundNotFound: there is no such sound.
        TakeRejected: it has no words, or nothing else.
        LibraryError: it cannot be stored.
    """
    for _ in range(TRIES):
        before = library.get(name)
        if before.text is None:
            raise TakeRejected(f"{before.name!r} has no words that could be removed")
        if not before.takes:
            raise TakeRejected(f"{before.name!r} is nothing but words; remove the sound instead")
        wished = before.model_copy(update={"text": None})
        after, calibration = fitted(library, encoder, wished, library.vectors(encoder))
        if library.amend(before, after):
            return after, calibration
    raise busy(name)


_log = logging.getLogger(__name__)

ROOM_SHARE = 0.5
"""Part of the spread of everyday sound that is left above the takes."""
MOST_LABELS = 20
NO_LIMIT = 1.0
"""No likeness is above it."""


def parse_labels(text: str) -> list[str]:
    """The labels of a comma-separated list, each once, in order.

    Raises:
        ConfigError: there are too many.
    """
    labels = list(dict.fromkeys(" ".join(part.split()) for part in text.split(",")))
    labels = [label for label in labels if label]
    if len(labels) > MOST_LABELS:
        raise ConfigError(f"a sound takes {MOST_LABELS} vetoes at most, not {len(labels)}")
    return labels


def fit_vetoes(
    labels: Sequence[str],
    takes: Sequence[FloatArray],
    encoder: Encoder,
    bank: NegativeBank | None,
) -> tuple[VetoRecord, ...]:
    """The labels with limits that no window of the takes reaches.

    Without takes no window reaches them: then labels only compete with the sound's words.

    Args:
        labels: what the sound is not.
        takes: embeddings of each take, ``(n, dim)``.
        encoder: one that knows words.
        bank: what everyday sound is like; None where nobody knows.

    Raises:
        ConfigError: the encoder knows no words.
        EncoderError: it does not know one of these.
    """
    if not labels:
        return ()
    words = label_vectors(labels, encoder)
    if not len(takes):
        return tuple(VetoRecord(label=label, limit=NO_LIMIT) for label in labels)
    likeness = np.concatenate(list(takes))[:, : encoder.dim] @ words.T
    room = likeness.std(axis=0)
    if bank is not None and len(bank.vectors):
        room = np.maximum(room, ROOM_SHARE * (bank.vectors[:, : encoder.dim] @ words.T).std(axis=0))
    limits = likeness.max(axis=0) + room
    return tuple(
        VetoRecord(label=label, limit=round(float(limit), 4))
        for label, limit in zip(labels, limits, strict=True)
    )


def refitted(
    vetoes: Sequence[VetoRecord],
    takes: Sequence[FloatArray],
    encoder: Encoder,
    bank: NegativeBank | None,
) -> tuple[VetoRecord, ...]:
    """The same labels, fitted to other takes or another encoder.

    Where the encoder knows no words, or not these, they stay as they are and do not count.
    """
    fitted: list[VetoRecord] = []
    for veto in vetoes:
        try:
            fitted += fit_vetoes([veto.label], takes, encoder, bank)
        except (ConfigError, EncoderError) as error:
            _log.warning("the veto %r does not count: %s", veto.label, error)
            fitted.append(veto)
    return tuple(fitted)


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


@dataclass(frozen=True)
class Refitted:
    """A sound that was fitted anew."""

    before: SoundRecord
    """As it was."""
    after: SoundRecord
    """As the library holds it now."""
    calibration: Calibration
    """How its threshold came about and what to expect."""

    @property
    def newly_missed(self) -> int:
        """How many more of its takes the others would miss than before."""
        rate = self.before.expected.miss_rate or 0.0
        before = round(rate * len(self.calibration.scores))
        return max(0, len(self.calibration.missed) - before)
