"""What a label was understood as: the English words that an encoder is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from wakeword.errors import ConfigError
from wakeword.labels.glossary import Glossary, glossary
from wakeword.labels.written import is_chinese

Translate = Callable[[Sequence[str]], "list[str] | None"]
"""Chinese texts to English ones, as many; None where no translator is installed."""


@dataclass(frozen=True)
class Wording:
    """A label and how it was read."""

    label: str
    """As the user wrote it."""
    text: str
    """In English, without a template around it."""
    how: Literal["written", "glossary", "translated"]
    """``"written"`` as it is, from the ``"glossary"``, or ``"translated"`` by a model."""

    def __str__(self) -> str:
        return self.label if self.how == "written" else f"{self.label} -> {self.text}"


def understand(
    labels: Sequence[str], translate: Translate | None = None, book: Glossary | None = None
) -> tuple[Wording, ...]:
    """Read labels in English or Chinese, in their order.

    Args:
        labels: stripped and looked at.
        translate: a translator for Chinese that is not in the glossary; None for none.
        book: instead of the glossary that is shipped.

    Raises:
        ConfigError: Chinese that nobody here can read, or two labels that mean the same.
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
    """The same wordings, if no two have the same words."""
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
