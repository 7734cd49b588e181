from __future__ import annotations

import pytest

from wakeword.errors import ConfigError
from wakeword.labels.accuracy import confusion
from wakeword.labels.classifier import NONE


def test_figures_by_hand():
    """Accuracy, precision and recall of a small example."""
    truth = ["a", "a", "a", "b", "b", NONE]
    found = ["a", "a", "b", "b", NONE, "a"]
    result = confusion(truth, found, ["a", "b", "c"])
    assert result.accuracy == 0.5
    assert result.recall("a") == pytest.approx(2 / 3)
    assert result.precision("a") == pytest.approx(2 / 3)
    assert result.recall("b") == result.precision("b") == 0.5
    assert (result.recall("c"), result.precision("c")) == (None, None)
    assert (result.recall(NONE), result.precision(NONE)) == (0.0, 0.0)
    about = result.as_json()
    assert about["confusion"]["a"] == {"a": 2, "b": 1, "c": 0, NONE: 0}
    assert sum(sum(row.values()) for row in about["confusion"].values()) == about["clips"] == 6
    assert about["labels"]["a"] == {"clips": 3, "precision": 0.6667, "recall": 0.6667}


def test_none_of_these_is_left_out_where_it_does_not_occur():
    """A closed question has no such column."""
    assert confusion(["a", "b"], ["a", "a"], ["a", "b"]).rows == ("a", "b")


@pytest.mark.parametrize(("truth", "found"), [([], []), (["a"], []), (["a"], ["x"])])
def test_what_cannot_be_counted(truth, found):
    """Nothing, unequal lengths and unknown labels are errors."""
    with pytest.raises(ConfigError):
        confusion(truth, found, ["a"])
