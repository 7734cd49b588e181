"""Sounds that are defined by words: enrolled, fitted, changed and taken elsewhere."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enroll.archive import INDEX, export_sounds, import_sounds
from enroll.changing import EnrollmentResult, remove_take, remove_text, set_text, set_vetoes
from enroll.feedback import add_missed, reject, undo
from enroll.fitting import UNKNOWN_NAMED, Calibration, Evidence, Named, fit_sound
from enroll.negatives import Negatives
from enroll.patterns import add_pattern
from enroll.recalibration import recalibrate
from enroll.reindex import reindex
from enroll.session import Enrollment
from enroll.words import read_text
from wakeword.encoders import create_encoder
from wakeword.engine import Engine
from wakeword.errors import (
    ConfigError,
    EncoderError,
    LibraryError,
    SoundExists,
    TakeRejected,
)
from wakeword.labels import Classifier
from wakeword.library.library import NewSound, SoundLibrary
from wakeword.library.recordings import Example, Take
from wakeword.library.records import TextRecord
from wakeword.protocols import Encoder
from wakeword.scoring.bank import load_bank
from wakeword.testing import RATE, NamedTones, ToneEncoder, frames, noise, placed, tone

TONES = NamedTones()
MINI = create_encoder("mini")
NEAR = np.asarray(tone(2000, 0.5) + tone(5000, 0.5, level_db=-20), np.float32)
"""Something like a tone of 2000 Hz."""


class OtherTones(NamedTones):
    """Another encoder with words."""

    id = "other-tones-1"


def fit(
    takes: Sequence[np.ndarray],
    words: Named | None,
    negatives: Negatives,
    budget: float,
    floor: float | None = None,
) -> Calibration:
    """The fit of takes, words or both."""
    return fit_sound(Evidence(takes, negatives, budget, words, threshold_floor=floor))


def fit_of(
    takes: Sequence[np.ndarray],
    words: Named | None,
    negatives: Negatives,
    budget: float,
    floor: float | None = None,
) -> Calibration:
    """The fit of takes, words or both."""
    return fit_sound(Evidence(takes, negatives, budget, words, threshold_floor=floor))


def text_of(written: str, encoder: Encoder = TONES) -> TextRecord:
    """A text that was read."""
    return read_text(written, Classifier(encoder))


def take(hz: float, seconds: float = 0.4) -> Take:
    """A take of a tone."""
    edge = np.zeros(RATE // 2, np.float32)
    samples = np.concatenate([edge, tone(hz, seconds), edge]) + noise(1.0 + seconds, level_db=-70)
    return Take(samples, RATE, RATE // 2, len(samples) - RATE // 2, -20.0, 50.0)


def enroll(
    library: SoundLibrary,
    name: str,
    *takes: Take,
    text: str = "",
    encoder: Encoder = TONES,
    budget: float = 0.5,
    replace: bool = False,
) -> EnrollmentResult:
    """Enroll takes, words or both."""
    enrollment = Enrollment(
        library,
        encoder,
        encoder.id,
        name,
        text=text_of(text, encoder) if text else None,
        budget_per_hour=budget,
        replace=replace,
    )
    for one in takes:
        enrollment.add(one)
    return enrollment.finish()


def heard(library: SoundLibrary, *hz: float, encoder: Encoder = TONES) -> list[tuple[str, bool]]:
    """Sound of each event, and whether a take decided: of tones two seconds apart."""
    places: Sequence[tuple[float, np.ndarray]] = [
        (1.0 + 2 * i, tone(each, 0.5)) for i, each in enumerate(hz)
    ]
    engine = Engine(library, encoder)
    stream = placed(noise(2.0 + 2 * len(hz)), *places)
    events = [event for frame in frames(stream, 1600) for event in engine.push(frame)]
    return [(event.sound, bool(event.take)) for event in [*events, *engine.flush()]]


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A sound in words."""
    made = SoundLibrary(tmp_path / "library")
    enroll(made, "high", text="2000 Hz")
    return made


# -- reading and fitting ----------------------------------------------------------------------


def test_what_was_written_and_understood_is_kept() -> None:
    """Chinese goes through the glossary, English stays as it is."""
    assert text_of(" Glass  breaking", MINI).model_dump() == {
        "written": "Glass breaking",
        "text": "Glass breaking",
        "how": "written",
        "offset": 0.0,
    }
    chinese = text_of("狗叫", MINI)
    assert (chinese.written, chinese.text, chinese.how) == ("狗叫", "dog barking", "glossary")
    assert str(chinese) == "狗叫 -> dog barking"


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("", ConfigError, "empty"),
        ("!!", ConfigError, "no words"),
        ("a" * 201, ConfigError, "characters"),
        ("狗的什么什么", ConfigError, "not in the glossary"),
        ("frobnicating", EncoderError, "nearest that it knows"),
    ],
)
def test_words_that_mean_nothing_are_refused(text: str, error: type[Exception], says: str) -> None:
    """With the errors that labels give."""
    with pytest.raises(error, match=says):
        text_of(text, MINI)


