"""The fit of a sound: from all that is known of it to a verifier and a threshold.

:func:`fit_sound` takes :class:`Evidence` and returns a :class:`Calibration`; it knows no library.
The threshold is the score that negatives exceed as often as the false-alarm budget allows. Runs
(what would wake once) are counted, not windows; :mod:`enroll.scores` extrapolates their scores
beyond the length of the recordings. The user's own room and the other enrolled sounds have to stay
below the threshold as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from enroll.home import HOURS_A_DAY, HomeOutlook
from enroll.negatives import Negatives
from enroll.scores import (
    DIGITS,
    NEVER,
    STEP,
    NegativeScores,
    describe,
    fitted,
    leave_one_out,
    next_above,
    reached_by,
    run_score,
)
from enroll.verifier import Training
from enroll.words import FEWEST_RUNS, called_alike, run_counts
from wakeword.audio.frames import FloatArray
from wakeword.embedding.variants import clear_rows, noisiest_rows, quiet_rows
from wakeword.labels import Classifier
from wakeword.labels.prompts import TextCache
from wakeword.library.records import ExpectationRecord, TextRecord, VerifierRecord, VetoRecord
from wakeword.protocols import Encoder
from wakeword.scoring.bank import NegativeBank
from wakeword.scoring.likeness import Likeness, Verifier
from wakeword.scoring.odds import odds_of, score_of
from wakeword.scoring.words import LOG_ODDS, NamedLikeness, named_likeness

SAME = 0.9995
"""Cosine from which on a run of the bank is the enrolled recording itself, not another sound."""
LOWEST = 0.2
"""Lowest fitted threshold of plain cosines, however large the budget: below it anything matches."""
LOWEST_VERIFIED = 0.0
"""Lowest fitted threshold of scores with the cohort mean subtracted: a window has to be more like
the sound than it is like everyday sound."""
HIGHEST = 0.999
"""Highest fitted threshold: only the recording itself would score higher."""
USUAL = 0.5
"""Threshold of every sound on the common scale, unless feedback or its user raised it."""
SPREAD = 0.6
"""Log-odds by which further takes of a sound differ from those that were enrolled."""
MOST_MARGIN = 4.0
"""Most log-odds that a level lies above what the budget asks for."""
MORE_MISSES = 0.02
"""Share of the takes that may be missed for fewer false alarms than the budget allows."""
MOST_ROOM_WINDOWS = 2000
"""A verifier is trained with at most this many windows of the room: more only cost time."""
LOWEST_NAMED = 0.0
"""Lowest fitted threshold of words: they must be likelier than all of the background."""
UNKNOWN_NAMED = float(np.log(9.0)) / LOG_ODDS
"""Threshold of words without negatives: nine to one against the background."""
ONE_TAKE = 0.85
"""Threshold of a single take when there are no negatives."""


@dataclass(frozen=True)
class Calibration:
    """What a fit found: a verifier, its threshold and what to expect of them."""

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
    """The verifier that the threshold was fitted with; None where the encoder has no bank."""
    short: bool = False
    """Whether the sound is looked for in the end of the window."""
    text: TextRecord | None = None
    """The sound's words, fitted to the threshold, if it has any."""
    noisy_scores: tuple[float, ...] = ()
    """As ``scores``, in noise 10 dB below the sound."""
    negative_scores: NegativeScores | HomeOutlook | None = field(
        default=None, repr=False, compare=False
    )
    """Scores of the negatives, from which the false alarms are estimated."""
    words_negative_scores: NegativeScores | HomeOutlook | None = field(
        default=None, repr=False, compare=False
    )
    """The same for the words of a sound that has takes as well."""

    def at(self, threshold: float, text: TextRecord | None = None) -> Calibration:
        """The same fit with another threshold, and what to expect of that.

        Args:
            threshold: of four digits, as it is stored.
            text: the sound's words, where their offset is another one too.
        """
        text = text or self.text
        alarms = None
        if self.negative_scores is not None:
            alarms = self.negative_scores.false_alarms_per_hour(threshold)
        if self.words_negative_scores is not None and text is not None:
            more = self.words_negative_scores.false_alarms_per_hour(threshold - text.offset)
            alarms = None if alarms is None or more is None else alarms + more
        return replace(
            self,
            threshold=threshold,
            text=text,
            false_alarms_per_hour=alarms,
            miss_rate=_share_below(self.scores, threshold),
            noisy_miss_rate=_share_below(self.noisy_scores, threshold),
        )

    def at_level(self, level: float) -> Calibration:
        """The same fit with another level of the sound, and what to expect of that.

        Args:
            level: log-odds of a score of 0.5, of four digits, as it is stored.
        """
        assert self.verifier is not None
        assert self.verifier.level is not None
        assert isinstance(self.negative_scores, HomeOutlook)
        before = self.verifier.level

        def moved(scores: Sequence[float]) -> tuple[float, ...]:
            return tuple(float(score_of(odds_of(score, before), level)) for score in scores)

        return replace(
            self,
            scores=moved(self.scores),
            noisy_scores=moved(self.noisy_scores),
            verifier=replace(self.verifier, level=level),
            negative_scores=replace(self.negative_scores, level=level),
        ).at(self.threshold)

    @property
    def missed(self) -> list[int]:
        """Which takes would be missed, from 0."""
        return [i for i, score in enumerate(self.scores) if score < self.threshold]

    @property
    def expectation(self) -> ExpectationRecord:
        """The part of it that the sound's record keeps."""
        return ExpectationRecord(
            false_alarms_per_hour=self.false_alarms_per_hour,
            miss_rate=self.miss_rate,
            noisy_miss_rate=self.noisy_miss_rate,
        )

    def changes(self, encoder_id: str) -> dict[str, Any]:
        """The fields of a sound's record that the fit sets."""
        kept = None
        if self.verifier is not None:
            kept = VerifierRecord.of(self.verifier, self.short, encoder_id)
        fit = {"threshold": self.threshold, "verifier": kept, "expected": self.expectation}
        return fit if self.text is None else {**fit, "text": self.text}

    def __str__(self) -> str:
        """One sentence for the user."""
        return describe(self.expectation)


