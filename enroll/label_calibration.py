"""Thresholds of labels, fitted to the false alerts that are borne.

As for enrolled sounds (:mod:`enroll.calibration`), but nothing was recorded: each run of the
negative bank is held against the labels as a whole, as a look of the monitor would hear it, and
the share that the runs exceed as often as the budget allows is the threshold. Runs that are what
a label says, by the name of their recording, are no false alerts and do not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enroll.outlook import SHORTEST_HOURS
from enroll.tail import expected, fitted
from wakeword.bank import NegativeBank, load_bank
from wakeword.labels import Classifier, Question, prompts
from wakeword.labels.alarm import AlarmConfig
from wakeword.labels.question import ALIKE

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
    the default of :class:`~wakeword.labels.alarm.AlarmConfig`.

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
