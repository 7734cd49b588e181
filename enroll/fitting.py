"""The threshold of a sound, fitted to the false alarms that its user will bear.

The score that the rest of the world exceeds as often as the budget allows is the threshold.
Counted are runs (what would wake once), not windows; :mod:`enroll.scores` carries their
scores on beyond the length of the recordings. The user's own room and the other enrolled
sounds have to stay below the threshold as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from enroll.negatives import Negatives
from enroll.scores import (
    DIGITS,
    NEVER,
    Outlook,
    describe,
    fitted,
    leave_one_out,
    next_above,
    reached_by,
    run_score,
)
from enroll.verifier import Training
from wakeword.audio.frames import FloatArray
from wakeword.embedding.variants import clear_rows, noisiest_rows, quiet_rows
from wakeword.library.records import ExpectationRecord, TextRecord, VerifierRecord
from wakeword.scoring.likeness import Likeness, Verifier

SAME = 0.9995
"""What is this near is the very recording that is being enrolled, not another sound."""
LOWEST = 0.2
"""Thresholds go no lower, however large the budget: below it anything at all would match."""
LOWEST_VERIFIED = 0.0
"""The same for scores that the cohort's likeness was taken from: a window has to be more like the
sound than it is like everyday sound."""
HIGHEST = 0.999
"""Thresholds stop here: nothing but the recording itself would score higher."""
MOST_ROOM_WINDOWS = 2000
"""A verifier is shown so many windows of the room: more cost time and teach nothing new."""
ONE_TAKE = 0.85
"""Threshold of a single take when there are no negatives."""


@dataclass(frozen=True)
class Calibration:
    """A threshold and what to expect of it."""

    threshold: float
    """Score from which on a window matches."""
    false_alarms_per_hour: float | None
    """Estimate from the negatives; None where there are too few."""
    miss_rate: float | None
    """Share of the takes that the others would miss, 0..1; None for a single take."""
    negatives_hours: float
    """Length of the recordings behind the estimate."""
    scores: tuple[float, ...] = ()
    """Of each take against the others; empty for a single take."""
    budget_needed: float | None = None
    """False alarms per hour at which none of the takes would be missed, where known."""
    noisy_miss_rate: float | None = None
    """As ``miss_rate``, in noise 10 dB below the sound."""
    verifier: Verifier | None = None
    """What the threshold belongs to; None where the encoder has no bank."""
    short: bool = False
    """Whether the sound is looked for in the end of the window."""
    text: TextRecord | None = None
    """The sound's words, fitted to the threshold, if it has any."""
    noisy_scores: tuple[float, ...] = ()
    """As ``scores``, in noise 10 dB below the sound."""
    outlook: Outlook | None = field(default=None, repr=False, compare=False)
    """What the false alarms are read off; None where nobody knows."""
    words_outlook: Outlook | None = field(default=None, repr=False, compare=False)
    """The same for the words of a sound that has takes as well."""

    def at(self, threshold: float, text: TextRecord | None = None) -> Calibration:
        """The same fit with another threshold, and what is to be expected of that.

        Args:
            threshold: of four digits, as it is stored.
            text: the sound's words, where their offset is another one too.
        """
        text = text or self.text
        alarms = None
        if self.outlook is not None:
            alarms = self.outlook.false_alarms_per_hour(threshold)
        if self.words_outlook is not None and text is not None:
            more = self.words_outlook.false_alarms_per_hour(threshold - text.offset)
            alarms = None if alarms is None or more is None else alarms + more
        return replace(
            self,
            threshold=threshold,
            text=text,
            false_alarms_per_hour=alarms,
            miss_rate=_share_below(self.scores, threshold),
            noisy_miss_rate=_share_below(self.noisy_scores, threshold),
        )

    @property
    def missed(self) -> list[int]:
        """Which takes would be missed, from 0."""
        return [i for i, score in enumerate(self.scores) if score < self.threshold]

    @property
    def expectation(self) -> ExpectationRecord:
        """What to keep of it."""
        return ExpectationRecord(
            false_alarms_per_hour=self.false_alarms_per_hour,
            miss_rate=self.miss_rate,
            noisy_miss_rate=self.noisy_miss_rate,
        )

    def changes(self, encoder_id: str) -> dict[str, Any]:
        """The fields of a sound's record that it sets."""
        kept = None
        if self.verifier is not None:
            kept = VerifierRecord.of(self.verifier, self.short, encoder_id)
        fit = {"threshold": self.threshold, "verifier": kept, "expected": self.expectation}
        return fit if self.text is None else {**fit, "text": self.text}

    def __str__(self) -> str:
        """One sentence for the user."""
        return describe(self.expectation)