@dataclass(frozen=True)
class Named:
    """The words that define a sound."""

    text: TextRecord
    """The sound in words."""
    vetoes: Sequence[VetoRecord]
    """Labels of what it is not; they compete with the words."""
    encoder: Encoder
    """The encoder that the sound is fitted to."""
    cache: TextCache | None = None
    """Cache for embeddings of texts."""

    @classmethod
    def of(
        cls,
        text: TextRecord | None,
        vetoes: Sequence[VetoRecord],
        encoder: Encoder,
        cache: TextCache | None = None,
    ) -> Named | None:
        """The words of a record, if it has any."""
        return None if text is None else cls(text, vetoes, encoder, cache)

    def fitted(self, text: TextRecord) -> Named:
        """The same words with a fitted offset."""
        return replace(self, text=text)

    def likeness(self) -> NamedLikeness:
        """The scorer of the words.

        Raises:
            ConfigError: the encoder knows no words.
            EncoderError: it does not know these.
        """
        return named_likeness(self.text, self.vetoes, self.encoder, self.cache)


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that is known of a sound for its fit; :class:`enroll.fitter.Fitter` gathers it."""

    takes: Sequence[FloatArray]
    """Embeddings of each take, ``(n, view_dim) float32``, as
    :func:`wakeword.embedding.variants.embed_take` makes them; none for a sound in words alone."""
    negatives: Negatives
    """What must not wake: the bank, the room, the other sounds and the rejected examples."""
    budget_per_hour: float
    """False-alarm budget of single windows, above 0."""
    words: Named | None = None
    """The words that define the sound; there are some if there are no takes."""
    short: bool = False
    """Whether the sound is looked for in the end of the window."""
    threshold_floor: float | None = None
    """The fitted threshold is not below this."""


def fit_sound(evidence: Evidence) -> Calibration:
    """Fit a sound to its takes, to its words, or to both.

    With both, each may use half of the budget. They share the threshold of the takes; the score
    of the words is shifted by an offset so that it is right for them too.

    Raises:
        ConfigError: the encoder knows no words.
        EncoderError: it does not know these.
    """
    takes, words, floor = evidence.takes, evidence.words, evidence.threshold_floor
    negatives, budget = evidence.negatives, evidence.budget_per_hour
    if words is None:
        return calibrate(takes, negatives, budget, lowest=floor, short=evidence.short)
    if not takes:
        found = _fit_words(words, negatives, budget, floor)
        return replace(found, text=words.text.model_copy(update={"offset": 0.0}))
    recorded = calibrate(takes, negatives, budget / 2.0, lowest=floor, short=evidence.short)
    before = None if floor is None else floor - words.text.offset
    in_words = _fit_words(words, negatives, budget / 2.0, before)
    offset = round(recorded.threshold - in_words.threshold, DIGITS)
    text = words.text.model_copy(update={"offset": offset})
    return replace(recorded, words_negative_scores=in_words.negative_scores).at(
        recorded.threshold, text
    )


def heard_by_words(takes: Sequence[FloatArray], named: Named, threshold: float) -> int:
    """How many of a sound's takes its words alone would recognise.

    Args:
        takes: embeddings of each take.
        named: its words, fitted.
        threshold: the sound's.
    """
    judge = named.likeness()
    return sum(run_score(quiet_rows(take), judge) >= threshold for take in takes)


def _fit_words(
    named: Named, negatives: Negatives, budget_per_hour: float, lowest: float | None
) -> Calibration:
    judge = named.fitted(named.text.model_copy(update={"offset": 0.0})).likeness()
    if negatives.bank is not None:
        negatives = replace(negatives, bank=_without(negatives.bank, named))
    return calibrate_scores(
        judge,
        negatives,
        budget_per_hour,
        lowest=max(LOWEST_NAMED, LOWEST_NAMED if lowest is None else lowest),
        unknown=UNKNOWN_NAMED,
    )


def _without(bank: NegativeBank, named: Named) -> NegativeBank | None:
    """The bank without recordings that have the sound's name: those are no false alarms.

    Words are not trained, so all of the bank is held out. None where too little is left.
    """
    classifier = Classifier(named.encoder, cache=named.cache)
    question = classifier.question([named.text.text], fewest=1)
    kept = ~called_alike(bank, classifier, question)[:, 0]
    if np.count_nonzero(kept) < FEWEST_RUNS:
        return None
    counts, seconds = run_counts(bank)
    share = float(counts[kept].sum() / counts.sum())
    kept &= counts > 0
    rows = kept[bank.runs]
    runs = (np.cumsum(kept, dtype=np.int32) - 1)[bank.runs[rows]]
    weights = counts[kept].astype(np.float32)
    vectors, dim = bank.vectors[rows], bank.dim
    return NegativeBank(vectors, runs, seconds * share, dim, reference_every=0, weights=weights)


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
        budget_per_hour: the false-alarm budget, above 0.
        lowest: the threshold floor.
        short: whether the sound is looked for in the end of the window.
    """
    training = _training(takes, negatives, short)
    judge = _likeness(takes, negatives, short, training)
    if judge.calibrated:
        return _calibrated(takes, negatives, budget_per_hour, judge, training, lowest)
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
    negative_scores = NegativeScores(world, room, negatives.hours)
    threshold = round(min(HIGHEST, base), DIGITS)
    return Calibration(
        threshold=threshold,
        false_alarms_per_hour=None,
        miss_rate=None,
        negatives_hours=negatives.hours,
        scores=tuple(positives),
        budget_needed=negative_scores.false_alarms_per_hour(min(positives)) if positives else None,
        verifier=judge.verifier,
        short=short,
        noisy_scores=tuple(noisy),
        negative_scores=negative_scores,
    ).at(threshold)


