"""Changing the hooks of a configuration file; all else in it, comments too, stays as it is."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from runtime.configuration import ConfigFileError, Configuration, Problem, parse, template
from runtime.configuration.schema import KeyPath as Keys
from runtime.configuration.schema import Lines
from wakeword.errors import ConfigError, LibraryError, WakesoundError
from wakeword.library.storage import write_atomically

if TYPE_CHECKING:
    from runtime.configuration.schema import HookTable


LOCK_SECONDS = 10.0
"""How long a writer waits for another one."""
PRIVATE = 0o600
"""Mode of a file that is made here: addresses of webhooks are passwords."""

Table = dict[str, Any]
"""A hook as it stands in the file."""


@dataclass(frozen=True)
class KnownHook:
    """A hook of the file."""

    id: str
    """Follows from what the hook says, so it changes with it."""
    table: HookTable


class HookFile:
    """The hooks of one configuration file.

    Every change reads the file anew, and is only written if the file is in order with it and
    says otherwise what it said before. Programs that listen read it when they start.

    Args:
        path: of the file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[KnownHook]:
        """The hooks, those that are not enabled too; none without a file.

        Raises:
            ConfigFileError: the file cannot be used.
        """
        text = self._text()
        return [] if text is None else _known(parse(self.path, text))

    def add(self, table: Table) -> str:
        """Add a hook behind the others; its id.

        Raises:
            ConfigFileError: the file cannot be used, or not with this hook.
            ConfigError: it cannot be written.
        """
        with self._locked():
            text = self._text()
            text = template() if text is None else text
            parse(self.path, text)
            hooks = [*_hooks(text), table]
            return self._write(_with_added(text, table), _changed(text, hooks), -1)

    def change(self, id: str, change: Callable[[Table], Table]) -> str:
        """Let ``change`` make another table of a hook's; its new id.

        Raises:
            KeyError: there is no such hook any more.
            ConfigFileError: the file cannot be used, or not with this hook.
            ConfigError: it cannot be written.
        """
        with self._locked():
            text, number = self._find(id)
            hooks = _hooks(text)
            wanted = change(dict(hooks[number]))
            hooks[number] = wanted
            return self._write(_with_changed(text, number, wanted), _changed(text, hooks), number)

    def remove(self, id: str) -> None:
        """Delete a hook.

        Raises:
            KeyError: there is no such hook any more.
            ConfigFileError: the file cannot be used.
            ConfigError: it cannot be written.
        """
        with self._locked():
            text, number = self._find(id)
            hooks = _hooks(text)
            del hooks[number]
            self._write(_without(text, number), _changed(text, hooks), None)

    def _find(self, id: str) -> tuple[str, int]:
        text = self._text() or ""
        ids = [known.id for known in _known(parse(self.path, text))]
        if id not in ids:
            raise KeyError(id)
        return text, ids.index(id)

    def _write(self, text: str, wanted: Table, number: int | None) -> str:
        """Write a file that says what is wanted; the id of one of its hooks."""
        try:
            same = {"hooks": [], **_data(text)} == wanted
        except ValueError:
            same = False
        if not same:
            raise ConfigError(f"{self.path} is written so that only you can change it; edit it")
        configuration = parse(self.path, text)
        known = _known(configuration)
        if number is not None and known[number].table.enabled:
            number %= len(known)
            try:
                check(known[number].table, os.environ)
            except WakesoundError as error:
                problem = configuration.problem(("hooks", number), str(error))
                raise ConfigFileError([problem]) from None
        path = self.path.resolve()  # a link stays one
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else PRIVATE

        def fill(file: IO[bytes]) -> None:
            Path(file.name).chmod(mode)
            file.write(text.encode())

        try:
            write_atomically(path, fill)
        except LibraryError as error:
            raise ConfigError(str(error)) from None
        return "" if number is None else known[number].id

    def _text(self) -> str | None:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(self.path, f"cannot be read: {error.strerror}") from None
        except UnicodeDecodeError:
            raise _unusable(self.path, "is not text in UTF-8") from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the file against other processes and threads."""
        from filelock import FileLock, Timeout

        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = FileLock(folder / f".{self.path.name}.lock", timeout=LOCK_SECONDS).acquire()
        except Timeout:
            raise ConfigError(f"{self.path} is being written by somebody else; try again") from None
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be written: {error.strerror}") from None
        with lock:
            yield


def check(table: HookTable, environment: Mapping[str, str]) -> None:
    """Make sure that a hook could act, without letting it.

    Raises:
        ConfigError: its action makes no sense, or a variable that it needs is not set.
        WakesoundError: its action cannot be set up.
    """
    from runtime.hooks.hook import build
    from runtime.sinks import open_sink

    hook = build(table, environment)
    close = getattr(open_sink(hook.action, timeout_seconds=hook.timeout_seconds), "close", None)
    if close is not None:
        close()


def _known(configuration: Configuration) -> list[KnownHook]:
    known: list[KnownHook] = []
    for table in configuration.table.hooks:
        said = json.dumps(table.model_dump(exclude_unset=True), sort_keys=True, default=str)
        twins = sum(other.table == table for other in known)
        digest = hashlib.sha256(f"{twins}\n{said}".encode()).hexdigest()
        known.append(KnownHook(digest[:16], table))
    return known


def _data(text: str) -> Table:
    """What the file says.

    Raises:
        ValueError: it is not TOML.
    """
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)


def _hooks(text: str) -> list[Table]:
    return list(_data(text).get("hooks", []))


def _changed(text: str, hooks: list[Table]) -> Table:
    return {**_data(text), "hooks": hooks}


def _with_added(text: str, table: Table) -> str:
    """The file with a hook behind the others, or at its end."""
    import tomlkit

    new = tomlkit.dumps({"hooks": [table]}).strip("\n")
    lines = text.splitlines()
    count = len(_hooks(text))
    if count and "[[" not in (lines[Lines(text).of(("hooks", 0)) - 1] if lines else ""):
        document = tomlkit.parse(text)
        document["hooks"].append(table)
        return document.as_string()
    end = _span(text, ("hooks", count - 1))[1] if count else len(lines)
    before, after = lines[:end], lines[end:]
    parts = ["\n".join(before).rstrip("\n"), new, "\n".join(after).strip("\n")]
    return "\n\n".join(part for part in parts if part) + "\n"


def _with_changed(text: str, number: int, wanted: Table) -> str:
    """The file with other values in a hook."""
    import tomlkit

    for key in _hooks(text)[number].keys() - wanted.keys():
        text = _without_table(text, ("hooks", number, key))
    document = tomlkit.parse(text)
    table: Any = document["hooks"][number]
    for key in [key for key in table if key not in wanted]:
        del table[key]
    for key, value in wanted.items():
        if key not in table or table[key] != value:
            table[key] = _inline(value) if isinstance(value, dict) else value
    return document.as_string()


def _inline(value: Table) -> Any:
    import tomlkit

    table = tomlkit.inline_table()
    table.update(value)
    return table


def _without(text: str, number: int) -> str:
    """The file without a hook; comments around it stay."""
    import tomlkit

    shorter = _without_table(text, ("hooks", number))
    if shorter != text:
        return shorter
    document = tomlkit.parse(text)
    del document["hooks"][number]
    return document.as_string()


def _without_table(text: str, keys: Keys) -> str:
    """The file without the lines of a table that has a header of its own."""
    lines = text.splitlines()
    start, end = _span(text, keys)
    if not start or not lines[start - 1].lstrip().startswith("["):
        return text
    while end < len(lines) and not lines[end].strip() and (start < 2 or not lines[start - 2]):
        end += 1  # one empty line between what was before and what was behind it
    return "\n".join([*lines[: start - 1], *lines[end:]]).rstrip("\n") + "\n"


def _span(text: str, keys: Keys) -> tuple[int, int]:
    """First and last line of a table, from 1 on; comments behind its last value are not its."""
    lines = text.splitlines()
    start, end = Lines(text).span(keys)
    end = end or len(lines)
    while end > start and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    return start, end


def _unusable(path: Path, why: str) -> ConfigFileError:
    return ConfigFileError([Problem(path, 0, why)])
