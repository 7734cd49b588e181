"""Following the room: what is heard by the way slowly takes the place of what was heard of it.

Rooms change: a new fridge, summer and its open windows. Once the user has let the room be heard
(``wakesound calibrate --ambient``), a listener may keep a few runs an hour of what the gate lets
through and nothing comes near, as embeddings. They replace the oldest runs of the room, never more
than ``SHARE`` of them, and the sounds are fitted anew. Bounds hold against the fit to the room as
the user let it be heard, so they don't add up however long it goes on. What feedback raised, or
kept, does not fall.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from enroll.changing import fitted
from enroll.fitting import Calibration
from enroll.scores import DIGITS, reached_by
from wakeword.audio.frames import FloatArray
from wakeword.errors import LibraryCorrupt
from wakeword.library.ambient import Ambient, AmbientRun
from wakeword.library.library import SoundLibrary
from wakeword.library.records import SoundRecord
from wakeword.protocols import Encoder
from wakeword.scoring.bank import load_bank

_log = logging.getLogger(__name__)

SHARE = 0.5
"""No more of the room's runs are replaced."""
MOST_RUNS = 200
"""No more of what was heard since is kept, the newest."""
MOST_CHANGE = 0.05
"""A threshold ends no further from where the room as it was heard had put it."""


@dataclass(frozen=True)
class Drifted:
    """A sound that was fitted to the room as it is now."""

    name: str
    calibrated: float
    """Its threshold in the room as the user let it be heard."""
    threshold: float
    """Its threshold now."""


def follow(library: SoundLibrary, encoder: Encoder, heard: Sequence[FloatArray]) -> list[Drifted]:
    """Take in what was heard by the way, and fit all sounds to the room as it is now.

    Does nothing where the user has not let the room be heard. A sound that would lose a take is
    left as the room as it was heard made it; a threshold that was set by hand stays, and so does
    what somebody changes meanwhile.

    Args:
        library: the sounds, and what is known of the room.
        encoder: the library's.
        heard: runs of windows that nothing came near in, each ``(n, view_dim)``.

    Raises:
        EncoderMismatch: the library was made with another encoder.
        LibraryError: the library cannot be written.
    """
    room = library.ambient(encoder).read()
    if not room.vectors or not heard:
        return []
    vectors = library.vectors(encoder)
    since = library.ambient_since(encoder).add(_runs(heard, library), MOST_RUNS)
    now, bank = room.renewed(since, SHARE), load_bank(encoder.id)
    done, changes = [], []
    for sound in library.sounds():
        if not sound.expected.known:  # nothing is expected of a threshold that was set by hand
            continue
        try:
            before, after = (
                fitted(library, encoder, _held(sound), vectors, bank=bank, room=heard_room)
                for heard_room in (room, now)
            )
        except LibraryCorrupt as error:
            _log.warning("%s", error)
            continue
        chosen = bounded(before, after)
        changes.append((sound, chosen))
        done.append(Drifted(sound.name, before[0].threshold, chosen.threshold))
    return done if library.amend_all(changes) else []


def bounded(
    before: tuple[SoundRecord, Calibration], after: tuple[SoundRecord, Calibration]
) -> SoundRecord:
    """The sound as it is fitted to the room now, within what is allowed.

    Its threshold is at most ``MOST_CHANGE`` from what it was and not below what it is held to, and
    each take that the others found before is found still; where that cannot be, the sound stays
    as it was. Words that share the threshold with takes have the same bound, by themselves. What
    is expected is said of the threshold that comes of it.

    Args:
        before: fitted to the room as the user let it be heard.
        after: fitted to the room as it is now.
    """
    (old, earlier), (new, later) = before, after
    lowest, highest = old.threshold - MOST_CHANGE, old.threshold + MOST_CHANGE
    if new.lowest is not None:
        lowest = max(lowest, new.lowest)
    known = zip(earlier.scores, later.scores, strict=True)
    highest = min([highest, *(reached_by(score) for was, score in known if was >= old.threshold)])
    if highest < lowest:
        return old
    threshold = round(float(np.clip(new.threshold, lowest, highest)), DIGITS)
    text = new.text
    if old.text is not None and text is not None and new.takes:
        was, wanted = old.threshold - old.text.offset, new.threshold - text.offset
        own = float(np.clip(wanted, was - MOST_CHANGE, was + MOST_CHANGE))
        text = text.model_copy(update={"offset": round(threshold - own, DIGITS)})
    expected = later.at(threshold, text).expectation
    return new.model_copy(update={"threshold": threshold, "text": text, "expected": expected})


def _held(sound: SoundRecord) -> SoundRecord:
    """The sound, for a fit that holds its threshold: that is no bound for words beside takes.

    They have a threshold of their own, less far by their offset; the offset of a sound that
    follows the room is not the one that the bound was made with.
    """
    if sound.lowest is None or sound.text is None or not sound.takes:
        return sound
    text = sound.text.model_copy(update={"offset": sound.lowest})
    return sound.model_copy(update={"text": text})


def _runs(heard: Sequence[FloatArray], library: SoundLibrary) -> Ambient:
    digest = hashlib.sha256()
    for rows in heard:
        digest.update(np.ascontiguousarray(rows).tobytes())
    hop = library.segmenter.hop_seconds
    runs = tuple(AmbientRun(rows, len(rows) * hop) for rows in heard)
    return Ambient(runs, (digest.hexdigest(),)).as_kept()