def calibrate(
    takes: Sequence[FloatArray],
    negatives: Negatives,
    budget_per_hour: float,
    *,
    lowest: float | None = None,
    short: bool = False,
) -> Calibration:
    """Train the verifier of a sound and fit its threshold.

    Args:
        takes: embeddings of each take, ``(n, view_dim)``, as
            :func:`wakeword.embedding.variants.embed_take` makes them; at least one take.
        negatives: what must not wake.
        budget_per_hour: false alarms per hour that are borne, above 0.
        lowest: the threshold is not below this.
        short: whether the sound is looked for in the end of the window.
    """
    training = _training(takes, negatives, short)
    judge = _likeness(takes, negatives, short, training)
    positives, noisy = _left_out(takes, negatives, short, training)
    world = _world_scores(judge, negatives)
    room = _sorted(run_score(run, judge) for run in negatives.ambient)
    wanted = [
        next_above(_confused(judge, negatives)),
        _above_room(room, negatives, budget_per_hour),
    ]
    if len(world) and negatives.bank is not None:
        wanted.append(fitted(world, budget_per_hour * negatives.bank.hours))
    else:
        wanted.append(_from_takes(positives))
    base = max(LOWEST_VERIFIED if judge.verified else LOWEST, *wanted)
    base = base if lowest is None else max(base, lowest)
    base = max(base, _above_rejected(base, judge, positives, negatives.rejected))
    outlook = Outlook(world, room, negatives.hours)
    threshold = round(min(HIGHEST, base), DIGITS)
    return Calibration(
        threshold=threshold,
        false_alarms_per_hour=None,
        miss_rate=None,
        negatives_hours=negatives.hours,
        scores=tuple(positives),
        budget_needed=outlook.false_alarms_per_hour(min(positives)) if positives else None,
        verifier=judge.verifier,
        short=short,
        noisy_scores=tuple(noisy),
        outlook=outlook,
    ).at(threshold)


def _training(takes: Sequence[FloatArray], negatives: Negatives, short: bool) -> Training | None:
    """What the sound's verifier learns from; None where there is no bank."""
    bank = negatives.bank
    if bank is None or not len(reference := bank.reference):
        return None
    view = slice(bank.dim, 2 * bank.dim) if short else slice(0, bank.dim)
    return Training(
        [take[:, view] for take in takes],
        reference[:, view],
        room=_spread([run[:, view] for run in negatives.ambient]),
        others=[take[:, view] for found in negatives.others.values() for take in found],
        rejected=[run[:, view] for run in negatives.rejected],
    )


def _likeness(
    takes: Sequence[FloatArray],
    negatives: Negatives,
    short: bool,
    training: Training | None,
    without: int | None = None,
) -> Likeness:
    """How a sound with these takes, or with all but one, is to be scored: verified if trained."""
    known = [take for i, take in enumerate(takes) if i != without]
    if training is None or negatives.bank is None:
        return Likeness(np.concatenate(known), takes[0].shape[1])
    clear = np.concatenate([clear_rows(take) for take in known])
    bank, verifier = negatives.bank, training.verifier(without)
    return Likeness(clear, bank.dim, short, verifier, bank.cohort)


