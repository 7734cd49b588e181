"""What the user says of what was heard: "not that!" and "you missed me".

A false wake becomes an example of what its sound is not, a missed one another take. The sound
is fitted anew and stored in one step, so a running listener goes from the old to the new.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from enroll.changing import (
    TRIES,
    busy,
    fitted,
    refused_takes,
)
from enroll.fitting import Calibration
from enroll.quality import Finding
from wakeword.embedding.variants import embed_take
from wakeword.errors import HistoryError
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Example, Take
from wakeword.library.records import FeedbackRecord, SoundRecord, TakeRecord
from wakeword.protocols import Encoder

MOST_REMEMBERED = 100
"""So much feedback can be taken back."""


@dataclass(frozen=True)
class FeedbackResult:
    """A sound after feedback."""

    sound: SoundRecord
    """As the library holds it now."""
    threshold_before: float
    """Its threshold until then."""
    calibration: Calibration | None
    """What to expect now; None when all is as it was before."""
    findings: tuple[Finding, ...] = ()
    """What was told and did not stop it."""


def reject(
    library: SoundLibrary, encoder: Encoder, name: str, example: Example, event: str = ""
) -> FeedbackResult:
    """A false wake: from now on this is not the sound ``name``.

    Args:
        library: the sounds.
        encoder: the library's.
        name: the sound that fired.
        example: what it heard.
        event: identifier of the event, so that it can be taken back.

    Raises:
        HistoryError: the same was said before, or nothing is known of what was heard.
        SoundNotFound: there is no such sound.
        LibraryError: it cannot be stored.
    """
    record, content = example.encoded()
    rows = example.embed(encoder, library.segmenter)
    if not len(rows):
        raise HistoryError(
            "the event was heard with another encoder and its audio was not kept, so nothing "
            "can be learned from it"
        )
    for _ in range(TRIES):
        before = library.get(name)
        if any(known.file == record.file for known in before.rejected):
            raise HistoryError(f"that was said of {before.name!r} before; nothing changes")
        vectors = library.vectors(encoder) | {record.file: rows}
        said = FeedbackRecord(
            kind="false",
            event=event,
            files=(record.file,),
            threshold_before=before.threshold,
            expected_before=before.expected,
        )
        after = _with(before, said, rejected=(*before.rejected, record))
        after, calibration = fitted(library, encoder, after, vectors, before.threshold)
        held = said.model_copy(update={"held": after.threshold})
        after = after.model_copy(update={"feedback": (*after.feedback[:-1], held)})
        refused = refused_takes(after, vectors, encoder, library.segmenter)
        if library.amend(before, after, {record.file: content}):
            findings = _too_near(before, after, calibration, refused)
            return FeedbackResult(after, before.threshold, calibration, findings)
    raise busy(name)


def add_missed(
    library: SoundLibrary,
    encoder: Encoder,
    name: str,
    takes: Sequence[Take],
    event: str = "",
) -> FeedbackResult:
    """A miss: these recordings are the sound ``name`` too.

    Args:
        library: the sounds.
        encoder: the library's.
        name: the sound that should have fired.
        takes: recordings of it, at least one.
        event: identifier of the near miss, if it was one.

    Raises:
        HistoryError: all of them are takes already.
        SoundNotFound: there is no such sound.
        LibraryError: it cannot be stored.
    """
    encoded = {record.file: (record, content) for record, content in (t.encoded() for t in takes)}
    rows = {
        record.file: embed_take(Take.decoded(record, content), encoder, library.segmenter)
        for record, content in encoded.values()
    }
    for _ in range(TRIES):
        before = library.get(name)
        known = {take.file for take in before.takes}
        new = {file: found for file, found in encoded.items() if file not in known}
        if not new:
            raise HistoryError(f"that is a take of {before.name!r} already; nothing changes")
        vectors = library.vectors(encoder) | rows
        records: list[TakeRecord] = [record for record, _ in new.values()]
        said = FeedbackRecord(
            kind="missed",
            event=event,
            files=tuple(new),
            threshold_before=before.threshold,
            expected_before=before.expected,
        )
        after = _with(before, said, takes=(*before.takes, *records))
        lowest = before.threshold if before.takes else None  # words alone have another scale
        after, calibration = fitted(library, encoder, after, vectors, lowest)
        contents = {file: content for file, (_, content) in new.items()}
        if library.amend(before, after, contents):
            return FeedbackResult(after, before.threshold, calibration, _alone(calibration, name))
    raise busy(name)


def undo(
    library: SoundLibrary, encoder: Encoder, name: str = "", event: str = ""
) -> FeedbackResult:
    """Take feedback back: the last there was, of that sound, or on that event.

    Raises:
        HistoryError: there is none, or it would take the last take away.
        SoundNotFound: there is no such sound.
        LibraryError: it cannot be stored.
    """
    for _ in range(TRIES):
        before, said = _said(library, name, event)
        later = before.feedback[before.feedback.index(said) + 1 :]
        after = before.model_copy(
            update={
                "takes": tuple(t for t in before.takes if t.file not in said.files),
                "rejected": tuple(r for r in before.rejected if r.file not in said.files),
                "feedback": (*before.feedback[: -1 - len(later)], *_without(said, later)),
            }
        )
        if not after.takes and (after.text is None or after.patterns):
            raise HistoryError(f"{before.name!r} has no other take left; remove the sound instead")
        calibration = None
        both = before.text is not None and bool(before.takes)
        if later or both or before.verifier is not None:  # what was fitted since knows of it
            lowest = min(said.threshold_before, before.threshold) if after.takes else None
            vectors = library.vectors(encoder)
            after, calibration = fitted(library, encoder, after.let_go(lowest), vectors, lowest)
        else:
            expected = said.expected_before or before.expected
            restored = {"threshold": said.threshold_before, "expected": expected}
            after = after.model_copy(update=restored)
        if library.amend(before, after):
            return FeedbackResult(after, before.threshold, calibration)
    raise busy(name or event)


def _without(said: FeedbackRecord, later: Sequence[FeedbackRecord]) -> list[FeedbackRecord]:
    """What was said later, as if this had not been: its raise is nothing to go back to."""
    highest = said.threshold_before
    return [
        one.model_copy(update={"threshold_before": min(one.threshold_before, highest)})
        for one in later
    ]


def _said(library: SoundLibrary, name: str, event: str) -> tuple[SoundRecord, FeedbackRecord]:
    sounds = [library.get(name)] if name else library.sounds()
    known = [
        (sound, said)
        for sound in sounds
        for said in sound.feedback
        if not event or (said.event and said.event.startswith(event))
    ]
    if not known:
        of = f" on event {event}" if event else f" on {name!r}" if name else ""
        raise HistoryError(f"there is no feedback{of} that could be taken back")
    return max(known, key=lambda pair: (pair[1].said, pair[0].feedback.index(pair[1])))


def _with(sound: SoundRecord, said: FeedbackRecord, **changes: object) -> SoundRecord:
    feedback = (*sound.feedback, said)[-MOST_REMEMBERED:]
    return sound.model_copy(update={**changes, "feedback": feedback})


def _too_near(
    before: SoundRecord, after: SoundRecord, calibration: Calibration, refused: Sequence[int]
) -> tuple[Finding, ...]:
    """Takes that the others would have found before and would not now."""
    low, high = before.threshold, after.threshold
    raised = [i for i, score in enumerate(calibration.scores) if low <= score < high]
    lost = sorted({*raised, *refused})
    if not lost:
        return ()
    numbers = ", ".join(str(number + 1) for number in lost)
    text = (
        f"what you rejected is so near to {after.name!r} that sounds like take {numbers} may now "
        "be missed; record more takes with 'wakesound feedback --missed FILE', choose a sound "
        "that is more unlike it, or take this back with --undo"
    )
    return (Finding("too_near", False, text),)


def _alone(calibration: Calibration, name: str) -> tuple[Finding, ...]:
    """The new take is one of those that the others would not find."""
    if len(calibration.scores) - 1 not in calibration.missed:
        return ()
    text = (
        f"the new take is unlike the others of {name!r}; what sounds just like it will fire, but "
        "more takes of that kind are needed to find it surely"
    )
    return (Finding("alone", False, text),)
