"""Fitting several sounds anew: to the room, to another budget, to a sound that is new."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from enroll.changing import TRIES, Refitted, busy, fitted
from enroll.negatives import Negatives
from enroll.scores import run_score
from wakeword.audio.frames import FloatArray
from wakeword.embedding.variants import clear_rows, quiet_rows
from wakeword.errors import ConfigError, LibraryCorrupt, LibraryError
from wakeword.library.library import SoundLibrary
from wakeword.library.records import SoundRecord
from wakeword.protocols import Encoder
from wakeword.scoring.bank import NegativeBank, load_bank
from wakeword.scoring.likeness import Cohort, Likeness

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
    """Fit sounds to all that is known now, all of them or none.

    Args:
        library: the sounds, and what is known of the room.
        encoder: the library's.
        names: which sounds; all of them when empty. One whose takes are all damaged is left
            out, with a logged warning.
        budgets: new false alarms per hour, by name as it is enrolled; the others keep theirs.
        may_fall: whether thresholds may fall though nothing is known of the room, and below what
            feedback held them to: where the user asked for it.
        bank: the encoder's, where it is at hand.
        progress: told about each sound that is fitted.

    Raises:
        SoundNotFound: there is no sound of a name.
        EncoderMismatch: the library was made with another encoder.
        LibraryError: the library cannot be written.
    """
    bank, asked = bank or load_bank(encoder.id), may_fall
    for _ in range(TRIES):
        vectors = library.vectors(encoder)
        known = library.sounds()
        may_fall = may_fall or bool(library.ambient(encoder).read().runs)
        wanted = {library.get(name).name for name in names} or {sound.name for sound in known}
        chosen = [sound for sound in known if sound.name in wanted]
        done = []
        for number, sound in enumerate(chosen, 1):
            budget = (budgets or {}).get(sound.name, sound.budget_per_hour)
            wished = sound.model_copy(update={"budget_per_hour": budget})
            wished = wished.let_go() if asked else wished
            lowest = None if may_fall else sound.threshold
            try:
                fit = fitted(library, encoder, wished, vectors, lowest, bank)
            except LibraryCorrupt as error:
                _log.warning("%s", error)
            else:
                done.append(Refitted(sound, *fit))
            if progress:
                progress(number, len(chosen))
        if library.amend_all([(one.before, one.after) for one in done]):
            return done
    raise busy(str(library.folder))


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
    """Fit those other sounds anew that the sound ``name`` would set off.

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


def _likeness(
    sound: SoundRecord, takes: Sequence[FloatArray], encoder: Encoder, cohort: Cohort | None
) -> Likeness:
    """How the engine scores a sound."""
    verifier = sound.judge(encoder.id)
    verified = verifier is not None and cohort is not None
    rows = np.concatenate([clear_rows(take) if verified else take for take in takes])
    return Likeness(rows, encoder.dim, sound.short, verifier, cohort)


def _sets_off(takes: Sequence[FloatArray], sound: SoundRecord, judge: Likeness) -> bool:
    """Whether one of the takes reaches the threshold of a sound."""
    return any(run_score(quiet_rows(take), judge) >= sound.threshold for take in takes)