def _calibrated(
    takes: Sequence[FloatArray],
    negatives: Negatives,
    budget_per_hour: float,
    judge: Likeness,
    training: Training | None,
    lowest: float | None,
) -> Calibration:
    """The fit of a sound that has log-odds: its level, and a threshold of ``USUAL`` or more.

    The budget is a ceiling: the level lies where misses stop falling, above the log-odds at which
    a home would hear as many false wakes as the budget allows.
    """
    short, bank = judge.short, negatives.bank
    assert bank is not None
    assert bank.model is not None
    assert judge.verifier is not None
    quiet, noisy = _left_out_odds(takes, negatives, short, training)
    odds, cosines, runs = bank.run_odds(judge)
    kept = cosines < SAME
    outlook = HomeOutlook(
        bank.model,
        odds[kept],
        bank.run_categories[runs[kept]],
        bank.run_weights[runs[kept]],
        bank.category_hours,
        level=0.0,
    )
    ceiling = outlook.lowest_odds(budget_per_hour * HOURS_A_DAY)
    room = _sorted(run_score(run, judge.odds) for run in negatives.ambient)
    ceiling = max(ceiling, _above_room(room, negatives, budget_per_hour))
    level = round(_where_misses_stop_falling(ceiling, [*quiet, *noisy]), DIGITS)
    outlook = replace(outlook, level=level)
    scores = [float(score_of(found, level)) for found in quiet]
    rejected = _sorted(run_score(run, judge.odds, patience=1) for run in negatives.rejected)
    refused = [float(score_of(found, level)) for found in rejected[:1]]
    threshold = max(USUAL, USUAL if lowest is None else lowest)
    if refused:
        found = [reached_by(score) for score in scores if score >= threshold]
        most = [*found, *([] if scores else [ONE_TAKE])]
        threshold = max(threshold, min([refused[0] + STEP, *most]))
    threshold = round(min(HIGHEST, threshold), DIGITS)
    return Calibration(
        threshold=threshold,
        false_alarms_per_hour=None,
        miss_rate=None,
        negatives_hours=negatives.hours,
        scores=tuple(scores),
        budget_needed=outlook.false_alarms_per_hour(min(scores)) if scores else None,
        verifier=replace(judge.verifier, level=level),
        short=short,
        noisy_scores=tuple(float(score_of(found, level)) for found in noisy),
        negative_scores=outlook,
    ).at(threshold)


