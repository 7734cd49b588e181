from __future__ import annotations

import pytest

from wakeword.errors import ConfigError
from wakeword.labels.wording import (
    LONGEST,
    MOST,
    checked_labels,
    is_chinese,
    split_labels,
)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("dog barking, car horn", ["dog barking", "car horn"]),
        ("  dog barking ,car horn,  ", ["dog barking", "car horn"]),
        ("狗叫，门铃、下雨", ["狗叫", "门铃", "下雨"]),  # noqa: RUF001 - so it is typed
        ("狗叫; rain；wind\nsnow", ["狗叫", "rain", "wind", "snow"]),  # noqa: RUF001
        ("rain", ["rain"]),
        ("", []),
        ("   ", []),
        ("a,,b", ["a", "", "b"]),
        (",a", ["", "a"]),
        (",", []),
    ],
)
def test_lists_are_split(text, labels):
    """At commas of both scripts, Chinese list marks, semicolons and line ends."""
    assert split_labels(text) == labels


def test_good_labels_are_stripped_and_kept():
    """Order and words stay, spaces around and within do not."""
    assert checked_labels([" dog  barking ", "门铃"]) == ("dog barking", "门铃")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([], "no labels"),
        (["rain"], "only label"),
        (["rain", "Rain "], "twice"),
        (["rain", "ｒａｉｎ"], "twice"),  # noqa: RUF001 - full-width letters are meant
        (["rain", "  "], "label 2 is empty"),
        (["rain", "x" * (LONGEST + 1)], "characters"),
        (["rain", "дождь"], "script"),
        (["rain", "雨の音"], "script"),
        (["rain", "🐶"], "no words"),
        (["rain", "123"], "no words"),
        (["rain", "wi\x07nd"], "control"),
        (["rain", 7], "not a text"),
        ([f"label {n}" for n in range(10_000)], "too many"),
        ("rain", "not one text"),
    ],
)
def test_bad_labels_are_told(labels, message):
    """Whatever makes no sense is an error that says what and where."""
    with pytest.raises(ConfigError, match=message):
        checked_labels(labels)


def test_what_is_borne():
    """Accents, digits and punctuation are words' business; one label where one is enough."""
    assert len(checked_labels(["café noise", "alarm 2 (loud)", "tick-tock"])) == 3
    assert checked_labels(["rain"], fewest=1) == ("rain",)
    assert len(checked_labels([f"label {n}" for n in range(MOST)])) == MOST


def test_chinese_is_told_from_english():
    """One Chinese character is enough."""
    assert is_chinese("狗 barking")
    assert not is_chinese("dog barking")
