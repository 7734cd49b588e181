"""Problems of a configuration file: file, line, key and the valid values.

The TOML parser gives values without their positions; tomlkit keeps every character, so that the
lines of keys can be counted.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wakeword.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails
    from tomlkit.container import Container
    from tomlkit.items import Item, Key, Table

KeyPath = tuple[str | int, ...]
"""Keys from the top on, and positions in arrays: ``("hooks", 0, "do")``."""


class Lines:
    """Line numbers of the keys of a file.

    Args:
        text: the file, in valid TOML.
    """

    def __init__(self, text: str) -> None:
        import tomlkit

        self._found: dict[KeyPath, int] = {}
        self._text = text
        self._line = 1
        document = tomlkit.parse(text)
        self._moved = document.as_string() != text
        """Whether tomlkit has brought the elements of an array together that stand apart."""
        self._walk(document, ())

    def of(self, path: KeyPath) -> int:
        """The line of a key, from 1 on, or of the nearest table around it; 0 if unknown."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._found:
                return self._found[path[:length]]
        return 0

    def _walk(self, container: Container, path: KeyPath) -> None:
        """Note the keys of a table; the current line is the first below its header."""
        for key, item in container.body:
            if key is None:  # a comment or blank lines
                self._line += item.as_string().count("\n")
            else:
                self._note(key, item, (*path, key.key))

    def _note(self, key: Key, item: Item, path: KeyPath) -> None:
        from tomlkit.items import AoT, InlineTable
        from tomlkit.items import Table as TomlTable

        if isinstance(item, AoT):
            at = 0
            for number, table in enumerate(item.body):
                if self._moved:
                    at = self._sought(table.as_string(), at)
                self._header(table, (*path, number))
                self._found.setdefault(path, self._found[(*path, number)])
                self._walk(table.value, (*path, number))
        elif isinstance(item, TomlTable):
            values = any(not isinstance(part, AoT | TomlTable) for k, part in item.value.body if k)
            if not item.is_super_table() or (values and not key.is_dotted()):
                if self._moved:
                    self._sought(item.as_string(), 0)
                self._header(item, path)
            else:
                self._found.setdefault(path, self._line)
            self._walk(item.value, path)
        else:
            self._found.setdefault(path, self._line)
            if isinstance(item, InlineTable):
                for name in item.value:
                    self._found.setdefault((*path, name), self._line)
            parts = (item.trivia.indent, item.as_string(), item.trivia.trail)
            self._line += sum(part.count("\n") for part in parts)

    def _header(self, table: Table, path: KeyPath) -> None:
        """Go below a table's header."""
        self._line += table.trivia.indent.count("\n")
        self._found.setdefault(path, self._line)
        self._line += table.trivia.trail.count("\n")

    def _sought(self, body: str, start: int) -> int:
        """Go to the header above ``body``, which stands somewhere behind ``start``."""
        at = self._text.find(body, start) if body.strip() else -1
        if at < 0:
            return start
        self._line = self._text.count("\n", 0, at)
        return at + len(body)


@dataclass(frozen=True)
class Problem:
    """One problem."""

    file: Path
    line: int
    """From 1 on; 0 if unknown."""
    text: str
    """The key and its problem."""

    def of_hook(self) -> str:
        """The text without the number of the hook, for readers who know which it is."""
        return re.sub(r"^hooks #\d+:? ?", "", self.text)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


class ConfigFileError(ConfigError):
    """An invalid configuration file; the message is its first problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        more = len(self.problems) - 1
        hint = f" (and {more} more: run 'wakesound config check')" if more else ""
        super().__init__(f"{self.problems[0]}{hint}")


def named(path: KeyPath) -> str:
    """A key in words: ``("hooks", 1, "do")`` is ``hooks #2: do``."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f" #{part + 1}:"
        else:
            words += ("" if not words else " " if words.endswith(":") else ".") + part
    return words.rstrip(":")


def from_pydantic(
    file: Path, lines: Lines, errors: Iterable[ErrorDetails], allowed: dict[KeyPath, list[str]]
) -> list[Problem]:
    """The findings of the validation in words.

    Args:
        file: the path.
        lines: of its keys.
        errors: from the validation.
        allowed: the keys of each table, without positions in arrays.
    """
    problems = []
    for error in errors:
        path = error["loc"]
        where = lines.of(path)
        problems.append(Problem(file, where, f"{named(path)} {_words(error, allowed)}".strip()))
    return sorted(problems, key=lambda problem: problem.line)


def suggestion(word: str, known: Iterable[str]) -> str:
    """The most similar of the known words, or all of them."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"


def _words(error: ErrorDetails, allowed: dict[KeyPath, list[str]]) -> str:
    kind, given, limits = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        *table, key = error["loc"]
        known = allowed.get(tuple(part for part in table if isinstance(part, str)), [])
        return f"is not a setting; {suggestion(str(key), known)}"
    if kind == "value_error":
        return f"is wrong: {limits['error']}"
    return f"must be {_wanted(kind, limits)}, not {_shown(given)}"


def _wanted(kind: str, limits: dict[str, Any]) -> str:
    """The values that are valid, in words."""
    comparisons = {
        "greater_than_equal": ("at least", "ge"),
        "greater_than": ("more than", "gt"),
        "less_than_equal": ("at most", "le"),
        "less_than": ("less than", "lt"),
    }
    if kind in comparisons:
        words, key = comparisons[kind]
        return f"{words} {limits[key]:g}"
    if kind == "literal_error":
        return f"one of {limits['expected']}"
    types = {
        "string_type": "a text in quotation marks",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "finite_number": "a finite number",
        "bool_type": "true or false",
        "list_type": "a list",
        "dict_type": "a table",
        "model_type": "a table",
        "model_attributes_type": "a table",
        "string_too_short": "a text that is not empty",
        "too_short": "a list that is not empty",
    }
    return types.get(kind, f"something else ({kind.replace('_', ' ')})")


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return repr(value)
