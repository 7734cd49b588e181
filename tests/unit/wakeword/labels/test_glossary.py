from __future__ import annotations

import pytest

from wakeword.encoders import create_encoder
from wakeword.errors import ConfigError
from wakeword.labels import glossary as module
from wakeword.labels.glossary import glossary
from wakeword.labels.prompts import BACKGROUND


def test_it_is_large_and_unambiguous():
    """More than 150 sounds with names in both languages, no Chinese name twice."""
    book = glossary()
    assert len(book.entries) >= 150
    assert all(entry.en and entry.zh and entry.classes for entry in book.entries)
    written = [name for entry in book.entries for name in entry.zh]
    assert len(book.names) == len(written) == len(set(written)) >= 380


def test_mini_hears_the_same_in_both_languages():
    """The English words of a Chinese name mean the same classes to mini as the name itself."""
    table = create_encoder("mini")._labels  # type: ignore[attr-defined]
    for entry in glossary().entries:
        for name, english in entry.zh.items():
            classes = {table.classes[row] for row in table.rows(english)}
            assert classes == set(entry.classes), (name, english)


@pytest.mark.parametrize(
    ("label", "english"),
    [
        ("玻璃破碎", "glass breaking"),
        ("玻璃破碎的声音", "glass breaking"),
        ("远处的狗叫声", "dog barking"),
        (" 狗叫！", "dog barking"),  # noqa: RUF001 - full-width signs are meant
        ("一阵掌声", "clapping"),
        ("火星车", None),
        ("声音", None),
        ("", None),
    ],
)
def test_chinese_is_looked_up(label, english):
    """Exactly, or without what is around a name; nothing is guessed."""
    assert glossary().english(label) == english


def test_the_way_back():
    """An English name has a Chinese one."""
    assert glossary().chinese("glass breaking") == "玻璃破碎"
    assert glossary().chinese("Dog") == "狗"
    assert glossary().chinese("crying baby") == "婴儿哭"
    assert glossary().chinese("quantum flux") is None


def test_near_misses_are_offered():
    """Names that share characters come first."""
    assert any("狗" in name for name in glossary().nearest("小狗狗叫唤"))


def test_a_damaged_file_is_told(tmp_path, monkeypatch):
    """A file that is missing or no glossary is an error with a next step."""
    path = tmp_path / "glossary.json"
    monkeypatch.setattr(module, "asset", lambda *parts: path)
    for content in (None, "{", '{"entries": [{}]}'):
        if content:
            path.write_text(content)
        with pytest.raises(ConfigError, match="install Wakesound again"):
            glossary.__wrapped__()


def test_background_prompts_are_known_to_mini():
    """What competes with every label has a place in every encoder."""
    assert create_encoder("mini").embed_text(BACKGROUND).shape[0] == len(BACKGROUND)
