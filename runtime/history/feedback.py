"""Feedback on events: from the history to the library."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import soundfile

from enroll.feedback import FeedbackResult, add_missed, reject
from enroll.files import takes_of_file
from enroll.finder import find_takes
from enroll.quality import check_take
from runtime.history.store import History, HistoryEntry
from wakeword.audio.reading import AudioClip
from wakeword.errors import HistoryError, TakeRejected
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Example, Take
from wakeword.protocols import Encoder

LAST = "last"
"""Names the last event there is."""


def find_event(history: History, id: str, sound: str = "", *, near: bool = False) -> HistoryEntry:
    """The event ``id``, or the last wake or near miss for ``"last"``.

    Args:
        history: where to look.
        id: an identifier, its first digits, or ``"last"``.
        sound: only of this one, for ``"last"``; any when empty.
        near: whether the last near miss is meant rather than the last wake.

    Raises:
        HistoryError: there is none.
    """
    if id != LAST:
        return history.get(id)
    entries = history.entries(sound or None, near=near)
    if not entries:
        kind = "near miss" if near else "wake"
        of = f" of {sound!r}" if sound else ""
        raise HistoryError(f"the history knows no {kind}{of}; see 'wakesound history'")
    return entries[0]


def reject_event(
    library: SoundLibrary, encoder: Encoder, history: History, entry: HistoryEntry
) -> FeedbackResult:
    """That was not its sound: it becomes an example of what the sound is not.

    Raises:
        HistoryError: the same was said before, or nothing is known of what was heard.
        SoundNotFound: the sound does not exist any more.
        LibraryError: it cannot be stored.
    """
    _check_new(library, entry.sound, entry, "false")
    clip = history.clip(entry)
    if clip is not None:
        samples, rate = soundfile.read(io.BytesIO(clip), dtype="float32")
        example = Example(samples, rate, entry.clip_from_seconds)
    elif entry.scores:
        example = Example(vectors=entry.embeddings, encoder_id=entry.encoder_id)
    else:
        raise HistoryError(f"nothing is known of how {entry.id[:8]} sounded")
    return reject(library, encoder, entry.sound, example, entry.id)


def accept_event(
    library: SoundLibrary, encoder: Encoder, history: History, entry: HistoryEntry, sound: str = ""
) -> FeedbackResult:
    """That was its sound, or another: its audio becomes a take.

    Args:
        library: the sounds.
        encoder: the library's.
        history: where the event is.
        entry: the event.
        sound: which it was; the one it came nearest to when empty.

    Raises:
        HistoryError: its audio was not kept, or it is a take already.
        SoundNotFound: there is no such sound.
        LibraryError: it cannot be stored.
    """
    _check_new(library, sound or entry.sound, entry, "missed")
    clip = history.clip(entry)
    if clip is None:
        raise HistoryError(
            f"the audio of {entry.id[:8]} was not kept; give a recording of the sound, or "
            "listen with --keep-audio (--keep-speech where the sound is a voice) from now on"
        )
    samples, rate = soundfile.read(io.BytesIO(clip), dtype="float32")
    try:
        takes = find_takes(AudioClip(samples, rate), library.segmenter)
    except TakeRejected:  # it hardly stands out, but it was heard
        takes = [Take(samples, rate, 0, len(samples))]
    return add_missed(library, encoder, sound or entry.sound, takes, entry.id)


def _check_new(
    library: SoundLibrary, sound: str, entry: HistoryEntry, kind: Literal["false", "missed"]
) -> None:
    """An event is recorded again once its sound is over, so its audio does not identify it.

    Raises:
        HistoryError: the same was said of the event before.
    """
    if any(said.event == entry.id and said.kind == kind for said in library.get(sound).feedback):
        raise HistoryError(f"that was said of {entry.id[:8]} before; nothing changes")


def add_recording(
    library: SoundLibrary, encoder: Encoder, sound: str, path: Path
) -> FeedbackResult:
    """A recording in which the sound was missed: the sounds in it become takes.

    Raises:
        AudioDecodeError: it cannot be read.
        TakeRejected: no sound in it can be used.
        HistoryError: all of them are takes already.
        SoundNotFound: there is no such sound.
        LibraryError: it cannot be stored.
    """
    library.get(sound)
    takes = takes_of_file(path)
    judged = [(take, check_take(take, path.name)) for take in takes]
    good = [take for take, found in judged if not any(finding.refused for finding in found)]
    if not good:
        refused = [finding.message for _, found in judged for finding in found if finding.refused]
        raise TakeRejected("; ".join(dict.fromkeys(refused)))
    return add_missed(library, encoder, sound, good)
