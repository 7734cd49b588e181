"""From the records and embeddings of a library to what the engine listens for."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial

from wakeword.errors import ConfigError, EncoderError, LibraryCorrupt
from wakeword.labels.prompts import TextCache
from wakeword.library.recordings import Take
from wakeword.library.records import SoundRecord
from wakeword.library.storage import Shelf
from wakeword.library.vectors import TakeVectors, of_files
from wakeword.patterns.order import SoundOrder
from wakeword.patterns.pattern import SoundPatterns
from wakeword.protocols import Encoder
from wakeword.scoring.bank import load_bank
from wakeword.scoring.scorer import Enrolled, Scorer, make_scorer
from wakeword.scoring.veto import Veto, make_veto
from wakeword.scoring.words import NamedLikeness, named_likeness

_log = logging.getLogger(__name__)


def library_scorer(
    shelf: Shelf,
    sounds: Mapping[str, SoundRecord],
    vectors: TakeVectors,
    encoder: Encoder,
    texts: TextCache,
) -> Scorer:
    """Everything the engine needs to know of these sounds.

    Args:
        shelf: where their recordings are, read when an order is first asked for.
        sounds: their records, by folder name.
        vectors: embeddings by file; what has none is left out.
        encoder: made them.
        texts: where embeddings of words are kept.
    """
    enrolled = [_enrolled(sound, vectors, encoder, texts) for sound in sounds.values()]
    bank = load_bank(encoder.id) if any(sound.verifier for sound in enrolled) else None
    patterns = {sound.name: SoundPatterns.of(sound) for sound in sounds.values()}
    return make_scorer(
        enrolled,
        encoder,
        bank.cohort if bank is not None else None,
        patterns={name: found for name, found in patterns.items() if found is not None},
        vetoes=_vetoes(list(sounds.values()), vectors, encoder),
        orders={
            sound.name: SoundOrder(partial(_readable, shelf, where, sound), encoder.rate)
            for where, sound in sounds.items()
            if sound.takes and not sound.patterns
        },
    )


def _enrolled(
    sound: SoundRecord, vectors: TakeVectors, encoder: Encoder, texts: TextCache
) -> Enrolled:
    return Enrolled(
        sound.name,
        {take.file: vectors[take.file] for take in sound.takes if take.file in vectors},
        sound.threshold,
        sound.judge(encoder.id),
        sound.short,
        _named(sound, encoder, texts),
    )


def _named(sound: SoundRecord, encoder: Encoder, texts: TextCache) -> NamedLikeness | None:
    """What scores the sound's words, if it has any and the encoder knows them."""
    if sound.text is None:
        return None
    try:
        return named_likeness(sound.text, sound.vetoes, encoder, texts)
    except (ConfigError, EncoderError) as error:
        _log.warning("the words of %s do not count: %s", sound.name, error)
        return None


def _vetoes(
    sounds: Sequence[SoundRecord], vectors: TakeVectors, encoder: Encoder
) -> dict[str, Veto]:
    found = {
        sound.name: make_veto(of_files(sound.rejected, vectors), sound.vetoes, encoder, sound.short)
        for sound in sounds
        if sound.takes
    }
    return {name: veto for name, veto in found.items() if veto is not None}


def _readable(shelf: Shelf, where: str, sound: SoundRecord) -> list[Take]:
    """The takes of a sound that can be read."""
    takes = []
    for record in sound.takes:
        try:
            takes.append(shelf.take(where, record))
        except LibraryCorrupt as error:
            _log.warning("%s", error)
    return takes
