"""Thresholds of labels, fitted to a budget on a bank of tones."""

from __future__ import annotations

import numpy as np
import pytest

from enroll.words import HIGHEST, LOWEST, fit_labels
from wakeword.encoders import create_encoder
from wakeword.labels import Classifier
from wakeword.labels.prompts import everyday
from wakeword.labels.watch import AlarmConfig
from wakeword.scoring.bank import NegativeBank
from wakeword.testing import NamedTones, noise, tone

LOW, HIGH = "tone of 400 hertz", "tone of 3000 hertz"
HOURS = 2.0


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(NamedTones(), background=["150 beeps", "900 beeps", "7000 beeps"])


def bank_of(hertz: list[float], names: tuple[str, ...] = ()) -> NegativeBank:
    """Two windows a run, tones in noise, heard within ``HOURS``."""
    rng = np.random.default_rng(1)
    encoder = NamedTones()
    windows = [
        tone(f * float(rng.uniform(0.97, 1.03)), 0.5) + noise(0.5, level_db=-30.0)
        for f in hertz
        for _ in range(2)
    ]
    runs = np.repeat(np.arange(len(hertz), dtype=np.int32), 2)
    return NegativeBank(encoder.embed(windows), runs, HOURS * 3600.0, encoder.dim, names=names)


OTHERS = [float(f) for f in np.linspace(500.0, 1400.0, 200)]


def fit(classifier, bank, budget=0.5, given=None):
    """The fit of the low tone, which the high one competes with."""
    question = classifier.question([LOW, HIGH])
    return fit_labels(classifier, question, {LOW: given}, budget, bank=bank)[LOW]


def exceeding(classifier, bank, threshold) -> int:
    """Runs whose share reaches the threshold, by the classifier's own word."""
    question = classifier.question([LOW, HIGH])
    means = bank.vectors.reshape(-1, 2, bank.dim).mean(axis=1).astype(np.float64)
    shares = [classifier.judge_mean(m, -20.0, 0.5, question).scores[LOW] for m in means]
    return sum(share >= threshold for share in shares)


@pytest.mark.parametrize("budget", [1.0, 5.0, 20.0])
def test_the_budget_is_kept(classifier, budget):
    """As many runs an hour alert as are borne, and that is what is told."""
    bank = bank_of(OTHERS)
    fitted = fit(classifier, bank, budget)
    assert fitted.fitted
    assert exceeding(classifier, bank, fitted.threshold) <= budget * HOURS
    assert fitted.threshold == LOWEST or fitted.false_alerts_per_hour == pytest.approx(
        budget, rel=0.5
    )


def test_a_smaller_budget_is_stricter(classifier):
    """Also below what the bank could hear."""
    bank = bank_of(OTHERS)
    fits = [fit(classifier, bank, budget) for budget in (20.0, 2.0, 0.2, 0.02)]
    thresholds = [one.threshold for one in fits]
    assert thresholds == sorted(thresholds)
    assert thresholds[-1] > thresholds[0]
    assert all(LOWEST <= threshold <= HIGHEST for threshold in thresholds)
    hourly = [one.false_alerts_per_hour or 0.0 for one in fits]
    assert hourly == sorted(hourly, reverse=True)


def test_what_the_label_means_is_no_false_alert(classifier):
    """Runs of recordings that are called like the label, by its words or to the encoder."""
    own = [400.0] * 8
    names = ("something else",) * len(OTHERS)
    clean = fit(classifier, bank_of(OTHERS, names)).threshold
    for called in ("hertz tone", "beep at 400"):
        named = bank_of(OTHERS + own, names + (called,) * len(own))
        assert fit(classifier, named).threshold == pytest.approx(clean, abs=0.02)
    unnamed = bank_of(OTHERS + own)
    assert fit(classifier, unnamed).threshold > clean + 0.02


def test_what_is_given_stays(classifier):
    """A threshold of the user's own is kept, and what follows from it is told."""
    bank = bank_of([*OTHERS, 400.0, 400.0])
    given = fit(classifier, bank, given=0.3)
    assert (given.threshold, given.fitted) == (0.3, False)
    assert given.false_alerts_per_hour is not None
    assert given.false_alerts_per_hour >= exceeding(classifier, bank, 0.3) / HOURS
    assert fit(classifier, bank, given=1.0).false_alerts_per_hour == pytest.approx(0.0, abs=0.01)


def test_without_a_bank_it_is_the_default(classifier):
    """An encoder without a bank, and a bank that is too small to tell."""
    question = classifier.question([LOW, HIGH])
    for bank in (None, bank_of(OTHERS[:20])):
        fits = fit_labels(classifier, question, {LOW: None, HIGH: 0.9}, 0.5, bank=bank)
        assert fits[LOW].threshold == AlarmConfig().threshold
        assert fits[HIGH].threshold == 0.9
        assert {(one.fitted, one.false_alerts_per_hour) for one in fits.values()} == {(False, None)}


def test_the_shipped_bank_serves_common_labels():
    """Every label gets a threshold that a sound can reach, also one the bank is full of."""
    encoder = create_encoder("mini")
    assert encoder.reads_text
    classifier = Classifier(encoder, background=everyday(encoder))
    labels = ["dog barking", "crying baby", "smoke alarm", "glass breaking", "music", "speech"]
    question = classifier.question(labels)
    fits = fit_labels(classifier, question, dict.fromkeys(labels), 0.5)
    assert all(one.fitted for one in fits.values())
    assert all(one.threshold <= 0.99 for one in fits.values()), fits
