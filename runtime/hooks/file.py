"""Changes the hooks of a configuration file; everything else in it stays, comments too."""

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
from runtime.hooks.errors import HookNotFound
from wakeword.errors import ConfigError, LibraryError, WakesoundError
from wakeword.library.storage import write_atomically

if TYPE_CHECKING:
    from tomlkit.items import Item
    from tomlkit.items import Table as TomlTable

    from runtime.configuration.schema import HookTable


LOCK_SECONDS = 10.0
"""How long a writer waits for another."""
PRIVATE = 0o600
"""Mode of a new file: addresses of webhooks are passwords."""

Table = dict[str, Any]
"""A hook as it stands in the file."""


@dataclass(frozen=True)
class KnownHook:
    """A hook of the file."""

    id: str
    """A hash of its values, so it changes with them."""
    table: HookTable
    hazard: str = ""
    """Why it must not run, whether it is enabled or not; see ``Configuration.hazards``."""


class HookFile:
    """The hooks of one configuration file.

    Every change reads the file again, and is only written if the new file is valid and says
    the same apart from the change. Programs that listen read it when they start.

    Args:
        path: the file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> list[KnownHook]:
        """All hooks, enabled or not; none without a file.

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
        """Replace the table of a hook by what ``change`` returns for it; its new id.

        Raises:
            HookNotFound: no hook has this id any more.
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
            HookNotFound: no hook has this id any more.
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
            raise HookNotFound(id)
        return text, ids.index(id)

    def _write(self, text: str, wanted: Table, number: int | None) -> str:
        """Write the file if it says what is wanted; the id of one of its hooks."""
        try:
            same = {"hooks": [], **_data(text)} == wanted
        except ValueError:
            same = False
        if not same:
            raise ConfigError(f"{self.path} can only be edited by hand, as it is laid out")
        configuration = parse(self.path, text)
        known = _known(configuration)
        if number is not None:
            number %= len(known)
            if number in configuration.hazards:
                raise ConfigFileError([configuration.hazards[number]])
        if number is not None and known[number].table.enabled:
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
            raise ConfigError(f"another program is writing {self.path}; try again") from None
        except OSError as error:
            raise ConfigError(f"{self.path} cannot be written: {error.strerror}") from None
        with lock:
            yield


def check(table: HookTable, environment: Mapping[str, str]) -> None:
    """Make sure that a hook could act, without performing its action.

    Raises:
        ConfigError: its action is invalid, or a variable that it needs is not set.
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
    for number, table in enumerate(configuration.table.hooks):
        said = json.dumps(table.model_dump(exclude_unset=True), sort_keys=True, default=str)
        twins = sum(other.table == table for other in known)
        digest = hashlib.sha256(f"{twins}\n{said}".encode()).hexdigest()
        hazard = configuration.hazards.get(number)
        known.append(KnownHook(digest[:16], table, hazard.of_hook() if hazard else ""))
    return known


def _data(text: str) -> Table:
    """The content of the file.

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

    document = tomlkit.parse(text)
    hooks: Any = document.get("hooks")
    if hooks:
        own = getattr(hooks, "body", None)
        if own is None:
            hooks.append(table)
            return document.as_string()
        comments = _taken(own[-1])
        _given(own[-1], [tomlkit.nl()])
        hooks.append(table)
        _given(own[-1], comments)
        return document.as_string()
    if hooks is not None:
        del document["hooks"]
    new = tomlkit.dumps({"hooks": [table]}).strip("\n")
    return f"{document.as_string().rstrip()}\n\n{new}\n".lstrip("\n")


def _with_changed(text: str, number: int, wanted: Table) -> str:
    """The file with other values in a hook; comments around it stay."""
    import tomlkit

    document = tomlkit.parse(text)
    table: Any = document["hooks"][number]
    tables = isinstance(table, tomlkit.items.Table)
    comments = _taken(table) if tables else []
    for key in [key for key in table if key not in wanted]:
        del table[key]
    for key, value in wanted.items():
        if key not in table or table[key] != value:
            table[key] = _inline(value) if isinstance(value, dict) else value
    if tables:
        _given(table, comments)
    return document.as_string()


def _inline(value: Table) -> Any:
    import tomlkit

    table = tomlkit.inline_table()
    table.update(value)
    return table


def _without(text: str, number: int) -> str:
    """The file without a hook; comments around it stay."""
    import tomlkit

    document = tomlkit.parse(text)
    hooks: Any = document["hooks"]
    if not isinstance(hooks, tomlkit.items.AoT):
        del hooks[number]
        return document.as_string()
    comments = _taken(hooks.body[number])
    before = hooks.body[number - 1] if number else None
    del hooks[number]
    if before is not None:
        _given(before, comments)
        return document.as_string()
    at = next(at for at, (key, _) in enumerate(document.body) if key and key.key == "hooks")
    rest = [document.body[at]] if hooks.body else []
    document.body[at : at + 1] = [*((None, item) for item in comments), *rest]
    return document.as_string()


def _taken(table: TomlTable) -> list[Item]:
    """Take the comments and blank lines out that follow the last value of a table."""
    import tomlkit

    while table.value.body and isinstance(table.value.body[-1][1], tomlkit.items.Table):
        table = table.value.body[-1][1]
    found: list[Item] = []
    while table.value.body and table.value.body[-1][0] is None:
        found.insert(0, table.value.body.pop()[1])
    return found


def _given(table: TomlTable, comments: list[Item]) -> None:
    """Put comments and blank lines behind the last value of a table."""
    import tomlkit

    while table.value.body and isinstance(table.value.body[-1][1], tomlkit.items.Table):
        table = table.value.body[-1][1]
    table.value.body.extend((None, item) for item in comments)


def _unusable(path: Path, why: str) -> ConfigFileError:
    return ConfigFileError([Problem(path, 0, why)])
