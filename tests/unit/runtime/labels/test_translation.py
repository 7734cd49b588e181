from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runtime.labels.classifier import (
    VARIABLE,
    Translator,
    find_translator,
    label_of,
)
from wakeword.errors import ConfigError, EncoderError, MissingExtra


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny translation model."""
    for package in ("torch", "transformers", "sentencepiece"):
        pytest.importorskip(package, reason="needs the translate extra")
    from tests.marian_checkpoint import build

    return build(tmp_path_factory.mktemp("marian"))


def test_a_real_model_translates(checkpoint: Path) -> None:
    """A Marian in a folder gives English words, the same each time and in any company."""
    translator = Translator(checkpoint)
    rover, quantum = translator(["火星车", "量子波动"])
    assert rover.isascii()
    assert rover == rover.strip()
    assert Translator(checkpoint)(["量子波动", "狗叫", "火星车"])[::2] == [quantum, rover]


def test_labels_go_through_it(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not in the glossary is translated, and that is said."""
    from runtime.labels.classifier import make_classifier
    from wakeword.testing import NamedTones

    monkeypatch.setenv(VARIABLE, str(checkpoint))
    rover, dog = make_classifier(NamedTones()).understand(["火星车", "狗叫"])
    assert (rover.how, dog.how) == ("translated", "glossary")
    assert str(rover) == f"火星车 -> {rover.text}"


def test_a_folder_that_is_no_model(tmp_path: Path) -> None:
    """An error that names the folder."""
    pytest.importorskip("transformers", reason="needs the translate extra")
    pytest.importorskip("sentencepiece", reason="needs the translate extra")
    with pytest.raises(EncoderError, match=str(tmp_path)):
        Translator(tmp_path)(["火星车"])


def test_packages_that_are_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the extra to install."""
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(MissingExtra, match=r"wakesound\[translate\]"):
        Translator(tmp_path)(["火星车"])


def test_none_is_found_where_none_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a model nothing is translated; one that is named must be there."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr("wakeword.embedding.weights.cached", lambda name: None)
    assert find_translator() is None
    monkeypatch.setenv(VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(ConfigError, match=VARIABLE):
        find_translator()
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    found = find_translator()
    assert found is not None
    assert found.folder == tmp_path


@pytest.mark.parametrize(
    ("sentence", "label"),
    [
        ("Glass breaking.", "glass breaking"),
        ("The sound of a drum", "sound of a drum"),
        ("A dog barks!", "dog barks"),
        ("TV noise", "TV noise"),
        (" . ", ""),
    ],
)
def test_sentences_become_labels(sentence: str, label: str) -> None:
    """No article, full stop or capital is left of a translator's sentence."""
    assert label_of(sentence) == label