def test_threshold_of_words_is_fitted_to_the_budget() -> None:
    """About as often as the budget allows is everyday sound as much like the words."""
    bank = load_bank(MINI.id)
    assert bank is not None
    named = Named(text_of("dog barking", MINI), (), MINI)
    thresholds = []
    for budget in (0.5, 5.0, 20.0):
        fit = fit_of([], named, Negatives(bank=bank), budget)
        assert fit.false_alarms_per_hour == pytest.approx(budget, rel=0.25)
        assert fit.miss_rate is None
        assert fit.verifier is None
        over = set(bank.runs[named.likeness()(bank.vectors) >= fit.threshold])
        strange = [run for run in over if bank.names[run] not in {"dog", "bark", "dog barking"}]
        assert len(strange) <= 2 + 1.2 * budget * bank.seconds / 3600  # the tail is smoothed
        thresholds.append(fit.threshold)
    assert thresholds == sorted(thresholds, reverse=True)


def test_what_the_words_mean_is_no_false_alarm() -> None:
    """Everyday sound holds dogs too; without those that are called so the threshold is lower."""
    bank = load_bank(MINI.id)
    assert bank is not None
    assert "dog" in bank.names
    named = Named(text_of("dog barking", MINI), (), MINI)
    nameless = Negatives(bank=replace(bank, names=()))
    fit = fit_of([], named, Negatives(bank=bank), 2.0)
    assert fit.threshold < fit_of([], named, nameless, 2.0).threshold
    all_of_it = replace(bank, names=("dog",) * len(bank.names))
    without = fit_of([], named, Negatives(bank=all_of_it), 2.0)
    assert without.threshold == round(UNKNOWN_NAMED, 4)
    assert without.false_alarms_per_hour is None


def test_room_and_rejected_examples_stay_below_the_threshold() -> None:
    """As for sounds with takes."""
    named = Named(text_of("2000 Hz"), (), TONES)
    near = TONES.embed([tone(2000, 0.5) + tone(3000, 0.5, level_db=-22)] * 3)
    score = float(named.likeness()(near)[0])
    assert score > fit_of([], named, Negatives(), 0.5).threshold == round(UNKNOWN_NAMED, 4)
    room = Negatives(ambient=[near], ambient_seconds=600.0)
    assert fit_of([], named, room, 0.5).threshold > score
    assert fit_of([], named, Negatives(rejected=[near]), 0.5).threshold > score
    assert fit_of([], named, Negatives(), 0.5, 0.8).threshold == 0.8


def test_takes_and_words_share_a_threshold_and_the_budget() -> None:
    """Each uses half of the budget, and the words' score is shifted to the takes' threshold."""
    bank = load_bank(MINI.id)
    negatives = Negatives(bank=bank)
    rng = np.random.default_rng(0)
    takes = [MINI.embed([tone(900, 0.5) + rng.normal(0, s, 8000).astype("f4")]) for s in (0.01,)]
    takes = [np.tile(rows, (1, 2)) for rows in takes]
    named = Named(text_of("dog barking", MINI), (), MINI)
    alone = fit_of(takes, None, negatives, 2.0)
    words = fit_of([], named, negatives, 2.0)
    both = fit_of(takes, named, negatives, 4.0)
    assert both.threshold == alone.threshold
    assert both.text is not None
    assert both.text.offset == pytest.approx(alone.threshold - words.threshold)
    assert both.false_alarms_per_hour == pytest.approx(
        (alone.false_alarms_per_hour or 0) + (words.false_alarms_per_hour or 0)
    )


# -- in the library ---------------------------------------------------------------------------


def test_words_alone_are_a_sound(library: SoundLibrary) -> None:
    """Enrolled without a take, listed, and heard."""
    sound = library.get("high")
    assert not sound.takes
    assert sound.text is not None
    assert sound.text.written == "2000 Hz"
    assert heard(library, 2000, 440) == [("high", False)]
    library.rename("high", "pling")
    assert heard(library, 2000) == [("pling", False)]
    library.remove("pling")
    assert library.sounds() == []


def test_it_is_told_that_misses_are_unknown(tmp_path: Path) -> None:
    """Nobody knows how well words fit before they are tried."""
    result = enroll(SoundLibrary(tmp_path), "high", text="2000 Hz")
    assert [finding.code for finding in result.findings] == ["words_only"]
    assert result.calibration.miss_rate is None


