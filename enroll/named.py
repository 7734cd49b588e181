"""Words that define a sound: reading them, and fitting a sound that has words, takes or both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from enroll.calibration import Calibration, calibrate, calibrate_scores
from enroll.label_calibration import FEWEST_RUNS, called_alike
from enroll.likeness import run_score
from enroll.negatives import Negatives
from enroll.tail import DIGITS
from wakeword.audio import FloatArray
from wakeword.bank import NegativeBank
from wakeword.labels import Classifier
from wakeword.labels.text_cache import TextCache
from wakeword.labels.written import checked_labels
from wakeword.named import LOG_ODDS, NamedLikeness, named_likeness
from wakeword.protocols import Encoder
from wakeword.records import TextRecord, VetoRecord
from wakeword.variants import quiet_rows

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
        takes: embeddings of each take, as for :func:`enroll.calibration.calibrate`.
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
