"""Where in a TOML file a key stands, since the parser does not tell."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
"""Keys from the top on, and positions in arrays: ``("hooks", 0, "do")``."""

_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_SKIPPED = re.compile(
    r'"""(?:\\.|[^\\])*?"""|(?<!")"(?!"")(?:\\.|[^"\\])*"' + r"|'''.*?'''|(?<!')'(?!'')[^']*'|#.*"
)
"""Texts that begin and end in one line, and comments."""
_QUOTES = ('"""', "'''")
"""They begin a text of several lines, and end it."""


class Lines:
    """Line numbers of the keys of a file that the parser understood.

    Args:
        text: the file.
    """

    def __init__(self, text: str) -> None:
        self._found: dict[Path, int] = {}
        self._arrays: dict[Path, int] = {}
        self._table: Path = ()
        self._scan(text)

    def of(self, path: Path) -> int:
        """The line, from 1 on, of a key, or of the nearest thing around it; 0 for none."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._found:
                return self._found[path[:length]]
        return 0

    def span(self, path: Path) -> tuple[int, int]:
        """The lines of a table with its sub-tables: first, and the last before the next table.

        The last is 0 where the file ends with it; both are, if there is no such table.
        """
        start = self._found.get(path, 0)
        later = [
            line
            for other, line in self._found.items()
            if line > start and other[: len(path)] != path
        ]
        return start, (min(later) - 1 if start and later else 0)

    def _scan(self, text: str) -> None:
        depth, quotes = 0, ""
        for number, line in enumerate(text.splitlines(), 1):
            if quotes:  # inside a text of several lines
                _, ended, line = line.partition(quotes)
                if not ended:
                    continue
            elif not depth and self._note(line, number):
                continue
            bare = _SKIPPED.sub("", line)
            quotes = next((marks for marks in _QUOTES if marks in bare), "")
            if quotes:
                bare = bare.partition(quotes)[0]
            depth = max(0, depth + _balance(bare))

    def _note(self, line: str, number: int) -> bool:
        """Remember the key that a line begins with; whether it is a table's header."""
        if found := _HEADER.fullmatch(line):
            self._enter(_parts(found[2]), found[1] == "[[", number)
            return True
        if found := _KEY.match(line):
            path = self._table
            for part in _parts(found[1]):
                path = (*path, part)
                self._found.setdefault(path, number)
        return False

    def _enter(self, parts: list[str], array: bool, number: int) -> None:
        path: Path = ()
        for part in parts[:-1]:
            path = self._last((*path, part))
        path = (*path, parts[-1])
        self._found.setdefault(path, number)
        if array:
            self._arrays[path] = self._arrays.get(path, -1) + 1
        self._table = self._last(path)
        self._found.setdefault(self._table, number)

    def _last(self, path: Path) -> Path:
        """The element that a header goes on with, if that is an array."""
        return (*path, self._arrays[path]) if path in self._arrays else path


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]


def _balance(text: str) -> int:
    """Brackets that stay open."""
    return sum(text.count(mark) for mark in "[{") - sum(text.count(mark) for mark in "]}")