def test_takes_and_words_in_one_go(tmp_path: Path) -> None:
    """Either wakes; what the words alone would miss of the takes is told."""
    library = SoundLibrary(tmp_path)
    result = enroll(library, "both", *map(take, (440, 445, 450)), text="2000 Hz")
    assert len(result.sound.takes) == 3
    assert result.sound.text is not None
    assert "words_miss" in [finding.code for finding in result.findings]
    assert heard(library, 440, 2000, 5000) == [("both", True), ("both", False)]


def test_a_sound_without_takes_or_words_is_no_sound(tmp_path: Path) -> None:
    """And patterns count takes."""
    library = SoundLibrary(tmp_path)
    with pytest.raises(TakeRejected, match="no take"):
        enroll(library, "nothing")
    enroll(library, "high", text="2000 Hz")
    with pytest.raises(TakeRejected, match="needs takes"):
        add_pattern(library, TONES, "high", "2")


def test_words_are_added_and_removed(tmp_path: Path) -> None:
    """An enrolled sound gets words beside its takes; without them it is as before."""
    library = SoundLibrary(tmp_path)
    before = enroll(library, "low", *map(take, (440, 445, 450))).sound
    result = set_text(library, TONES, "LOW", text_of("2000 Hz"))
    assert result.sound.takes == before.takes
    assert heard(library, 440, 2000) == [("low", True), ("low", False)]
    with pytest.raises(SoundExists, match="already defined by the words '2000 Hz'"):
        set_text(library, TONES, "low", text_of("5000 Hz"))
    set_text(library, TONES, "low", text_of("5000 Hz"), replace=True, budget_per_hour=2.0)
    assert library.get("low").budget_per_hour == 2.0
    assert heard(library, 2000, 5000) == [("low", False)]
    sound = remove_text(library, TONES, "low").sound
    assert sound.text is None
    assert sound.takes == before.takes
    assert heard(library, 440, 5000) == [("low", True)]
    with pytest.raises(TakeRejected, match="no words"):
        remove_text(library, TONES, "low")


def test_the_only_words_cannot_be_removed(library: SoundLibrary) -> None:
    """Nothing would be left."""
    with pytest.raises(TakeRejected, match="remove the sound"):
        remove_text(library, TONES, "high")


def test_takes_join_words(library: SoundLibrary) -> None:
    """Enrolling takes under the name of words keeps the words, what was rejected, and vetoes."""
    reject(library, TONES, "high", Example(NEAR, RATE, 0.5))
    set_vetoes(library, TONES, "high", ["5000 Hz"])
    result = enroll(library, "high", *map(take, (440, 445, 450)))
    assert len(result.sound.takes) == 3
    assert result.sound.text is not None
    assert result.sound.text.written == "2000 Hz"
    assert len(result.sound.rejected) == 1
    assert [veto.label for veto in result.sound.vetoes] == ["5000 Hz"]
    assert heard(library, 440, 2000) == [("high", True), ("high", False)]
    with pytest.raises(SoundExists, match="already"):
        enroll(library, "high", take(440))


def test_a_take_may_go_if_words_stay(tmp_path: Path) -> None:
    """The last take of a sound with words can be removed."""
    library = SoundLibrary(tmp_path)
    enroll(library, "both", take(440), text="2000 Hz")
    (file,) = [take.file for take in library.get("both").takes]
    sound = remove_take(library, TONES, "both", file).sound
    assert not sound.takes
    assert sound.text is not None
    assert sound.text.offset == 0
    assert heard(library, 440, 2000) == [("both", False)]


# -- what is said of it -----------------------------------------------------------------------


def test_not_that_and_undo(library: SoundLibrary) -> None:
    """A rejected example raises the threshold above itself; taking it back lowers it again."""
    before = library.get("high").threshold
    result = reject(library, TONES, "high", Example(NEAR, RATE, 0.5))
    assert result.sound.threshold > before
    score = library.enrolled(TONES).scores(TONES.embed([NEAR])[0])["high"]
    assert score < result.sound.threshold
    assert heard(library, 2000) == [("high", False)]
    assert undo(library, TONES, "high").sound.threshold == before


def test_you_missed_me_and_undo(library: SoundLibrary) -> None:
    """A missed recording becomes a take beside the words; taken back, the words are as before."""
    before = library.get("high")
    add_missed(library, TONES, "high", [take(440)])
    assert heard(library, 440, 2000) == [("high", True), ("high", False)]
    assert undo(library, TONES, "high").sound == before


