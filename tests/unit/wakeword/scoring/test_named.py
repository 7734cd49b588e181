"""Sounds that are defined by words, as the engine scores them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wakeword.encoders import create_encoder
from wakeword.engine import Engine
from wakeword.errors import ConfigError, EncoderError
from wakeword.events import Match, WakeEvent
from wakeword.labels import Classifier
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.library.records import TextRecord, VetoRecord
from wakeword.scoring.bank import load_bank
from wakeword.scoring.scorer import likeliest
from wakeword.scoring.words import LOG_ODDS, named_likeness
from wakeword.testing import (
    RATE,
    NamedTones,
    ToneEncoder,
    frames,
    make_library,
    noise,
    placed,
    tone,
)

HIGH = TextRecord(written="2000 Hz", text="2000 Hz")


def add_text(
    library: SoundLibrary, name: str, text: TextRecord, *takes: Take, threshold: float = 0.2
) -> None:
    """Store a sound with words, without fitting it."""
    library.save(
        name,
        takes,
        encoder=NamedTones(),
        encoder_spec="named",
        threshold=threshold,
        budget_per_hour=0.5,
        text=text,
    )


def heard(library: SoundLibrary, samples: np.ndarray) -> list[WakeEvent]:
    """What wakes."""
    engine = Engine(library, NamedTones())
    events = [event for frame in frames(samples, 1600) for event in engine.push(frame)]
    return [*events, *engine.flush()]


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A sound in words, and one with a take."""
    made = make_library(tmp_path, {"low": tone(440.0, 0.4)}, NamedTones(), encoder_spec="named")
    add_text(made, "high", HIGH)
    return made


def test_score_is_what_the_shares_of_labels_are_made_of() -> None:
    """The score is the log-odds of the text against the best of the background."""
    encoder = create_encoder("mini")
    window = np.random.default_rng(3).normal(0, 0.05, encoder.rate).astype(np.float32)
    classifier = Classifier(encoder)
    heard = classifier.classify(window, classifier.question(["rain"], fewest=1))
    odds = np.log(heard.scores["rain"] / heard.none)
    judge = named_likeness(TextRecord(written="rain", text="rain"), (), encoder)
    whole = encoder.embed([window])
    assert judge(whole)[0] == pytest.approx(odds / LOG_ODDS, abs=1e-4)
    twice = np.concatenate([whole, whole], axis=1)
    assert judge(twice)[0] == pytest.approx(judge(whole)[0], abs=1e-5)


def test_offset_shifts_the_score() -> None:
    """So that words and takes can share a threshold."""
    rows = NamedTones().embed([tone(2000.0, 0.5)])
    shifted = HIGH.model_copy(update={"offset": 0.3})
    plain = named_likeness(HIGH, (), NamedTones())
    assert named_likeness(shifted, (), NamedTones())(rows) == pytest.approx(plain(rows) + 0.3)


def test_vetoes_compete_with_the_words() -> None:
    """What is likelier to be the veto scores below zero, the sound itself as before."""
    veto = VetoRecord(label="1000 Hz", limit=1.0)
    judge = named_likeness(HIGH, [veto], NamedTones())
    rows = NamedTones().embed([tone(2000.0, 0.5), tone(1000.0, 0.5)])
    plain = named_likeness(HIGH, (), NamedTones())(rows)
    assert judge(rows)[1] < 0 <= plain[1]
    assert judge(rows)[0] == pytest.approx(plain[0], abs=1e-2)


def test_words_need_an_encoder_that_knows_them() -> None:
    """One without a text side, or without these words, is an error."""
    with pytest.raises(ConfigError, match="no text side"):
        named_likeness(HIGH, (), ToneEncoder())
    unknown = TextRecord(written="frobnicating", text="frobnicating")
    with pytest.raises(EncoderError, match="does not know"):
        named_likeness(unknown, (), create_encoder("mini"))


