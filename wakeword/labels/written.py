"""Labels as people write them: split at commas, stripped and looked at."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from wakeword.errors import ConfigError

MOST = 1000
"""More labels than this are a mistake, not a question."""
LONGEST = 200
"""Characters; a longer label is a story, and no encoder reads it to its end."""

_SEPARATORS = re.compile("[,\uff0c\u3001;\uff1b\n]")
"""Commas and semicolons, full-width ones and the Chinese list mark too."""


def split_labels(text: str) -> list[str]:
    """The labels of a list such as ``"dog barking, car horn"`` or ``"狗叫、门铃"``.

    Only a separator at the very end may have nothing behind it. What the labels are worth is
    for :func:`checked_labels` to say.
    """
    parts = [part.strip() for part in _SEPARATORS.split(text.strip())]
    if len(parts) > 1 and not parts[-1]:
        parts.pop()
    return [] if parts == [""] else parts


def checked_labels(labels: Sequence[str], *, fewest: int = 2) -> tuple[str, ...]:
    """The same labels, stripped, once they make sense together.

    Args:
        labels: as the user wrote them.
        fewest: how many there must be; a question has two answers at least.

    Raises:
        ConfigError: too few, too many, empty, too long, twice the same, or in a script
            that is neither Latin nor Chinese.
    """
    if isinstance(labels, str):
        raise ConfigError("labels are a list of texts, not one text; use split_labels")
    if not labels:
        raise ConfigError('no labels are given; name some, e.g. --labels "dog barking, car horn"')
    if len(labels) > MOST:
        raise ConfigError(f"{len(labels):,} labels are too many; the most is {MOST:,}")
    checked = tuple(_checked(label, number) for number, label in enumerate(labels, start=1))
    if len(checked) < fewest:
        raise ConfigError(
            f"{checked[0]!r} is the only label, and one label has nothing to be compared with;"
            " name what else it may be, e.g. 'dog barking, speech, music'"
        )
    seen: dict[str, str] = {}
    for label in checked:
        key = " ".join(unicodedata.normalize("NFKC", label).casefold().split())
        if key in seen:
            raise ConfigError(f"the label {label!r} is there twice; name each only once")
        seen[key] = label
    return checked


def is_chinese(text: str) -> bool:
    """Whether there is a Chinese character in it."""
    return any("CJK" in unicodedata.name(character, "") for character in text)


def _checked(label: object, number: int) -> str:
    if not isinstance(label, str):
        raise ConfigError(f"label {number} is not a text but {type(label).__name__}")
    text = " ".join(label.split())
    if not text:
        raise ConfigError(f"label {number} is empty; is there a comma too many?")
    if len(text) > LONGEST:
        raise ConfigError(
            f"label {number} ({text[:30]!r}...) has {len(text):,} characters; a label is a few"
            f" words, {LONGEST} characters at most"
        )
    letters = 0
    for character in text:
        if unicodedata.category(character)[0] == "C":
            raise ConfigError(f"label {number} ({text[:30]!r}) holds a control character")
        if character.isalpha():
            letters += 1
            if not _supported(character):
                raise ConfigError(
                    f"the label {text[:30]!r} is in a script that is not understood"
                    f" ({character!r}); write labels in English or Chinese"
                )
    if not letters:
        raise ConfigError(f"the label {text[:30]!r} has no words in it")
    return text


def _supported(character: str) -> bool:
    name = unicodedata.name(character, "")
    return any(script in name for script in ("LATIN", "CJK", "IDEOGRAPHIC"))
