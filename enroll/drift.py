"""Noise adaptation: runs that a listener keeps slowly replace the ambient recording.

Rooms change: a new fridge, summer and its open windows. Once the user has recorded the room, a
listener may keep a few runs an hour that pass the gate and are unlike any sound, as embeddings.
They replace the oldest runs of the recording, at most ``SHARE`` of them, and the sounds are fitted
again. The changes are bounded relative to the fit to the user's recording, so they don't add up
over time. Threshold floors set by feedback hold.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from enroll.fitter import Fitter
from enroll.fitting import Calibration
from enroll.scores import DIGITS, reached_by
from wakeword.audio.frames import FloatArray
from wakeword.errors import SoundDamaged
from wakeword.library.ambient import Ambient, AmbientRun
from wakeword.library.library import SoundLibrary, retried
from wakeword.library.records import SoundRecord, TextRecord
from wakeword.protocols import Encoder

_log = logging.getLogger(__name__)

SHARE = 0.5
"""Largest part of the room's runs that is replaced."""
MOST_RUNS = 200
"""At most this many runs are kept besides the ambient recording, the newest."""
MOST_ODDS = 0.25
"""Largest distance of a level from the one fitted to the ambient recording, in log-odds."""
MOST_CHANGE = 0.05
"""Largest distance of the threshold of a sound without a level from the one fitted to it."""


@dataclass(frozen=True)
class Drifted:
    """A sound that was fitted to the room of today."""

    name: str
    calibrated: float
    """Its threshold as fitted to the ambient recording."""
    threshold: float
    """Its threshold now."""
    level_change: float | None = None
    """How far its level is from the one fitted to the ambient recording, in log-odds; None for a
    sound without one."""


def follow(library: SoundLibrary, encoder: Encoder, heard: Sequence[FloatArray]) -> list[Drifted]:
    """Take in runs that a listener kept, and fit all sounds to the room of today.

    Does nothing without an ambient recording. A sound that would lose a take stays as fitted to
    that recording; a threshold that was set by hand stays too.

    Args:
        library: the sounds and the ambient recording.
        encoder: the library's.
        heard: runs of windows that are unlike any sound, each ``(n, view_dim)``.

    Raises:
        EncoderMismatch: the library was made with another encoder.
        LibraryError: the library cannot be written.
    """
    room = library.ambient(encoder).read()
    if not room.vectors or not heard:
        return []
    since = library.ambient_since(encoder).add(_runs(heard, library), MOST_RUNS)
    now = room.renewed(since, SHARE)

    def attempt() -> list[Drifted]:
        vectors = library.vectors(encoder)
        then = Fitter(library, encoder, vectors=vectors, room=room)
        fitter = Fitter(library, encoder, vectors=vectors, room=now, bank=then.bank)
        done, changes = [], []
        for sound in library.sounds():
            if not sound.expected.known:  # its threshold was set by hand
                continue
            try:
                before, after = then.fit(_held(sound)), fitter.fit(_held(sound))
            except SoundDamaged as error:
                _log.warning("%s", error)
                continue
            chosen = bounded((before.sound, before.calibration), (after.sound, after.calibration))
            changes.append((sound, chosen))
            was, level = before.sound.level, chosen.level
            moved = None if was is None or level is None else level - was
            done.append(Drifted(sound.name, before.sound.threshold, chosen.threshold, moved))
        library.amend(changes)
        return done

    return retried(attempt)


def bounded(
    before: tuple[SoundRecord, Calibration], after: tuple[SoundRecord, Calibration]
) -> SoundRecord:
    """The sound as fitted to the room of today, within bounds.

    Its threshold is at most ``MOST_CHANGE`` from what it was and not below its floor, and each
    take that the others found before is still found; where that is impossible, the sound stays as
    it was. Words that share the threshold with takes have the same bound, by themselves. The
    expectation is that of the resulting threshold.

    Args:
        before: fitted to the ambient recording.
        after: fitted to the room of today.
    """
    (old, earlier), (new, later) = before, after
    if old.level is not None and new.level is not None:
        return _bounded_level(before, after)
    lowest, highest = old.threshold - MOST_CHANGE, old.threshold + MOST_CHANGE
    if new.threshold_floor is not None:
        lowest = max(lowest, new.threshold_floor)
    known = zip(earlier.scores, later.scores, strict=True)
    highest = min([highest, *(reached_by(score) for was, score in known if was >= old.threshold)])
    if highest < lowest:
        return old
    threshold = round(float(np.clip(new.threshold, lowest, highest)), DIGITS)
    text = _bounded_words(old, new, threshold)
    expected = later.at(threshold, text).expectation
    return new.model_copy(update={"threshold": threshold, "text": text, "expected": expected})


def _bounded_level(
    before: tuple[SoundRecord, Calibration], after: tuple[SoundRecord, Calibration]
) -> SoundRecord:
    """The same for a sound with a level: that is what follows the room, not its threshold."""
    (old, earlier), (new, later) = before, after
    assert old.level is not None
    assert new.level is not None
    moved = float(np.clip(new.level, old.level - MOST_ODDS, old.level + MOST_ODDS))
    there = later.at_level(round(moved, DIGITS))
    there = there.at(there.threshold, _bounded_words(old, new, there.threshold))
    known = zip(earlier.scores, there.scores, strict=True)
    if any(was >= old.threshold and score < new.threshold for was, score in known):
        return old
    return new.model_copy(update=there.changes(new.encoder_id))


def _bounded_words(old: SoundRecord, new: SoundRecord, threshold: float) -> TextRecord | None:
    """The words of the sound, if any; their own threshold is within ``MOST_CHANGE`` of before.

    Args:
        old: fitted to the ambient recording.
        new: fitted to the room of today.
        threshold: the one that the words are to share.
    """
    if old.text is None or new.text is None or not new.takes:
        return new.text
    was, wanted = old.threshold - old.text.offset, new.threshold - new.text.offset
    own = float(np.clip(wanted, was - MOST_CHANGE, was + MOST_CHANGE))
    return new.text.model_copy(update={"offset": round(threshold - own, DIGITS)})


def _held(sound: SoundRecord) -> SoundRecord:
    """The sound for a fit with its threshold floor, which must not bind words beside its takes.

    Words have a threshold of their own, lower by their offset, and the offset of a sound that
    follows the room is not the one that the floor was set with.
    """
    if sound.threshold_floor is None or sound.text is None or not sound.takes:
        return sound
    text = sound.text.model_copy(update={"offset": sound.threshold_floor})
    return sound.model_copy(update={"text": text})


def _runs(heard: Sequence[FloatArray], library: SoundLibrary) -> Ambient:
    digest = hashlib.sha256()
    for rows in heard:
        digest.update(np.ascontiguousarray(rows).tobytes())
    hop = library.segmenter.hop_seconds
    runs = tuple(AmbientRun(rows, len(rows) * hop) for rows in heard)
    return Ambient(runs, (digest.hexdigest(),)).as_kept()
