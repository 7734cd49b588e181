"""Words that define a sound: reading them, and fitting a sound that has words, takes or both.

Thresholds of labels, fitted to the false alerts that are borne.

As for enrolled sounds (:mod:`enroll.fitting`), but nothing was recorded: each run of the
negative bank is held against the labels as a whole, as a look of the monitor would hear it, and
the share that the runs exceed as often as the budget allows is the threshold. Runs that are what
a label says, by the name of their recording, are no false alerts and do not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from enroll.fitting import Calibration, calibrate, calibrate_scores
from enroll.negatives import Negatives
from enroll.scores import DIGITS, SHORTEST_HOURS, expected, fitted, run_score
from wakeword.audio.frames import FloatArray
from wakeword.embedding.variants import quiet_rows
from wakeword.labels import Classifier, Question, prompts
from wakeword.labels.classifier import ALIKE
from wakeword.labels.prompts import TextCache
from wakeword.labels.watch import AlarmConfig
from wakeword.labels.wording import checked_labels
from wakeword.library.records import TextRecord, VetoRecord
from wakeword.protocols import Encoder
from wakeword.scoring.bank import NegativeBank, load_bank
from wakeword.scoring.words import LOG_ODDS, NamedLikeness, named_likeness

LOWEST_NAMED = 0.0
"""Words must be likelier than all of the background, however large the budget."""
UNKNOWN_NAMED = float(np.log(9.0)) / LOG_ODDS
"""Threshold without negatives: nine to one against the background."""


def read_text(written: str, classifier: Classifier) -> TextRecord:
    """What a text is understood as, once the encoder has a place for it.

    Args:
        written: in English or Chinese.
        classifier: of the encoder that is to know it.

    Raises:
        ConfigError: it makes no sense, or it is Chinese that nobody here can read.
        EncoderError: the encoder does not know it.
    """
    (wording,) = classifier.understand(checked_labels([written], fewest=1))
    classifier.embed_text([wording.text])
    return TextRecord(written=wording.label, text=wording.text, how=wording.how)


@dataclass(frozen=True)
class Named:
    """The words of a sound, for :func:`fit_sound`."""

    text: TextRecord
    """What it is."""
    vetoes: Sequence[VetoRecord]
    """What it is not."""
    encoder: Encoder
    """The library's, or the one that it is to have."""
    cache: TextCache | None = None
    """Where embeddings of texts are kept."""

    @classmethod
    def of(
        cls,
        text: TextRecord | None,
        vetoes: Sequence[VetoRecord],
        encoder: Encoder,
        cache: TextCache | None = None,
    ) -> Named | None:
        """The words, if there are any."""
        return None if text is None else cls(text, vetoes, encoder, cache)

    def fitted(self, text: TextRecord) -> Named:
        """The same, once it is fitted."""
        return replace(self, text=text)

    def likeness(self) -> NamedLikeness:
        """What scores them.

        Raises:
            ConfigError: the encoder knows no words.
            EncoderError: it does not know these.
        """
        return named_likeness(self.text, self.vetoes, self.encoder, self.cache)


def fit_sound(
    takes: Sequence[FloatArray],
    named: Named | None,
    negatives: Negatives,
    budget_per_hour: float,
    *,
    lowest: float | None = None,
    short: bool = False,
) -> Calibration:
    """Fit a sound to its takes, to its words, or to both.

    With both, each may use half of the budget. They share the threshold of the takes; the score
    of the words is shifted so that it is right for them too.

    Args:
        takes: embeddings of each take, as for :func:`enroll.fitting.calibrate`.
        named: its words; there must be some if there are no takes.
        negatives: what must not wake.
        budget_per_hour: false alarms per hour that are borne, above 0.
        lowest: the threshold is not below this.
        short: whether the takes are looked for in the end of the window.

    Raises:
        ConfigError: the encoder knows no words.
        EncoderError: it does not know these.
    """
    if named is None:
        return calibrate(takes, negatives, budget_per_hour, lowest=lowest, short=short)
    if not takes:
        found = _fit_words(named, negatives, budget_per_hour, lowest)
        return replace(found, text=named.text.model_copy(update={"offset": 0.0}))
    half = budget_per_hour / 2.0
    recorded = calibrate(takes, negatives, half, lowest=lowest, short=short)
    before = None if lowest is None else lowest - named.text.offset
    in_words = _fit_words(named, negatives, half, before)
    offset = round(recorded.threshold - in_words.threshold, DIGITS)
    text = named.text.model_copy(update={"offset": offset})
    return replace(recorded, words_outlook=in_words.outlook).at(recorded.threshold, text)


