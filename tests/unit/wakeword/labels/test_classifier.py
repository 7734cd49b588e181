from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from wakeword.encoders import create_encoder
from wakeword.errors import AudioFormatError, ConfigError, EncoderError, NoBackground, NoTextEncoder
from wakeword.labels import (
    NONE,
    Classifier,
    Heard,
    prompts,
)
from wakeword.labels.prompts import TextCache
from wakeword.testing import RATE, NamedTones, ToneEncoder, noise, silence, tone

LOW, HIGH, OTHER = "tone of 400 hertz", "tone of 3000 hertz", "tone of 7000 hertz"


@pytest.fixture
def classifier() -> Classifier:
    return Classifier(NamedTones())


@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("hertz", [400, 3000])
def test_the_label_that_fits_wins(classifier, hertz, closed):
    """A tone is named, with a share near 1 and a cosine near 1."""
    heard = classifier.classify(tone(hertz, 0.5), [LOW, HIGH], closed=closed)
    assert heard.top == f"tone of {hertz} hertz"
    assert heard.scores[heard.top] > 0.9
    assert heard.similarity[heard.top] > 0.9


@pytest.mark.parametrize("seconds", [0.01, 0.3, 0.5, 0.6, 3.3])
def test_shares_sum_to_one(classifier, seconds):
    """Closed: the labels alone; open: the labels and none of these; in each window too."""
    samples = tone(1000, seconds) + noise(seconds)
    for closed in (True, False):
        heard = classifier.classify(samples, [LOW, HIGH, OTHER], closed=closed)
        for part in (heard, *heard.windows):
            assert all(0 <= score <= 1 for score in (*part.scores.values(), part.none))
            assert sum(part.scores.values()) + part.none == pytest.approx(1.0)
            assert all(-1.001 <= value <= 1.001 for value in part.similarity.values())
            assert not closed or (part.none == 0.0 and part.background is None)


def test_none_of_these_can_win():
    """A sound nearer to the background than to any label is none of these, unless closed."""
    classifier = Classifier(NamedTones(), background=["6000 beeps", "150 beeps"])
    heard = classifier.classify(tone(6000, 0.5), [LOW, HIGH])
    assert heard.top is None
    assert heard.none > 0.9
    assert heard.background == "6000 beeps"
    assert heard.ranked[0] == (NONE, heard.none)
    closed = classifier.classify(tone(6000, 0.5), [LOW, HIGH], closed=True)
    assert closed.top in (LOW, HIGH)
    assert NONE not in dict(closed.ranked)


def test_digital_silence_is_none_of_these():
    """Where there is nothing, nothing is named."""
    classifier = Classifier(create_encoder("mini"))
    for samples in (silence(1.0), silence(0.01), silence(3.0)):
        heard = classifier.classify(samples, ["dog barking", "rain"])
        assert heard.top is None
        assert (heard.none, sum(heard.scores.values())) == (1.0, 0.0)


def test_closed_is_the_plain_softmax(classifier):
    """The shares are the softmax of the cosines times the encoder's scale."""
    heard = classifier.classify(tone(700, 0.5), [LOW, HIGH, OTHER], closed=True)
    powers = np.exp(classifier.encoder.logit_scale * np.array([*heard.similarity.values()]))
    np.testing.assert_allclose([*heard.scores.values()], powers / powers.sum(), rtol=1e-9)


def test_long_audio_is_heard_in_windows_that_overlap(classifier):
    """Windows lie half over each other, the last ends with the audio, each has its scores."""
    samples = np.concatenate([tone(400, 1.0), tone(3000, 0.8)])
    heard = classifier.classify(samples, [LOW, HIGH])
    starts = [part.start for part in heard.windows]
    assert starts[:3] == [0.0, 0.25, 0.5]
    assert heard.windows[-1].end == heard.end == 1.8
    assert heard.windows[0].top == LOW
    assert heard.windows[-1].top == HIGH
    assert heard.peaks[HIGH].start >= 0.75
    for before, after in pairwise(heard.windows):
        assert before.start < after.start <= before.end
        assert after.end - after.start == pytest.approx(0.5)


@pytest.mark.parametrize("count", [1, 7999, 8000, 8001, 8500, 9000, 12000, 16001, 80016])
def test_no_sample_is_left_out(classifier, count):
    """The windows begin with the audio, end with it and leave no gap, at any length."""
    spans = classifier.spans(count)
    assert spans[0][0] == 0
    assert spans[-1][1] == count
    assert all(after[0] <= before[1] for before, after in pairwise(spans))
    assert len(set(spans)) == len(spans)
    assert all(end - start == min(count, 8000) for start, end in spans)


