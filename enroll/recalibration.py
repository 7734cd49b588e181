"""Fitting several enrolled sounds again: to the room, to another budget, to a new sound."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from enroll.changing import Refitted
from enroll.fitter import Fitter
from enroll.fitting import Calibration
from enroll.negatives import Negatives
from enroll.quality import Finding
from enroll.scores import run_score
from wakeword.audio.frames import FloatArray
from wakeword.embedding.variants import clear_rows, quiet_rows
from wakeword.errors import ConfigError, LibraryError, SoundDamaged
from wakeword.library.library import SoundLibrary, retried
from wakeword.library.records import SoundRecord
from wakeword.protocols import Encoder
from wakeword.scoring.bank import NegativeBank, load_bank
from wakeword.scoring.likeness import Cohort, Likeness
from wakeword.scoring.odds import load_model

_log = logging.getLogger(__name__)

Progress = Callable[[int, int], object]
"""Called with how many sounds are fitted and how many there are."""


def recalibrate(
    library: SoundLibrary,
    encoder: Encoder,
    names: Collection[str] = (),
    *,
    budgets: Mapping[str, float] | None = None,
    may_fall: bool = True,
    bank: NegativeBank | None = None,
    progress: Progress | None = None,
) -> list[Refitted]:
    """Fit sounds to all that is known now, and store all of them or none.

    Args:
        library: the sounds, and what is known of the room.
        encoder: the library's.
        names: which sounds; all of them when empty. One whose takes are all damaged is left
            out, with a logged warning.
        budgets: new false alarms per hour, by name as it is enrolled; the others keep theirs.
        may_fall: whether thresholds may fall although nothing is known of the room, and below the
            floors that feedback set: where the user asked for it.
        bank: the encoder's, where it is at hand.
        progress: called after each sound that is fitted.

    Raises:
        SoundNotFound: there is no sound of a name.
        EncoderMismatch: the library was made with another encoder.
        LibraryError: the library cannot be written.
    """
    asked = may_fall

    def attempt() -> list[Refitted]:
        fitter = Fitter(library, encoder, bank=bank)
        known = library.sounds()
        wanted = {library.get(name).name for name in names} or {sound.name for sound in known}
        chosen = [sound for sound in known if sound.name in wanted]
        done = []
        for number, sound in enumerate(chosen, 1):
            budget = (budgets or {}).get(sound.name, sound.budget_per_hour)
            changed = sound.model_copy(update={"budget_per_hour": budget})
            changed = changed.without_floor() if asked else changed
            try:
                fit = fitter.fit(changed, None if asked or fitter.room.runs else sound.threshold)
            except SoundDamaged as error:
                _log.warning("%s", error)
            else:
                done.append(Refitted(sound, fit.sound, fit.calibration))
            if progress:
                progress(number, len(chosen))
        library.amend([(one.before, one.after) for one in done])
        return done

    return retried(attempt)


def to_levels(library: SoundLibrary, encoder: Encoder) -> list[Refitted]:
    """Fit the sounds anew that were fitted before there was one scale for all sounds.

    Their records are kept beside them, as ``sound.before.json``: with that in place of
    ``sound.json`` a sound is as it was.

    Args:
        library: the sounds.
        encoder: the library's.

    Raises:
        LibraryError: the library cannot be written.
    """
    old = [sound for sound in library.sounds() if sound.takes and sound.level is None]
    old = [sound for sound in old if sound.judge(encoder.id) is not None]
    if not old or load_model(encoder.id) is None:  # what only listens reads no bank
        return []
    bank = load_bank(encoder.id)
    if bank is None:
        return []
    for sound in old:
        library.keep_record(sound.name)
    return recalibrate(library, encoder, [sound.name for sound in old], bank=bank)


def shares(library: SoundLibrary, total_per_hour: float) -> dict[str, float]:
    """A budget of false alarms for the library as a whole, as equal budgets of its sounds.

    Args:
        library: the sounds.
        total_per_hour: false alarms per hour that all sounds together may make.

    Raises:
        ConfigError: the budget is not positive.
    """
    if not 0.0 < total_per_hour < float("inf"):
        raise ConfigError(f"the budget must be above 0 per hour, not {total_per_hour}")
    sounds = library.sounds()
    return {sound.name: total_per_hour / len(sounds) for sound in sounds}


def refit_mistaken(
    library: SoundLibrary,
    encoder: Encoder,
    name: str,
    takes: Sequence[FloatArray],
    negatives: Negatives,
) -> list[Refitted]:
    """Fit those other sounds again that the sound ``name`` would set off.

    Sounds whose takes are damaged are left alone. One that cannot be stored stays as it was, with
    a logged warning: the sound ``name`` is enrolled anyway.

    Args:
        library: the sounds, the new one among them.
        encoder: the library's.
        name: the sound that is new.
        takes: its embeddings, each ``(n, view_dim)``.
        negatives: what it was fitted to: the bank, and the takes of the other sounds.
    """
    cohort = negatives.bank.cohort if negatives.bank is not None else None
    others = negatives.others
    mistaken = [
        sound.name
        for sound in library.sounds()
        if sound.name in others
        and sound.level is None  # the others judge by themselves: the likelier sound wakes
        and _sets_off(takes, sound, _likeness(sound, others[sound.name], encoder, cohort))
    ]
    if not mistaken:
        return []
    try:
        done = recalibrate(library, encoder, mistaken, may_fall=False, bank=negatives.bank)
    except LibraryError as error:
        _log.warning("%s would set off %s: %s", name, ", ".join(mistaken), error)
        return []
    return [one for one in done if one.after.threshold != one.before.threshold]


def mistaken(
    library: SoundLibrary,
    encoder: Encoder,
    takes: Sequence[FloatArray],
    calibration: Calibration,
    negatives: Negatives,
) -> list[Finding]:
    """Which enrolled sounds most takes of a new sound would wake instead of it.

    Told are sounds that have a level, by what was fitted: a take wakes the sound that it is
    furthest above the threshold of.

    Args:
        library: the sounds.
        encoder: the library's.
        takes: embeddings of the new takes, each ``(n, view_dim)``.
        calibration: how the new sound was fitted.
        negatives: what it was fitted to: the bank, and the takes of the other sounds.
    """
    cohort = negatives.bank.cohort if negatives.bank is not None else None
    own = calibration.scores or (1.0,) * len(takes)
    findings = []
    for sound in library.sounds():
        theirs = negatives.others.get(sound.name)
        if theirs is None or sound.level is None or calibration.verifier is None:
            continue
        judge = _likeness(sound, theirs, encoder, cohort)
        scores = [run_score(quiet_rows(take), judge) for take in takes]
        lost = [
            score >= sound.threshold and score - sound.threshold > mine - calibration.threshold
            for score, mine in zip(scores, own, strict=True)
        ]
        if 2 * sum(lost) > len(lost):
            text = (
                f"{sum(lost)} of {len(lost)} takes would wake {sound.name!r}, which is enrolled "
                "already, instead of this sound; choose another sound"
            )
            findings.append(Finding("too_like", False, text, {"sound": sound.name}))
    return findings


def _likeness(
    sound: SoundRecord, takes: Sequence[FloatArray], encoder: Encoder, cohort: Cohort | None
) -> Likeness:
    """The engine's scorer of a sound."""
    verifier = sound.judge(encoder.id)
    verified = verifier is not None and cohort is not None
    rows = np.concatenate([clear_rows(take) if verified else take for take in takes])
    return Likeness(rows, encoder.dim, sound.short, verifier, cohort)


def _sets_off(takes: Sequence[FloatArray], sound: SoundRecord, judge: Likeness) -> bool:
    """Whether one of the takes reaches the threshold of a sound."""
    return any(run_score(quiet_rows(take), judge) >= sound.threshold for take in takes)
