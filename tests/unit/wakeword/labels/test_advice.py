from __future__ import annotations

import numpy as np
import pytest

from wakeword.encoders import create_encoder
from wakeword.labels import Classifier
from wakeword.labels.advice import check, improved
from wakeword.testing import NamedTones

SOUNDS = "glass breaking|smoke alarm|dog barking|rain|sneezing|typing|helicopter|music|church bell"


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier(create_encoder("mini"))


def kinds(remarks) -> dict[str, tuple[str, ...]]:
    return {remark.kind: remark.labels for remark in remarks}


def test_good_labels_get_no_remark(classifier):
    """Three noun phrases for different sounds are fine, in either language."""
    assert check(["glass breaking", "smoke alarm", "dog barking"], classifier) == []
    assert check(["玻璃破碎", "烟雾报警器", "狗叫"], classifier) == []


@pytest.mark.parametrize(("count", "kind"), [(1, "few"), (2, "few"), (9, "many"), (3, None)])
def test_the_number_of_labels(classifier, count, kind):
    """Fewer than three and more than eight are remarked on."""
    labels = SOUNDS.split("|")
    found = kinds(check(labels[:count], classifier))
    assert ("few" in found, "many" in found) == (kind == "few", kind == "many")


def test_bare_things_are_replaced(classifier):
    """The advice is a list that gets no such remark any more."""
    labels = ["dog barking", "glass", "noise", "门"]
    remarks = check(labels, classifier)
    found = kinds(remarks)
    assert {r.labels[0] for r in remarks if r.kind == "bare"} == {"glass", "门"}
    assert found.get("unknown", found.get("vague")) == ("noise",)
    better = improved(labels, remarks)
    assert better[:2] == ["dog barking", "glass breaking"]
    assert "摔门" in better


def test_the_same_sound_twice(classifier):
    """Two words for one sound: one of them goes."""
    remarks = check(["dog barking", "barking dog", "rain"], classifier)
    assert kinds(remarks) == {"same": ("dog barking", "barking dog")}
    assert improved(["dog barking", "barking dog", "rain"], remarks) == ["dog barking", "rain"]


def test_nearly_the_same_gets_a_third(classifier):
    """Two labels that the encoder hardly tells apart get a third that it does."""
    remarks = check(["glass breaking", "glass clink", "smoke alarm"], classifier)
    assert kinds(remarks) == {"alike": ("glass breaking", "glass clink")}
    (third,) = [r.instead for r in remarks]
    text = classifier.embed_text(["glass breaking", "glass clink", third])
    assert max(text[2] @ text[0], text[2] @ text[1]) < 0.6


def test_two_of_a_family_get_a_third(classifier):
    """Vacuum cleaner or hair dryer: with a third motor neither wins by default."""
    remarks = check(["vacuum cleaner", "hair dryer", "dog barking"], classifier)
    assert kinds(remarks) == {"family": ("vacuum cleaner", "hair dryer")}
    better = improved(["vacuum cleaner", "hair dryer", "dog barking"], remarks)
    assert len(better) == 4
    assert check(better, classifier) == []


def test_a_third_is_found_by_the_text_itself():
    """An encoder that reads any text is asked which everyday sound lies nearest."""

    class Near(NamedTones):
        id = "near-1"

        def embed_text(self, labels):
            angle = {"zing": 0.0, "zang": 0.2, "gong": 1.3}
            found = np.zeros((len(labels), self.dim), np.float32)
            for row, label in enumerate(labels):
                word = label.removeprefix("This is a sound of ").rstrip(".")
                turn = angle.get(word)
                if turn is None:
                    found[row, 2 + sum(word.encode()) % 14] = 1.0
                else:
                    found[row, :2] = np.cos(turn), np.sin(turn)
            return found

    (remark,) = check(["zing", "zang", "zong"], Classifier(Near()))
    assert (remark.kind, remark.labels, remark.instead) == ("alike", ("zing", "zang"), "gong")


def test_unknown_labels_do_not_stop_the_rest(classifier):
    """What the encoder does not know is one remark, the others get theirs."""
    found = kinds(check(["xyzzy", "glass", "火星车"], classifier))
    assert {"unknown", "bare"} <= set(found)