def test_words_wake_like_any_sound(library: SoundLibrary) -> None:
    """The same engine, the same event; no take is named where the words decided."""
    sounds = (1.0, tone(2000.0, 0.5)), (3.0, tone(440.0, 0.5)), (5.0, tone(2000.0, 0.5))
    events = heard(library, placed(noise(7.0), *sounds))
    assert [event.sound for event in events] == ["high", "low", "high"]
    assert [bool(event.take) for event in events] == [False, True, False]
    assert all(event.score >= event.threshold for event in events)
    assert events[0].start_seconds == pytest.approx(0.8, abs=0.2)


def test_takes_and_words_of_one_sound_both_wake_it(tmp_path: Path) -> None:
    """What resembles a take wakes, and so does what is only like the words."""
    library = SoundLibrary(tmp_path)
    silence = np.zeros(RATE // 2, np.float32)
    samples = np.concatenate([silence, tone(440.0, 0.4), silence])
    take = Take(samples, RATE, RATE // 2, len(samples) - RATE // 2)
    text = HIGH.model_copy(update={"offset": 0.7})
    add_text(library, "both", text, take, threshold=0.9)
    sounds = (1.0, tone(2000.0, 0.5)), (3.0, tone(440.0, 0.5)), (5.0, tone(1000.0, 0.5))
    events = heard(library, placed(noise(7.0), *sounds))
    assert [(event.sound, bool(event.take)) for event in events] == [
        ("both", False),
        ("both", True),
    ]


def test_scorer_names_each_sound_once(library: SoundLibrary) -> None:
    """For meters and for those who ask what is listened for."""
    scorer = library.enrolled(NamedTones())
    assert scorer.sounds == scorer.events == ["high", "low"]
    assert scorer.thresholds == {"high": 0.2, "low": 0.9}
    scores = scorer.scores(NamedTones().embed([tone(2000.0, 0.5)])[0])
    assert set(scores) == {"high", "low"}
    assert scores["high"] > 0.2 > scores["low"]


def test_neither_kind_hides_the_other() -> None:
    """What matches comes first, then the margin over the threshold; a refusal never wins."""

    def match(sound: str, score: float, threshold: float, refused: str = "") -> Match:
        return Match(sound, score, threshold, "", refused=refused)

    assert likeliest([]) is None
    strict = match("take", 0.8, 0.9)
    lenient = match("words", 0.3, 0.2)
    assert likeliest([strict, lenient]) is lenient
    clear = match("take", 0.99, 0.8)
    assert likeliest([clear, lenient]) is clear
    assert likeliest([match("take", 0.99, 0.5, "a veto"), lenient]) is lenient


def test_unknown_words_are_left_out(library: SoundLibrary, caplog) -> None:
    """A library whose words an encoder cannot place is listened to without them."""
    made = SoundLibrary(library.folder.with_name("other"))
    unknown = TextRecord(written="frobnicating", text="frobnicating")
    mini = create_encoder("mini")
    made.save(
        "x",
        (),
        encoder=mini,
        encoder_spec="mini",
        threshold=0.2,
        budget_per_hour=1.0,
        text=unknown,
    )
    assert made.enrolled(mini).sounds == []
    assert "the words of x do not count" in caplog.text


def test_texts_are_read_once(library: SoundLibrary) -> None:
    """Their embeddings are kept beside the library, so that listening starts without reading."""
    first, second = NamedTones(), NamedTones()
    library.enrolled(first)
    library.enrolled(second)
    assert any("2000 Hz" in text for text in first.read)
    assert second.read == []
    assert (library.folder / "text").is_dir()


def test_bank_peaks_are_the_best_of_each_run() -> None:
    """Any judge of windows may be asked, as the calibration does for words."""
    encoder = create_encoder("mini")
    bank = load_bank(encoder.id)
    assert bank is not None
    judge = named_likeness(TextRecord(written="rain", text="rain"), (), encoder)
    peaks = bank.run_peaks(judge)
    first = int(np.flatnonzero(bank.repeats)[0])  # the first run that is held out
    rows = bank.vectors[bank.runs == first]
    assert peaks[0] == pytest.approx(judge(rows).max())
    assert len(peaks) == len(bank.run_peaks(judge.cosines))