def _left_out_odds(
    takes: Sequence[FloatArray], negatives: Negatives, short: bool, training: Training | None
) -> tuple[list[float], list[float]]:
    """Log-odds of each take by what is fitted to the others, in quiet and in noise."""
    quiet, noisy = [], []
    for i, take in enumerate(takes if len(takes) > 1 else ()):
        judge = _likeness(takes, negatives, short, training, without=i)
        quiet.append(run_score(quiet_rows(take), judge.odds))
        if len(noisiest_rows(take)):
            noisy.append(run_score(noisiest_rows(take), judge.odds))
    return quiet, noisy


def _where_misses_stop_falling(ceiling: float, takes: Sequence[float]) -> float:
    """The highest log-odds, from ``ceiling`` on, that cost hardly more misses than that.

    Each take stands for others ``SPREAD`` around it.

    Args:
        ceiling: log-odds that the budget asks for.
        takes: of each take, by what is fitted to the others.
    """
    if not takes:
        return ceiling
    levels = np.arange(ceiling, ceiling + MOST_MARGIN + 1e-9, 0.05)
    ahead = (np.asarray(takes)[None] - levels[:, None]) / SPREAD
    missed = (1.0 / (1.0 + np.exp(ahead))).mean(axis=1)
    return float(levels[missed <= missed[0] + MORE_MISSES][-1])


def _training(takes: Sequence[FloatArray], negatives: Negatives, short: bool) -> Training | None:
    """The training data of the sound's verifier; None where there is no bank."""
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
    """The scorer of a sound with these takes, or with all but one; verified if trained."""
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
    """Fit a threshold to negatives alone, where no take says what the sound would score.

    Args:
        score: scores ``(n,)`` of windows ``(n, view_dim)``.
        negatives: what must not wake; other sounds don't count.
        budget_per_hour: the false-alarm budget, above 0.
        lowest: the threshold floor.
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
    negative_scores = NegativeScores(world, room, negatives.hours)
    found = Calibration(threshold, None, None, negatives.hours, negative_scores=negative_scores)
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
    """The lowest threshold that only as many runs of the room reach as the budget allows."""
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

    Windows that are nearer to a rejected example than to any take are refused at run time.
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