def test_loud_windows_count_for_more(classifier):
    """A short sound in a long quiet hiss is what the recording sounds like."""
    samples = noise(4.0, level_db=-70.0)
    samples[RATE : RATE + RATE // 2] += tone(400, 0.5, level_db=-12.0)
    assert classifier.classify(samples, [LOW, HIGH, OTHER]).top == LOW


def test_the_same_audio_gives_the_same_scores(classifier):
    """Nothing is random, and what was asked before changes nothing."""
    samples = tone(900, 1.3) + noise(1.3)
    first = classifier.classify(samples, [LOW, HIGH])
    classifier.classify(samples, [HIGH, OTHER])
    assert classifier.classify(samples, [LOW, HIGH]) == first
    assert Classifier(NamedTones()).classify(samples, [LOW, HIGH]) == first


def test_labels_are_read_once(classifier):
    """Asked again and again, the encoder is not bothered with text again."""
    for _ in range(3):
        classifier.classify(tone(400, 0.5), [LOW, HIGH])
    read = classifier.encoder.read
    assert len(read) == 2 + len(prompts.BACKGROUND)


def test_texts_are_kept_on_disk(tmp_path):
    """Another process finds the embeddings of texts; the scores are the same."""
    first, second = NamedTones(), NamedTones()
    heard = [
        Classifier(encoder, cache=TextCache(tmp_path)).classify(tone(400, 0.5), [LOW, HIGH])
        for encoder in (first, second)
    ]
    assert first.read
    assert not second.read
    assert heard[0] == heard[1]


def test_templates_make_an_ensemble():
    """Each template is read; the mean of them counts, and is a unit vector again."""
    encoder = NamedTones()
    classifier = Classifier(encoder, templates=["{}", "5000 hertz and {}"])
    question = classifier.question([LOW, HIGH])
    assert {LOW, f"5000 hertz and {LOW}"} <= set(encoder.read)
    np.testing.assert_allclose(np.linalg.norm(question.vectors, axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("template", ["sound", "{} and {}", "{label}", "{0}"])
def test_a_template_has_one_place(template):
    """A template without a place for the label, or with two, is an error."""
    with pytest.raises(ConfigError, match="template"):
        Classifier(NamedTones(), templates=[template])


def test_background_that_is_a_label_does_not_compete():
    """Someone who asks for speech and wind is not told that it is none of these."""
    classifier = Classifier(create_encoder("mini"))
    question = classifier.question(["speech", "wind", "dog barking"])
    assert not {"speech", "wind"} & set(question.background)
    assert len(question.background) > 3


def test_labels_that_are_the_whole_background():
    """When nothing is left to compare with, that is said."""
    with pytest.raises(NoBackground):
        Classifier(create_encoder("mini")).question(prompts.BACKGROUND)


def test_chinese_is_understood():
    """A Chinese label scores as its English words do, and says which they are."""
    classifier = Classifier(create_encoder("mini"))
    samples = noise(1.0, level_db=-20)
    chinese = classifier.classify(samples, ["玻璃破碎", "狗叫声"])
    english = classifier.classify(samples, ["glass breaking", "dog barking"])
    assert [*chinese.scores.values()] == [*english.scores.values()]
    assert [str(w) for w in chinese.wordings] == [
        "玻璃破碎 -> glass breaking",
        "狗叫声 -> dog barking",
    ]


def test_an_unknown_name_lists_the_nearest():
    """mini knows names only; what it does not know is an error that helps."""
    with pytest.raises(EncoderError, match="dog bark"):
        Classifier(create_encoder("mini")).question(["dog borking", "rain"])


def test_windows_of_a_batch_of_ones_own(classifier):
    """Embedding and judging apart gives what classify gives."""
    samples = tone(400, 1.2) + noise(1.2)
    question = classifier.question([LOW, HIGH])
    spans = classifier.spans(len(samples))
    heard = classifier.hear(samples)
    own = Heard(classifier.embed([samples[a:b] for a, b in spans]), tuple(spans), heard.levels_db)
    assert classifier.judge(own, question) == classifier.classify(samples, [LOW, HIGH])


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros((100, 2), np.float32),
        np.zeros(100, np.int16),
        np.full(100, np.nan, np.float32),
    ],
    ids=["empty", "stereo", "int16", "nan"],
)
def test_what_is_no_audio_is_refused(classifier, samples):
    """Nothing but finite mono float32 is classified."""
    with pytest.raises(AudioFormatError):
        classifier.classify(samples, [LOW, HIGH])


def test_an_encoder_without_a_text_side_is_refused():
    """The error says what to use instead."""
    with pytest.raises(NoTextEncoder, match="no text side"):
        Classifier(ToneEncoder())


@pytest.mark.parametrize("seconds", [0.0, 0.51, -1.0, float("nan"), float("inf")])
def test_a_window_that_makes_no_sense(seconds):
    """Longer than the encoder hears, or nothing at all."""
    with pytest.raises(ConfigError, match="window"):
        Classifier(NamedTones(), window_seconds=seconds)


@pytest.mark.parametrize("closed", [True, False])
def test_log_odds_are_the_shares(classifier, closed):
    """Of single windows and of means of windows, with and without the background."""
    question = classifier.question([LOW, HIGH, OTHER], closed=closed)
    windows = [tone(hz, 0.5) + noise(0.5) for hz in (400, 700, 2500, 7000)]
    vectors = classifier.embed(windows).astype(np.float64)
    vectors = np.concatenate([vectors, vectors.mean(axis=0, keepdims=True)])
    odds = classifier.log_odds(vectors, question)
    for row, vector in zip(odds, vectors, strict=True):
        scores = classifier.judge_mean(vector, -20.0, 0.5, question).scores
        assert 1 / (1 + np.exp(-row)) == pytest.approx(list(scores.values()), abs=1e-9)


def test_everything_everyday_competes_where_a_stream_is_watched():
    """All of the glossary that the encoder knows, and the background besides."""
    mini = create_encoder("mini")
    assert mini.reads_text
    names = prompts.everyday(mini)
    assert set(prompts.BACKGROUND) <= set(names)
    assert len(names) > 200
    question = Classifier(mini, background=names).question(["dog barking"], fewest=1)
    assert len(question.background) > 180
    assert not any("dog" in name for name in question.background)
    assert prompts.everyday(NamedTones())[: len(prompts.BACKGROUND)] == prompts.BACKGROUND
