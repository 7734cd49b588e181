"""Labels as people write them: split at commas, checked, and put into English for an encoder."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from wakeword.errors import ConfigError, NoLabels
from wakeword.labels.glossary import Glossary, glossary

MOST = 1000
"""Largest number of labels in one question."""
LONGEST = 200
"""Characters of a label; encoders ignore the rest of longer texts."""

_SEPARATORS = re.compile("[,\uff0c\u3001;\uff1b\n]")
"""Commas and semicolons, also full-width ones, the Chinese list mark and line breaks."""


def split_labels(text: str) -> list[str]:
    """The labels of a list such as ``"dog barking, car horn"`` or ``"狗叫、门铃"``.

    Every list of labels is read here: options, files, HTTP and vetoes. A separator at the very end
    is ignored; an empty label elsewhere stays, for :func:`checked_labels` to refuse.
    """
    parts = [part.strip() for part in _SEPARATORS.split(text.strip())]
    if len(parts) > 1 and not parts[-1]:
        parts.pop()
    return [] if parts == [""] else parts


def checked_labels(labels: Sequence[str], *, fewest: int = 2) -> tuple[str, ...]:
    """The same labels, stripped, if they are valid together.

    Args:
        labels: as the user wrote them.
        fewest: smallest number of labels; a question has at least two answers.

    Raises:
        ConfigError: too few, too many, empty, too long, twice the same, or in a script
            that is neither Latin nor Chinese.
    """
    if isinstance(labels, str):
        raise ConfigError("labels are a list of texts, not one text; use split_labels")
    if not labels:
        raise NoLabels()
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


Translate = Callable[[Sequence[str]], "list[str] | None"]
"""Translates Chinese texts, each to one English text; returns None without a translator."""


@dataclass(frozen=True)
class Wording:
    """A label and its meaning in English."""

    label: str
    """As the user wrote it."""
    text: str
    """The label in English, without a template around it."""
    how: Literal["written", "glossary", "translated"]
    """``"written"`` by the user, from the ``"glossary"``, or ``"translated"`` by a model."""

    def __str__(self) -> str:
        return self.label if self.how == "written" else f"{self.label} -> {self.text}"


def understand(
    labels: Sequence[str], translate: Translate | None = None, book: Glossary | None = None
) -> tuple[Wording, ...]:
    """Read labels in English or Chinese, in their order.

    Args:
        labels: from :func:`checked_labels`.
        translate: translates Chinese labels that are not in the glossary; None for none.
        book: replaces the glossary that is shipped.

    Raises:
        ConfigError: a Chinese label is unknown, or two labels mean the same.
    """
    book = book or glossary()
    found: dict[str, Wording] = {}
    for label in labels:
        if not is_chinese(label):
            found[label] = Wording(label, label, "written")
        elif english := book.english(label):
            found[label] = Wording(label, english, "glossary")
    unknown = [label for label in labels if label not in found]
    translated = translate(unknown) if unknown and translate else None
    if unknown and translated is None:
        raise _unreadable(unknown[0], book)
    for label, english in zip(unknown, translated or (), strict=True):
        found[label] = Wording(label, english, "translated")
    return _distinct([found[label] for label in labels])


def _unreadable(label: str, book: Glossary) -> ConfigError:
    near = ", ".join(f"{name} ({book.english(name)})" for name in book.nearest(label))
    return ConfigError(
        f"the label {label!r} is not in the glossary; near it are: {near}. Use one of these,"
        " write it in English, or install a translation model (docs/labels.md says how)"
    )


def _distinct(wordings: Sequence[Wording]) -> tuple[Wording, ...]:
    """The same wordings, if no two have the same text."""
    seen: dict[str, Wording] = {}
    for wording in wordings:
        key = wording.text.casefold()
        if key in seen:
            raise ConfigError(
                f"the labels {seen[key].label!r} and {wording.label!r} both mean {wording.text!r};"
                " keep one of them"
            )
        seen[key] = wording
    return tuple(wordings)
