"""Words: reading those that define a sound, and fitting the thresholds of watched labels.

A label's threshold is the score that runs of the negative bank exceed as often as its budget of
false alerts allows; each run is classified as a whole, as the monitor would do it. Runs whose
recording has the label's name are not false alerts and do not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enroll.scores import SHORTEST_HOURS, expected, fitted
from wakeword.labels import Classifier, Question, prompts
from wakeword.labels.classifier import ALIKE
from wakeword.labels.watch import AlarmConfig
from wakeword.labels.wording import checked_labels
from wakeword.library.records import TextRecord
from wakeword.scoring.bank import NegativeBank, load_bank


def read_text(written: str, classifier: Classifier) -> TextRecord:
    """How a text is understood, once the encoder knows it.

    Args:
        written: in English or Chinese.
        classifier: of the encoder that is to know it.

    Raises:
        ConfigError: it is not a valid label, or Chinese that cannot be translated here.
        EncoderError: the encoder does not know it.
    """
    (wording,) = classifier.understand(checked_labels([written], fewest=1))
    classifier.embed_text([wording.text])
    return TextRecord(written=wording.label, text=wording.text, how=wording.how)


def run_counts(bank: NegativeBank) -> tuple[NDArray[np.intp], float]:
    """How often each run of a bank counts, and the length in seconds of what they stand for.

    Where nothing was trained on the bank the reference counts too, unless runs stand for others.
    """
    if bank.weights is None:
        return np.ones(int(bank.runs[-1]) + 1, np.intp), bank.seconds
    return bank.repeats, bank.hours * 3600.0


LOWEST, HIGHEST = 0.2, 0.999
"""Range of fitted thresholds: below it something else is far likelier, above it nothing alerts."""
FEWEST_RUNS = 100
"""Fewest runs of the bank that a threshold is fitted to."""


@dataclass(frozen=True)
class LabelThreshold:
    """A label's threshold, and what to expect of it."""

    threshold: float
    """Share from which on it alerts, 0..1."""
    fitted: bool
    """Whether it was fitted to a budget."""
    false_alerts_per_hour: float | None
    """Estimate from the bank; None where there is none or too little."""


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
        budget_per_hour: false-alarm budget of each label, alerts per hour, above 0.
        bank: recordings without the labels; the encoder's by default.

    Raises:
        EncoderError: the bank is damaged.
    """
    bank = bank or load_bank(classifier.encoder.id)
    if bank is None:
        return {label: _unfitted(threshold) for label, threshold in given.items()}
    odds = classifier.log_odds(_means(bank), question)
    same = called_alike(bank, classifier, question)
    counts, seconds = run_counts(bank)
    hours = seconds / 3600.0
    found = {}
    for column, (label, threshold) in enumerate(given.items()):
        others = ~same[:, column]
        repeated = np.repeat(odds[others, column], counts[others])
        scores = np.sort(repeated)[::-1].astype(np.float32)
        share = hours * float(counts[others].sum() / counts.sum())
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
