"""Would a front end pay in the user's own room? Their takes, played into a recording of it.

Each take in turn is left out; what is fitted to the others and to the room is to hear it where
it was mixed into the room as loud as it was recorded, through the engine itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from enroll.calibration import calibrate
from enroll.negatives import Negatives, hear_ambient
from enroll.turned import recordings
from wakeword.audio import AudioFrame, FloatArray
from wakeword.audiofile import AudioClip
from wakeword.bank import load_bank
from wakeword.config import EngineConfig
from wakeword.engine import Engine
from wakeword.library import SoundLibrary
from wakeword.protocols import Encoder
from wakeword.records import SoundRecord
from wakeword.resampler import resample
from wakeword.scorer import Enrolled, make_scorer
from wakeword.takes import Take, embed_take
from wakeword.views import is_short

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

    Sounds with a single take and sounds with patterns are left out.

    Args:
        library: the sounds.
        encoder: any encoder, also behind a front end; the library need not be made with it.
        room: without the sounds.
    """
    config = EngineConfig(segmenter=library.segmenter)
    background = resample(room.samples, room.rate, encoder.rate)
    ambient = hear_ambient(room, encoder, config)
    known = {s.name: (s, takes) for s in library.sounds() if (takes := _takes(library, s))}
    rows = {
        name: [embed_take(take, encoder, library.segmenter) for take in takes]
        for name, (_, takes) in known.items()
    }
    bank, tried, missed = load_bank(encoder.id), 0, 0
    for name, (sound, takes) in list(known.items())[:MOST_SOUNDS]:
        others = {other: found for other, found in rows.items() if other != name}
        negatives = Negatives(bank, ambient.vectors, ambient.seconds, others)
        short = is_short([take.sound_seconds for take in takes], encoder, library.segmenter)
        for i, take in enumerate(takes[:MOST_TAKES]):
            own = [found for j, found in enumerate(rows[name]) if j != i]
            fit = calibrate(own, negatives, sound.window_budget_per_hour, short=short)
            vectors = {str(j): found for j, found in enumerate(own)}
            enrolled = Enrolled(name, vectors, fit.threshold, fit.verifier, fit.short)
            scorer = make_scorer([enrolled], encoder, bank.cohort if bank else None)
            stream = in_room(take, background, encoder.rate, tried)
            engine = Engine(scorer, encoder, config)
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


def _takes(library: SoundLibrary, sound: SoundRecord) -> list[Take]:
    """The takes that can be read, if there are two of them."""
    found = [] if sound.patterns else recordings(library, sound)
    return found if len(found) > 1 else []
