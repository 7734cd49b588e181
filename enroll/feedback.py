"""Feedback on events: a false wake becomes a rejected example, a missed one another take.

The sound is fitted again and stored in one step, so a running listener goes from the old one to
the new one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from enroll.adding import choose
from enroll.checked import CheckedTake
from enroll.fitter import Fitter
from enroll.fitting import Calibration
from enroll.patterns import few_beats, single_beats
from enroll.quality import Finding
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.embedding.embedder import focused, is_short
from wakeword.embedding.variants import clear_rows, quiet_rows
from wakeword.errors import HistoryError
from wakeword.library.library import Edit, SoundLibrary, retried
from wakeword.library.recordings import Example, Take
from wakeword.library.records import FeedbackRecord, SoundRecord
from wakeword.library.vectors import TakeVectors, of_files
from wakeword.protocols import Encoder
from wakeword.scoring.decision import TriggerConfig
from wakeword.scoring.veto import refused

MOST_REMEMBERED = 100
"""The latest feedback of a sound, so much of it, can be undone."""


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
    """Warnings for the user."""


def reject(
    library: SoundLibrary, encoder: Encoder, name: str, example: Example, event: str = ""
) -> FeedbackResult:
    """A false wake: what was heard is not the sound ``name``.

    Args:
        library: the sounds.
        encoder: the library's.
        name: the sound that fired.
        example: what it heard.
        event: identifier of the event, so that it can be undone.

    Raises:
        HistoryError: the same was said before, or the example has no usable embeddings.
        SoundNotFound: there is no such sound.
        LibraryError: it cannot be stored.
    """
    record, content = example.encoded()
    rows = example.embed(encoder, library.segmenter)
    if not len(rows):
        raise HistoryError(
            "the event has embeddings of another encoder and no audio, so nothing can be learned "
            "from it"
        )

    def edit(before: SoundRecord) -> Edit[FeedbackResult]:
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
        wanted = _with(before, said, rejected=(*before.rejected, record))
        fit = Fitter(library, encoder, vectors=vectors).fit(wanted, before.threshold)
        held = said.model_copy(update={"held": fit.sound.threshold})
        feedback = (*fit.sound.feedback[:-1], held)
        after = fit.sound.model_copy(update={"feedback": feedback})
        lost = refused_takes(after, vectors, encoder, library.segmenter)
        findings = _too_near(before, after, fit.calibration, lost)
        result = FeedbackResult(after, before.threshold, fit.calibration, findings)
        return Edit(after, result, {record.file: content})

    return library.change(name, edit)


def add_missed(
    library: SoundLibrary,
    encoder: Encoder,
    name: str,
    takes: Sequence[Take],
    event: str = "",
) -> FeedbackResult:
    """A miss: these recordings are further takes of the sound ``name``.

    Those that repeat a take, or for which the sound has no room, are left out with a finding; when
    none is left, the verdict is kept and the sound stays as it is.

    Args:
        library: the sounds.
        encoder: the library's.
        name: the sound that should have fired.
        takes: recordings of it, at least one; of a sound with patterns, each beat becomes a take.
        event: identifier of the near miss, if it was one.

    Raises:
        HistoryError: all of them are takes already.
        SoundNotFound: there is no such sound.
        LibraryError: it cannot be stored.
    """
    if library.get(name).patterns:
        takes = [
            beat for found in few_beats([single_beats(take) for take in takes]) for beat in found
        ]
    new = [
        CheckedTake.of(take, f"sound {number}", encoder, library.segmenter)
        for number, take in enumerate(takes, 1)
    ]

    def edit(before: SoundRecord) -> Edit[FeedbackResult]:
        known = {take.file for take in before.takes}
        if all(one.record.file in known for one in new):
            raise HistoryError(f"that is a take of {before.name!r} already; nothing changes")
        chosen = choose(before, library.vectors(encoder), new)
        said = FeedbackRecord(
            kind="missed",
            event=event,
            files=tuple(chosen.files),
            threshold_before=before.threshold,
            expected_before=before.expected,
        )
        wanted = _with(before, said)
        if not chosen.takes:  # the verdict is kept, and the sound stays as it is
            return Edit(wanted, FeedbackResult(wanted, before.threshold, None, chosen.left_out))
        floor = before.threshold if before.takes else None  # words alone have another scale
        fit = chosen.fit(library, encoder, wanted, floor)
        findings = (*chosen.left_out, *_alone(fit.calibration, before.name))
        result = FeedbackResult(fit.sound, before.threshold, fit.calibration, findings)
        return Edit(fit.sound, result, chosen.files)

    return library.change(name, edit)


def undo(
    library: SoundLibrary, encoder: Encoder, name: str = "", event: str = ""
) -> FeedbackResult:
    """Undo feedback: the latest, the latest of a sound, or that on an event.

    Raises:
        HistoryError: there is none, or it would remove the last take.
        SoundNotFound: there is no such sound.
        LibraryError: it cannot be stored.
    """

    def attempt() -> FeedbackResult:
        before, said = _said(library, name, event)
        after, calibration = _undone(library, encoder, before, said)
        library.amend([(before, after)])
        return FeedbackResult(after, before.threshold, calibration)

    return retried(attempt)


def _undone(
    library: SoundLibrary, encoder: Encoder, before: SoundRecord, said: FeedbackRecord
) -> tuple[SoundRecord, Calibration | None]:
    """The sound without that feedback; the calibration is None if it is as it was before it."""
    later = before.feedback[before.feedback.index(said) + 1 :]
    after = before.model_copy(
        update={
            "takes": tuple(t for t in before.takes if t.file not in said.files),
            "rejected": tuple(r for r in before.rejected if r.file not in said.files),
            "feedback": (*before.feedback[: -1 - len(later)], *_without(said, later)),
        }
    )
    if not said.files:  # nothing came of it
        return after, None
    if not after.takes and (after.text is None or after.patterns):
        raise HistoryError(f"{before.name!r} has no other take left; remove the sound instead")
    both = before.text is not None and bool(before.takes)
    if later or both or before.verifier is not None:  # what was fitted since depends on it
        floor = min(said.threshold_before, before.threshold) if after.takes else None
        fit = Fitter(library, encoder).fit(after.without_floor(floor), floor)
        return fit.sound, fit.calibration
    restored = {
        "threshold": said.threshold_before,
        "expected": said.expected_before or before.expected,
    }
    return after.model_copy(update=restored), None


def refused_takes(
    sound: SoundRecord, vectors: TakeVectors, encoder: Encoder, config: SegmenterConfig
) -> list[int]:
    """Which takes the rejected examples would refuse, given the other takes alone; from 0.

    Args:
        sound: its takes and its rejected examples count.
        vectors: embeddings by file name.
        encoder: the one that made them.
        config: the windows.
    """
    short = is_short([take.sound_seconds for take in sound.takes], encoder, config)
    takes = [focused(rows, encoder.dim, short) for rows in of_files(sound.takes, vectors)]
    examples = [focused(rows, encoder.dim, short) for rows in of_files(sound.rejected, vectors)]
    if len(takes) < 2 or not examples:
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


def _without(said: FeedbackRecord, later: Sequence[FeedbackRecord]) -> list[FeedbackRecord]:
    """Later feedback, as it would be without this: undoing it must not restore this raise."""
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
        raise HistoryError(f"there is no feedback{of} that could be undone")
    return max(known, key=lambda pair: (pair[1].said, pair[0].feedback.index(pair[1])))


def _with(sound: SoundRecord, said: FeedbackRecord, **changes: object) -> SoundRecord:
    feedback = (*sound.feedback, said)[-MOST_REMEMBERED:]
    return sound.model_copy(update={**changes, "feedback": feedback})


def _too_near(
    before: SoundRecord, after: SoundRecord, calibration: Calibration, refused: Sequence[int]
) -> tuple[Finding, ...]:
    """Whether takes that the others would have found before are missed now."""
    low, high = before.threshold, after.threshold
    raised = [i for i, score in enumerate(calibration.scores) if low <= score < high]
    lost = sorted({*raised, *refused})
    if not lost:
        return ()
    numbers = ", ".join(str(number + 1) for number in lost)
    text = (
        f"the rejected sound is so near to {after.name!r} that sounds like take {numbers} may now "
        "be missed"
    )
    return (Finding("too_near", False, text, {"sound": after.name}),)


def _alone(calibration: Calibration, name: str) -> tuple[Finding, ...]:
    """Whether the new take is one that the others would not find."""
    if len(calibration.scores) - 1 not in calibration.missed:
        return ()
    text = (
        f"the new take is unlike the others of {name!r}: sounds just like it will fire, but "
        "more takes of that kind are needed to recognise it reliably"
    )
    return (Finding("alone", False, text),)
