"""From a label as a person writes it to the classes that ``mini`` knows, or an error.

A label is known when, without its frame ("the sound of a ...", "...声") and its adjectives, it
is a class of AudioSet or one of the aliases. Word order and endings don't matter. Anything
else is refused: a near miss would be a guess.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from wakeword.errors import ConfigError, ModelDamaged, UnknownLabel

_SUGGESTIONS = 5


@dataclass(frozen=True)
class LabelTable:
    """The labels that have a place among the sounds."""

    classes: tuple[str, ...]
    """Names of the classes, in the order of their vectors."""
    aliases: Mapping[str, tuple[str, ...]]
    """Other names, each with the classes that it stands for."""
    frames: tuple[str, ...]
    """Words around a label that say nothing, e.g. ``"sound of"``."""
    adjectives: tuple[str, ...]
    """Words that colour a sound without making it another one."""

    def rows(self, label: str) -> list[int]:
        """Numbers of the classes that a label stands for.

        Raises:
            ConfigError: the label is empty.
            EncoderError: it has no place here.
        """
        if not isinstance(label, str) or not label.strip():
            raise ConfigError("a label cannot be empty")
        whole = _plain(label)
        for text in (whole, *self._unframed(whole)):
            if text in self._known:
                return self._known[text]
        words = [w for w in whole.split() if w not in self._idle]
        for key in (_key(whole.split()), _key(words)):
            if key and key in self._by_words:
                return self._by_words[key]
        raise UnknownLabel(label, list(self.nearest(label)))

    def nearest(self, label: str) -> list[str]:
        """Known labels that look most like this one: by words in common, then by letters."""
        plain = _plain(label)
        words = {_stem(word) for word in plain.split()} - {_stem(w) for w in self._idle}

        def likeness(name: str) -> float:
            common = len(words & {_stem(word) for word in name.split()})
            return 2.0 * common + difflib.SequenceMatcher(None, plain, name).ratio()

        ranked = sorted(self._names, key=likeness, reverse=True)
        return [self._names[name] for name in ranked[:_SUGGESTIONS]]

    @cached_property
    def _names(self) -> dict[str, str]:
        """Every known name, plain, and as it is written."""
        parts = [(part.strip(), name) for name in self.classes for part in name.split(",")]
        names = {_plain(part): part for part, _ in parts}
        names.update({_plain(name): name for name in (*self.classes, *self.aliases)})
        return names

    @cached_property
    def _known(self) -> dict[str, list[int]]:
        number = {name: row for row, name in enumerate(self.classes)}
        known: dict[str, list[int]] = {}
        for name, row in number.items():
            for part in name.split(","):
                known.setdefault(_plain(part), []).append(row)
        known.update({_plain(name): [row] for name, row in number.items()})
        known.update(
            {_plain(alias): [number[n] for n in names] for alias, names in self.aliases.items()}
        )
        return known

    @cached_property
    def _by_words(self) -> dict[tuple[str, ...], list[int]]:
        keys: dict[tuple[str, ...], list[int]] = {}
        for name, rows in self._known.items():
            keys.setdefault(_key(name.split()), rows)
        return keys

    @cached_property
    def _idle(self) -> frozenset[str]:
        return frozenset(w for text in (*self.frames, *self.adjectives) for w in text.split())

    def _unframed(self, text: str) -> list[str]:
        """A Chinese label with less and less around it: these have no spaces between words."""
        found: list[str] = []
        while True:
            shorter = (text.removeprefix(p).removesuffix(p).strip() for p in self._around)
            text = next((t for t in shorter if t and t != text), "")
            if not text:
                return found
            found.append(text)

    @cached_property
    def _around(self) -> list[str]:
        """Frames and adjectives that are not separated by spaces, longest first."""
        parts = (p for p in (*self.frames, *self.adjectives) if not p.isascii())
        return sorted(parts, key=len, reverse=True)


def table(content: Mapping[str, object]) -> LabelTable:
    """The table from its JSON form.

    Raises:
        EncoderError: it is damaged.
    """
    try:
        classes, aliases = _texts(content["classes"]), content["aliases"]
        frames, adjectives = _texts(content["frames"]), _texts(content["adjectives"])
        if not isinstance(aliases, Mapping):
            raise TypeError
        named = {str(alias): _texts(names) for alias, names in aliases.items()}
        if not {name for names in named.values() for name in names} <= set(classes):
            raise ValueError
    except (KeyError, TypeError, ValueError) as error:
        raise ModelDamaged("mini's label table", "is damaged", "mini") from error
    return LabelTable(classes, named, frames, adjectives)


def _texts(found: object) -> tuple[str, ...]:
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise TypeError
    return tuple(str(item) for item in found)


def _plain(text: str) -> str:
    """Lower case, no accents of form, no punctuation, single spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("_", " ")
    return " ".join(re.sub(r"[^\w\s]", " ", folded.replace("'s ", " ")).split())


def _key(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(_stem(word) for word in words))


def _stem(word: str) -> str:
    """The word without its ending: barks, barking and barked are one."""
    if not word.isascii():
        return word
    for ending in ("ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    if len(word) > 3 and word[-1] == word[-2]:
        word = word[:-1]
    return word.rstrip("ey") if len(word) > 3 else word