def test_vetoes_compete(library: SoundLibrary) -> None:
    """What is likelier to be the veto does not wake."""
    near = text_of("2000 Hz")
    set_text(library, TONES, "high", near, replace=True)
    sound = set_vetoes(library, TONES, "high", ["5000 Hz"])
    assert [veto.label for veto in sound.vetoes] == ["5000 Hz"]
    assert heard(library, 2000, 5000) == [("high", False)]


def test_other_budget(tmp_path: Path) -> None:
    """Words are calibrated like takes."""
    library = SoundLibrary(tmp_path)
    strict = enroll(library, "dog", text="dog barking", encoder=MINI).sound
    (lenient,) = recalibrate(library, MINI, budgets={"dog": 10.0})
    assert lenient.after.threshold < strict.threshold
    assert lenient.after.budget_per_hour == 10.0


# -- elsewhere --------------------------------------------------------------------------------


def test_another_encoder_reads_the_words_anew(library: SoundLibrary) -> None:
    """The library is moved to another encoder with words, and listens on."""
    other = OtherTones()
    assert set(reindex(library, other, "other")) == {"high"}
    assert heard(library, 2000, encoder=other) == [("high", False)]


@pytest.mark.parametrize("takes", [0, 1])
def test_an_encoder_that_does_not_know_them_changes_nothing(tmp_path: Path, takes: int) -> None:
    """An error that names the sound, before anything is written."""
    library = SoundLibrary(tmp_path)
    enroll(library, "high", *[take(440)] * takes, text="2000 Hz")
    for encoder in (ToneEncoder(), MINI):
        with pytest.raises(EncoderError, match="cannot use the words of 'high'"):
            reindex(library, encoder, "another")
    assert heard(library, 2000) == [("high", False)]


def test_out_and_in(library: SoundLibrary, tmp_path: Path) -> None:
    """Words go into the file and come out of it as they were, with takes and without."""
    enroll(library, "both", take(440), text="5000 Hz")
    export_sounds(library, [], tmp_path / "sounds.zip")
    copy = SoundLibrary(tmp_path / "copy")
    import_sounds(copy, tmp_path / "sounds.zip", TONES, "named")
    assert [sound.text for sound in copy.sounds()] == [sound.text for sound in library.sounds()]
    assert [s.threshold for s in copy.sounds()] == [s.threshold for s in library.sounds()]
    assert heard(copy, 440, 2000, 5000) == heard(library, 440, 2000, 5000)
    other = SoundLibrary(tmp_path / "other")
    import_sounds(other, tmp_path / "sounds.zip", OtherTones(), "other")
    assert heard(other, 2000, encoder=OtherTones()) == [("high", False)]
    with pytest.raises(EncoderError, match="cannot use the words of 'both'"):
        import_sounds(SoundLibrary(tmp_path / "none"), tmp_path / "sounds.zip", MINI, "mini")


@pytest.mark.parametrize("text", [None, {"written": "a\x1b[2J", "text": "x"}, {"written": ""}])
def test_damaged_words_do_not_come_in(
    library: SoundLibrary, tmp_path: Path, text: dict[str, str] | None
) -> None:
    """A sound without takes needs words, and words are looked at like labels."""
    path = tmp_path / "sounds.zip"
    export_sounds(library, [], path)
    with zipfile.ZipFile(path) as archive:
        index = json.loads(archive.read(INDEX))
    index["sounds"][0]["text"] = text
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(INDEX, json.dumps(index))
    with pytest.raises(LibraryError, match="damaged"):
        import_sounds(SoundLibrary(tmp_path / "copy"), path, TONES, "named")


def test_takes_join_the_words_as_they_are_by_then(library: SoundLibrary) -> None:
    """Words that changed between the first take and the end are not set back."""
    enrollment = Enrollment(library, TONES, TONES.id, "high")
    enrollment.add(take(2000))
    set_text(library, TONES, "high", text_of("5000 Hz"), replace=True)
    sound = enrollment.finish().sound
    assert sound.text is not None
    assert (sound.text.written, len(sound.takes)) == ("5000 Hz", 1)


def test_takes_that_came_first_stay(library: SoundLibrary) -> None:
    """Of two that enroll takes for the same words, the later one is told."""
    one, other = (Enrollment(library, TONES, TONES.id, "high") for _ in range(2))
    one.add(take(2000))
    other.add(take(2100))
    before = library.get("high")
    sound = one.finish().sound
    with pytest.raises(SoundExists, match="high"):
        other.finish()
    with pytest.raises(SoundExists, match="high"):
        library.store(
            [NewSound(before, {})], encoder=TONES, encoder_spec=TONES.id, instead_of=before
        )
    assert library.get("high") == sound
