from __future__ import annotations

import pytest

from wakeword.errors import ConfigError
from wakeword.labels.wording import Wording, understand


def test_english_stays_as_it_is():
    """Words in English are not touched."""
    (found,) = understand(["Dog barking"])
    assert found == Wording("Dog barking", "Dog barking", "written")
    assert str(found) == "Dog barking"


def test_the_glossary_comes_before_the_translator():
    """A translator is asked only for what is not in the table, and all at once."""
    asked = []

    def translate(texts):
        asked.append(list(texts))
        return [f"translated {len(text)}" for text in texts]

    found = understand(["狗叫", "火星车", "rain", "量子"], translate)
    assert asked == [["火星车", "量子"]]
    assert [w.how for w in found] == ["glossary", "translated", "written", "translated"]
    assert str(found[0]) == "狗叫 -> dog barking"


@pytest.mark.parametrize("translate", [None, lambda texts: None])
def test_unknown_chinese_is_an_error_that_helps(translate):
    """Without a translator, near names and the ways out are told."""
    with pytest.raises(ConfigError, match=r"火车.*write it in English"):
        understand(["火星车", "狗叫"], translate)


def test_two_labels_that_mean_the_same():
    """They would share one score between them."""
    with pytest.raises(ConfigError, match="both mean 'dog barking'"):
        understand(["狗叫", "狗吠"])
    with pytest.raises(ConfigError, match="both mean"):
        understand(["Dog Barking", "狗叫"])
