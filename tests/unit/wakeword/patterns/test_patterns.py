"""Counts and rhythms: which beats make which pattern."""

from __future__ import annotations

import pytest

from wakeword.library.records import PatternRecord, SoundRecord, TakeRecord
from wakeword.patterns.pattern import Pattern, SoundPatterns

TWO, THREE = Pattern("two", 2), Pattern("three", 3)
SECRET = Pattern("secret", 4, (0.2, 0.45, 0.2))


def test_a_count_is_exact_at_any_pace() -> None:
    """Two is two, not one and not three, whatever lies between them."""
    assert TWO.fits([0.15])
    assert TWO.fits([0.6])
    assert not TWO.fits([])
    assert not TWO.fits([0.2, 0.2])


@pytest.mark.parametrize("tempo", [0.7, 1.0, 1.5])
def test_a_rhythm_fits_at_other_tempos(tempo: float) -> None:
    """The same rhythm is known slower and faster, with small slips."""
    assert SECRET.fits([0.21 * tempo, 0.44 * tempo, 0.19 * tempo])


@pytest.mark.parametrize(
    "gaps", [(0.28, 0.28, 0.28), (0.45, 0.2, 0.2), (0.2, 0.45), (0.05, 0.11, 0.05)]
)
def test_another_rhythm_does_not_fit(gaps: tuple[float, ...]) -> None:
    """Even beats, the pause elsewhere, a beat too few, or far too fast: not the rhythm."""
    assert not SECRET.fits(gaps)


def test_a_rhythm_comes_before_a_count() -> None:
    """Where both fit the rhythm is meant, and the longest wait holds for all."""
    four = Pattern("four", 4, wait_seconds=0.9)
    patterns = SoundPatterns((four, SECRET), 0.1)
    assert patterns.matching([0.2, 0.45, 0.2]) is SECRET
    assert patterns.matching([0.3, 0.3, 0.3]) is four
    assert patterns.matching([0.3]) is None
    assert patterns.wait_seconds == 0.9


def test_patterns_of_a_library_have_names() -> None:
    """Without a name of its own, a pattern is called after the sound."""
    take = TakeRecord(
        file="0" * 16 + ".flac",
        seconds=1,
        start_seconds=0.3,
        end_seconds=0.5,
        level_db=-20,
        snr_db=40,
    )
    sound = SoundRecord(
        name="clap",
        threshold=0.5,
        budget_per_hour=0.5,
        takes=(take,),
        patterns=(
            PatternRecord(beats=2, wait_seconds=0.7),
            PatternRecord(name="off", beats=3, wait_seconds=0.7),
            PatternRecord(beats=3, gaps_seconds=(0.2, 0.4), wait_seconds=0.8),
        ),
    )
    patterns = SoundPatterns.of(sound)
    assert patterns is not None
    assert [pattern.name for pattern in patterns.patterns] == ["clap x2", "off", "clap rhythm"]
    assert sound.events == ("clap x2", "off", "clap rhythm")
    assert patterns.length_seconds == pytest.approx(0.2)
    assert sound.window_budget_per_hour > sound.budget_per_hour
    assert SoundPatterns.of(sound.model_copy(update={"patterns": ()})) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"beats": 1},
        {"beats": 3, "gaps_seconds": (0.2,)},
        {"beats": 2, "gaps_seconds": (0.9,)},
        {"beats": 2, "name": "a=b"},
    ],
)
def test_a_pattern_that_makes_no_sense_is_no_record(wrong: dict[str, object]) -> None:
    """One beat, gaps that do not fit, a gap longer than the wait, a name that cannot be used."""
    with pytest.raises(ValueError, match=r"beats|gap|hold"):
        PatternRecord.model_validate({"wait_seconds": 0.7, **wrong})
