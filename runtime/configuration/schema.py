"""Where in a TOML file a key stands, since the parser does not tell.

What is wrong with a configuration file: file, line, key and what would be right.

What may stand in ``wakesound.toml``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from runtime.hooks.conditions import QuietHours
from runtime.sinks import _filling
from wakeword.errors import ConfigError
from wakeword.protocols import load_plugin, plugin_names

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


KeyPath = tuple[str | int, ...]
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
        self._found: dict[KeyPath, int] = {}
        self._arrays: dict[KeyPath, int] = {}
        self._table: KeyPath = ()
        self._scan(text)

    def of(self, path: KeyPath) -> int:
        """The line, from 1 on, of a key, or of the nearest thing around it; 0 for none."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._found:
                return self._found[path[:length]]
        return 0

    def span(self, path: KeyPath) -> tuple[int, int]:
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
        path: KeyPath = ()
        for part in parts[:-1]:
            path = self._last((*path, part))
        path = (*path, parts[-1])
        self._found.setdefault(path, number)
        if array:
            self._arrays[path] = self._arrays.get(path, -1) + 1
        self._table = self._last(path)
        self._found.setdefault(self._table, number)

    def _last(self, path: KeyPath) -> KeyPath:
        """The element that a header goes on with, if that is an array."""
        return (*path, self._arrays[path]) if path in self._arrays else path


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]


def _balance(text: str) -> int:
    """Brackets that stay open."""
    return sum(text.count(mark) for mark in "[{") - sum(text.count(mark) for mark in "]}")


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


def named(path: KeyPath) -> str:
    """A key as people say it: ``("hooks", 1, "do")`` is ``hooks #2: do``."""
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


Value = TypeVar("Value")


def _listed(value: object) -> object:
    """A single text stands for a list of one."""
    return [value] if isinstance(value, str) else value


def _checked(check: Callable[[Any], object]) -> Callable[[Value], Value]:
    """A validator from a function that raises a ConfigError."""

    def validate(value: Value) -> Value:
        try:
            check(value)
        except ConfigError as error:
            raise ValueError(str(error)) from None
        return value

    return validate


def _known_gate(name: str) -> None:
    load_plugin("wakeword.gates", name)


def _known_action(uri: str) -> None:
    known = plugin_names("runtime.sinks")
    if uri.partition(":")[0] not in known or ":" not in uri:
        starts = ", ".join(f"{name}:" for name in known)
        begin = uri.partition(":")[0][:20]  # what follows may hold a password
        raise ConfigError(f"{begin!r} is no action; an action begins with one of: {starts}")


Name = Annotated[str, Field(min_length=1)]
Names = Annotated[list[Name], BeforeValidator(_listed), Field(min_length=1)]
Span = Annotated[str, AfterValidator(_checked(QuietHours.parse))]
Filled = Annotated[str, AfterValidator(_checked(_filling.check))]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class EngineTable(_Table):
    """``[engine]``: how it listens."""

    gate: Annotated[str, AfterValidator(_checked(_known_gate))] = "band"
    """What opens the ears: ``band``, ``vad`` or ``union``."""
    patience: int = Field(default=2, ge=1)
    """Windows in a row, one each 0.1 s, that must match."""
    refractory_seconds: float = Field(default=1.0, ge=0)
    """Shortest time between two wakes of a sound."""
    threshold_offset: float = 0.0
    """Added to every threshold; above 0 is stricter."""
    device: Literal["cpu", "cuda", "mps"] = "cpu"
    """Where the encoder runs, for those that can choose."""


class HookTable(_Table):
    """``[[hooks]]``: what to do when a sound is heard."""

    do: Annotated[Name, AfterValidator(_checked(_known_action))]
    """The action: ``exec:COMMAND``, ``https://...`` and so on."""
    name: str = ""
    """What to call it in messages."""
    enabled: bool = True
    """Whether it is used at all."""
    sounds: Names = ["*"]
    """The sounds it waits for; ``"*"`` is any."""
    when: Literal["start", "end"] = "start"
    """Whether it is for the beginnings of alerts (and for wakes), or for the ends of alerts."""
    min_score: float = Field(default=-1.0, ge=-1, le=1)
    """The score must reach this, besides the sound's own threshold."""
    sources: Annotated[list[Name], BeforeValidator(_listed)] = []
    """It must be heard there, e.g. ``mic:Kitchen``; empty is anywhere."""
    quiet_hours: Annotated[list[Span], BeforeValidator(_listed)] = []
    """When not, in local time: ``"22:00-07:00"``, or several."""
    timeout_seconds: float = Field(default=10.0, gt=0)
    """How long one attempt may take."""
    concurrency: int = Field(default=1, ge=1, le=64)
    """How many calls may run at once; above 1 they keep no order."""

    # For http: and https:.
    retries: int = Field(default=2, ge=0, le=20)
    """Further attempts after one that failed."""
    secret_env: Name | None = None
    """The environment variable with the secret that signs each message."""
    headers: dict[str, str] = {}
    """Sent along; ``${NAME}`` is an environment variable."""
    template: Literal["event", "wecom", "feishu", "ntfy"] = "event"
    """The form of the message: the event itself, or what a messenger expects."""
    message: Filled | None = None
    """What messengers are told, with places such as ``{sound}``."""
    title: Filled | None = None
    """Above it (ntfy)."""
    priority: int = Field(default=3, ge=1, le=5)
    """How urgent it is (ntfy)."""
    tags: Annotated[list[Name], BeforeValidator(_listed)] = ["bell"]
    """Words or names of emoji (ntfy)."""
    body: Annotated[Any, AfterValidator(_checked(_filling.check))] = None
    """A body of one's own: a text, or a table that becomes JSON."""


WEB_KEYS = frozenset(
    ("retries", "secret_env", "headers", "template", "message", "title", "priority", "tags", "body")
)
"""Keys of a hook that only webhooks understand."""


class FileTable(_Table):
    """The whole file."""

    library: Name | None = None
    """The folder with the sounds; a relative one is beside this file."""
    encoder: Name | None = None
    """Must be the encoder that the library was made with."""
    sources: Names = ["mic"]
    """What to hear: ``mic``, ``mic:NAME``, ``file:PATH``; one or several."""
    engine: EngineTable = Field(default_factory=EngineTable)
    hooks: list[HookTable] = []
    listen: dict[str, Any] = {}
    monitor: dict[str, Any] = {}
    mqtt: dict[str, Any] = {}
    serve: dict[str, Any] = {}
    wyoming: dict[str, Any] = {}


COMMANDS = ("listen", "monitor", "mqtt", "serve", "wyoming")
"""Tables that hold options of the command of that name."""
