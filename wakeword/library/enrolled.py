"""From the records and embeddings of a library to what the engine listens for."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from wakeword.audio.frames import FloatArray
from wakeword.errors import ConfigError, EncoderError, LibraryCorrupt
from wakeword.labels.prompts import TextCache
from wakeword.library.recordings import Take
from wakeword.library.records import SoundRecord
from wakeword.library.storage import Storage
from wakeword.library.vectors import TakeVectors, of_files
from wakeword.patterns.order import SoundOrder
from wakeword.patterns.pattern import SoundPatterns
from wakeword.protocols import Encoder
from wakeword.scoring.bank import load_cohort
from wakeword.scoring.confirmation import Confirmation
from wakeword.scoring.scorer import Enrolled, Scorer, make_scorer
from wakeword.scoring.veto import Veto, make_veto
from wakeword.scoring.words import NamedLikeness, named_likeness

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class EnrolledSounds:
    """All that an engine listens for, as it was when it was read; several engines may share it."""

    scorer: Scorer
    """Says how like each sound a window is."""
    patterns: Mapping[str, SoundPatterns] = field(default_factory=dict)
    """Of the sounds that have any, by name."""
    orders: Mapping[str, SoundOrder] = field(default_factory=dict)
    """Of the sounds whose order may matter, by name. Whoever hears live audio prepares them in
    another thread, so that the engine never waits for recordings."""
    confirmation: Confirmation | None = None
    """A second encoder's word on what is about to wake."""

    @property
    def sounds(self) -> list[str]:
        """Names of the sounds that are listened for."""
        return self.scorer.sounds

    @property
    def events(self) -> list[str]:
        """Names of the events that may come: of sounds, or of their patterns."""
        plain = [name for name in self.sounds if name not in self.patterns]
        found = [self.patterns[name].patterns for name in self.sounds if name in self.patterns]
        return sorted([*plain, *(pattern.name for patterns in found for pattern in patterns)])

    @property
    def thresholds(self) -> dict[str, float]:
        """Threshold of each sound that is listened for, by name."""
        return self.scorer.thresholds

    def scores(self, embedding: FloatArray) -> dict[str, float]:
        """Score of a ``(view_dim,) float32`` embedding for each sound, by name: for meters."""
        return self.scorer.scores(embedding)


def enrolled_sounds(
    storage: Storage,
    sounds: Mapping[str, SoundRecord],
    vectors: TakeVectors,
    encoder: Encoder,
    texts: TextCache,
) -> EnrolledSounds:
    """Everything the engine needs to know of these sounds.

    Args:
        storage: where their recordings are, read when an order is first asked for.
        sounds: their records, by folder name.
        vectors: embeddings by file; what has none is left out.
        encoder: made them.
        texts: where embeddings of words are kept.
    """
    enrolled = [_enrolled(sound, vectors, encoder, texts) for sound in sounds.values()]
    cohort = load_cohort(encoder.id) if any(sound.verifier for sound in enrolled) else None
    patterns = {sound.name: SoundPatterns.of(sound) for sound in sounds.values()}
    scorer = make_scorer(
        enrolled,
        encoder,
        cohort,
        vetoes=_vetoes(list(sounds.values()), vectors, encoder),
    )
    return EnrolledSounds(
        scorer,
        {name: found for name, found in patterns.items() if found is not None},
        {
            sound.name: SoundOrder(partial(_readable, storage, where, sound), encoder.rate)
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


def _readable(storage: Storage, where: str, sound: SoundRecord) -> list[Take]:
    """The takes of a sound that can be read."""
    takes = []
    for record in sound.takes:
        try:
            takes.append(storage.take(where, record))
        except LibraryCorrupt as error:
            _log.warning("%s", error)
    return takes
