"""What is wrong with a configuration file: file, line, key and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.configuration.lines import Lines
from runtime.configuration.lines import Path as Keys
from wakeword.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong."""

    file: Path
    line: int
    """From 1 on; 0 when it has no line."""
    text: str
    """The key, and what is wrong with it."""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


class ConfigFileError(ConfigError):
    """A configuration file that cannot be used; its message is the first of the problems."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        more = len(self.problems) - 1
        hint = f" (and {more} more: run 'wakesound config check')" if more else ""
        super().__init__(f"{self.problems[0]}{hint}")


def named(path: Keys) -> str:
    """A key as people say it: ``("hooks", 1, "do")`` is ``hooks #2: do``."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f" #{part + 1}:"
        else:
            words += ("" if not words else " " if words.endswith(":") else ".") + part
    return words.rstrip(":")


def from_pydantic(
    file: Path, lines: Lines, errors: Iterable[ErrorDetails], allowed: dict[Keys, list[str]]
) -> list[Problem]:
    """Say in words what the validation found.

    Args:
        file: what was read.
        lines: its lines.
        errors: what is wrong.
        allowed: the keys of each table, with positions in arrays left out.
    """
    problems = []
    for error in errors:
        path = error["loc"]
        where = lines.of(path)
        problems.append(Problem(file, where, f"{named(path)} {_words(error, allowed)}".strip()))
    return sorted(problems, key=lambda problem: problem.line)


def suggestion(word: str, known: Iterable[str]) -> str:
    """A word that may have been meant, or all there are."""
    known = list(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"


def _words(error: ErrorDetails, allowed: dict[Keys, list[str]]) -> str:
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
    """What a value must be."""
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