def calibrate_scores(
    score: Callable[[FloatArray], FloatArray],
    negatives: Negatives,
    budget_per_hour: float,
    *,
    lowest: float,
    unknown: float,
) -> Calibration:
    """Fit a threshold where no take says what the sound itself would score.

    Args:
        score: scores ``(n,)`` of windows ``(n, view_dim)``.
        negatives: what must not wake; other sounds don't count.
        budget_per_hour: false alarms per hour that are borne, above 0.
        lowest: the threshold is not below this.
        unknown: the threshold where there is no bank to fit it to.
    """
    bank = negatives.bank
    world = _sorted(bank.run_peaks(score)) if bank is not None else _sorted(())
    room = _sorted(run_score(run, score) for run in negatives.ambient)
    rejected = _sorted(run_score(run, score, patience=1) for run in negatives.rejected)
    above_room = _above_room(room, negatives, budget_per_hour)
    wanted = [lowest, above_room, next_above(rejected), unknown]
    if len(world) and bank is not None:
        wanted[-1] = fitted(world, budget_per_hour * bank.hours)
    threshold = round(max(wanted), DIGITS)
    outlook = Outlook(world, room, negatives.hours)
    found = Calibration(threshold, None, None, negatives.hours, outlook=outlook)
    return found.at(threshold)


def _spread(runs: Sequence[FloatArray]) -> list[FloatArray]:
    """At most ``MOST_ROOM_WINDOWS`` rows, evenly out of all of them."""
    every = -(-sum(map(len, runs)) // MOST_ROOM_WINDOWS)
    return [np.concatenate(runs)[::every]] if every else []


def _left_out(
    takes: Sequence[FloatArray], negatives: Negatives, short: bool, training: Training | None
) -> tuple[list[float], list[float]]:
    """Score of each take by what is fitted to the others, in quiet and in noise."""
    if len(takes) < 2:
        return [], []
    quiet, noisy = [], []
    for i, take in enumerate(takes):
        judge = _likeness(takes, negatives, short, training, without=i)
        quiet.append(run_score(quiet_rows(take), judge))
        if len(noisiest_rows(take)):
            noisy.append(run_score(noisiest_rows(take), judge))
    return quiet, noisy


def _world_scores(judge: Likeness, negatives: Negatives) -> FloatArray:
    """Scores of the bank's runs, best first, without what is the enrolled recording itself."""
    if negatives.bank is None:
        return np.zeros(0, np.float32)
    scores, cosines = negatives.bank.run_scores(judge)
    return _sorted(scores[cosines < SAME])


def _above_room(room: FloatArray, negatives: Negatives, budget_per_hour: float) -> float:
    """The threshold that no more of the room's runs reach than may; of scores best first."""
    allowed = int(budget_per_hour * negatives.ambient_seconds / 3600.0)
    return next_above(room[allowed:])


def _confused(judge: Likeness, negatives: Negatives) -> FloatArray:
    """Scores of other sounds' takes that are nearer to this sound than to their own."""
    confused = []
    for takes in negatives.others.values():
        own = leave_one_out(takes) or [NEVER]
        for take, mine in zip(takes, own, strict=True):
            if run_score(take, judge.cosines) > mine:
                confused.append(run_score(take, judge))
    return _sorted(confused)


def _above_rejected(
    base: float,
    judge: Likeness,
    positives: Sequence[float],
    rejected: Sequence[FloatArray],
) -> float:
    """Above all rejected examples, but no take that is found at ``base`` is lost for it.

    What remains of them is refused at run time, since it is nearer to them than to any take.
    """
    scores = _sorted(run_score(run, judge, patience=1) for run in rejected)
    found = [reached_by(score) for score in positives if score >= base]
    return min([next_above(scores), *found, *([] if positives else [ONE_TAKE])])


def _from_takes(positives: Sequence[float]) -> float:
    """Without negatives: half as far again from the takes as they are from each other."""
    if not positives:
        return ONE_TAKE
    usual = float(np.median(positives))
    return max(0.0, usual - 0.5 * (1.0 - usual))


def _share_below(scores: Sequence[float], threshold: float) -> float | None:
    return float(np.mean(np.array(scores) < threshold)) if scores else None


def _sorted(scores: object) -> FloatArray:
    return np.sort(np.fromiter(scores, np.float32))[::-1]  # type: ignore[call-overload]