def heard_by_words(takes: Sequence[FloatArray], named: Named, threshold: float) -> int:
    """How many of a sound's takes would be heard by its words alone.

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
    """The bank without what is called like the sound: that is no false alarm.

    Nothing was trained, so that all of it is held out. None where too little is left.
    """
    classifier = Classifier(named.encoder, cache=named.cache)
    question = classifier.question([named.text.text], fewest=1)
    kept = ~called_alike(bank, classifier, question)[:, 0]
    if np.count_nonzero(kept) < FEWEST_RUNS:
        return None
    rows = kept[bank.runs]
    runs = (np.cumsum(kept, dtype=np.int32) - 1)[bank.runs[rows]]
    seconds = bank.seconds * float(kept.mean())
    return NegativeBank(bank.vectors[rows], runs, seconds, bank.dim, reference_every=0)


LOWEST, HIGHEST = 0.2, 0.999
"""Thresholds stay between: below, something else is likelier by far; above, nothing is heard."""
FEWEST_RUNS = 100
"""With fewer runs nothing is fitted."""


@dataclass(frozen=True)
class LabelThreshold:
    """A label's threshold, and what to expect of it."""

    threshold: float
    """Share from which on it alerts, 0..1."""
    fitted: bool
    """Whether it was fitted to a budget."""
    false_alerts_per_hour: float | None
    """What the bank says; None where it says nothing."""


def fit_labels(
    classifier: Classifier,
    question: Question,
    given: Mapping[str, float | None],
    budget_per_hour: float,
    *,
    bank: NegativeBank | None = None,
) -> dict[str, LabelThreshold]:
    """The threshold of each label: the one that is given, or one that is fitted.

    Where the encoder has no bank, or the bank has too little that is not the label itself, it is
    the default of :class:`~wakeword.labels.watch.AlarmConfig`.

    Args:
        classifier: what the labels are watched for with.
        question: its labels, those that only compete too.
        given: the labels that are watched for, in the question's order, each with its threshold
            or None.
        budget_per_hour: false alerts per hour that are borne for each label, above 0.
        bank: what is no alert; the encoder's by default.

    Raises:
        EncoderError: the bank is damaged.
    """
    bank = bank or load_bank(classifier.encoder.id)
    if bank is None:
        return {label: _unfitted(threshold) for label, threshold in given.items()}
    odds = classifier.log_odds(_means(bank), question)
    same = called_alike(bank, classifier, question)
    hours = bank.seconds / 3600.0
    found = {}
    for column, (label, threshold) in enumerate(given.items()):
        others = ~same[:, column]
        scores = np.sort(odds[others, column])[::-1].astype(np.float32)
        share = hours * float(others.mean())
        found[label] = _threshold(scores, share, threshold, budget_per_hour)
    return found


def _threshold(
    scores: NDArray[np.float32], hours: float, given: float | None, budget_per_hour: float
) -> LabelThreshold:
    if len(scores) < FEWEST_RUNS or hours < SHORTEST_HOURS:
        return _unfitted(given)
    if given is None:
        share = 1.0 / (1.0 + np.exp(-fitted(scores, budget_per_hour * hours)))
        threshold = round(float(np.clip(share, LOWEST, HIGHEST)), 3)
    else:
        threshold = given
    edge = np.log(threshold) - np.log1p(-min(threshold, 1.0 - 1e-9))
    return LabelThreshold(threshold, given is None, expected(float(edge), scores) / hours)


def _unfitted(given: float | None) -> LabelThreshold:
    return LabelThreshold(AlarmConfig().threshold if given is None else given, False, None)


def _means(bank: NegativeBank) -> NDArray[np.float64]:
    """The mean of each run's windows, ``(runs, dim)``; it is not of length 1."""
    whole = bank.vectors[:, : bank.dim].astype(np.float64)
    first = np.flatnonzero(np.diff(bank.runs, prepend=-1))
    counts = np.diff(np.append(first, len(whole)))
    return np.asarray(np.add.reduceat(whole, first) / counts[:, None])


def called_alike(
    bank: NegativeBank, classifier: Classifier, question: Question
) -> NDArray[np.bool_]:
    """Which runs are of a recording that is called like the label: ``(runs, labels)``.

    By its words, all of which are the label's, or by what the encoder knows of names.
    """
    texts = [wording.text for wording in question.wordings]
    words = [set(text.casefold().split()) for text in texts]
    names = sorted(set(bank.names))
    same = {name: np.array([set(name.split()) <= own for own in words]) for name in names}
    known = prompts.vocabulary(classifier.encoder)
    read = [name for name in names if known is None or name in known]
    near = classifier.embed_text(read) @ question.vectors[: len(texts)].T > ALIKE
    same |= {name: same[name] | row for name, row in zip(read, near, strict=True)}
    if not names:
        return np.zeros((int(bank.runs[-1]) + 1, len(texts)), bool)
    return np.array([same[name] for name in bank.names])
