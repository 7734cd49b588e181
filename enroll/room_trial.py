"""Would a front end pay in the user's own room? Their takes, played into a recording of it.

Each take in turn is left out; what is fitted to the others and to the room is to hear it where
it was mixed into the room as loud as it was recorded, through the engine itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from enroll.negatives import hear_ambient
from enroll.refit import fitted
from wakeword.audio import AudioFrame, FloatArray
from wakeword.audiofile import AudioClip
from wakeword.bank import load_bank
from wakeword.config import EngineConfig
from wakeword.engine import Engine
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder
from wakeword.records import SoundRecord
from wakeword.resampler import resample
from wakeword.takes import Take
from wakeword.vectors import TakeVectors

LEAD_SECONDS = 2.0
"""So much of the room is heard before each take."""
AFTER_SECONDS = 1.0
MOST_TAKES = 5
"""So many takes of a sound are tried, and so many sounds."""
MOST_SOUNDS = 6


@dataclass(frozen=True)
class Trial:
    """How many takes were heard in the room."""

    tried: int
    missed: int


def try_room(library: SoundLibrary, encoder: Encoder, room: AudioClip) -> Trial:
    """How many takes are missed in the room, at each sound's budget.

    Sounds with a single take and sounds with patterns are left out, and so are the words of sounds
    that have some: it is the takes that are asked for.

    Args:
        library: the sounds.
        encoder: any encoder, also behind a front end; the library need not be made with it.
        room: without the sounds.
    """
    config = EngineConfig(segmenter=library.segmenter)
    background = resample(room.samples, room.rate, encoder.rate)
    ambient = hear_ambient(room, encoder, config)
    vectors, bank = library.embed_all(encoder), load_bank(encoder.id)
    tried = missed = 0
    for sound in _with_takes(library, vectors)[:MOST_SOUNDS]:
        for record in sound.takes[:MOST_TAKES]:
            left = tuple(other for other in sound.takes if other is not record)
            known = sound.model_copy(update={"takes": left, "text": None})
            fit, _ = fitted(library, encoder, known, vectors, bank=bank, room=ambient)
            take = library.take(sound.name, record.file)
            stream = in_room(take, background, encoder.rate, tried)
            engine = Engine(library.scorer_of([fit], vectors, encoder), encoder, config)
            events = [*engine.push(AudioFrame(stream, 0, encoder.rate)), *engine.flush()]
            tried, missed = tried + 1, missed + (not events)
    return Trial(tried, missed)


def in_room(take: Take, background: FloatArray, rate: int, number: int) -> FloatArray:
    """The take over a stretch of the room, ``(n,) float32``; each number has its own stretch."""
    samples = resample(take.samples, take.rate, rate)
    lead, length = round(LEAD_SECONDS * rate), len(samples) + round(AFTER_SECONDS * rate)
    start = number * rate * 7 % max(1, len(background) - lead - length)
    stream = np.resize(background[start:], lead + length).astype(np.float32)
    stream[lead : lead + len(samples)] += samples
    return stream


def _with_takes(library: SoundLibrary, vectors: TakeVectors) -> list[SoundRecord]:
    """The sounds without patterns that have two takes that can be read, and only such takes."""
    found = []
    for sound in library.sounds():
        takes = tuple(take for take in sound.takes if take.file in vectors)
        if len(takes) > 1 and not sound.patterns:
            found.append(sound.model_copy(update={"takes": takes}))
    return found
