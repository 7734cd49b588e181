"""``wakesound.toml``: sources, library, engine and hooks in a file."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.configuration.problems import (
    ConfigFileError,
    KeyPath,
    Lines,
    Problem,
    from_pydantic,
    named,
)
from wakeword.engine import EngineConfig
from wakeword.scoring.decision import TriggerConfig

if TYPE_CHECKING:
    from runtime.configuration.schema import FileTable

__all__ = [
    "ConfigFileError",
    "Configuration",
    "Problem",
    "default_path",
    "find",
    "load",
    "parse",
    "template",
    "wanted",
]

VARIABLE = "WAKESOUND_CONFIG"
"""Environment variable that names the file; set but empty, it means no file."""


@dataclass(frozen=True)
class Configuration:
    """A valid file."""

    path: Path
    table: FileTable
    """Its values; keys that are left out have their defaults."""
    text: str = field(repr=False)
    """The file."""

    @cached_property
    def lines(self) -> Lines:
        """Line numbers of the keys."""
        return Lines(self.text)

    @cached_property
    def hazards(self) -> dict[int, Problem]:
        """The hooks that must not run, by their position; see ``schema.hazard``."""
        from runtime.configuration.schema import hazard

        found = {number: hazard(table) for number, table in enumerate(self.table.hooks)}
        return {
            number: self.problem(("hooks", number, problem[0]), problem[1])
            for number, problem in found.items()
            if problem is not None
        }

    @property
    def library(self) -> Path | None:
        """The library's folder, if the file names one."""
        if self.table.library is None:
            return None
        return self.path.parent / Path(self.table.library).expanduser()

    @property
    def encoder(self) -> str | None:
        """The encoder, if the file names one."""
        return self.table.encoder

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources."""
        return tuple(self.table.sources)

    def engine_config(self) -> EngineConfig:
        """The engine's settings."""
        engine = self.table.engine
        return EngineConfig(
            gate=engine.gate,
            trigger=TriggerConfig(engine.patience, engine.refractory_seconds),
            threshold_offset=engine.threshold_offset,
        )

    def problem(self, keys: KeyPath, text: str) -> Problem:
        """A problem of a key."""
        return Problem(self.path, self.lines.of(keys), f"{named(keys)} {text}")


def default_path() -> Path:
    """The default place of the file."""
    from platformdirs import user_config_path

    return user_config_path("wakesound", appauthor=False) / "wakesound.toml"


def find() -> Path | None:
    """The file when none is named: ``$WAKESOUND_CONFIG``, or the default if it exists.

    ``WAKESOUND_CONFIG=`` (empty) means none.
    """
    said = os.environ.get(VARIABLE)
    if said is not None:
        return Path(said).expanduser() if said else None
    path = default_path()
    return path if path.is_file() else None


def wanted() -> bool:
    """Whether there may be a file: not where ``WAKESOUND_CONFIG`` is set but empty."""
    return os.environ.get(VARIABLE) != ""


def template() -> str:
    """A first file, in which everything is commented out."""
    return (Path(__file__).parent / "wakesound.toml").read_text(encoding="utf-8")


def load(path: Path) -> Configuration:
    """Read and check a file.

    Raises:
        ConfigFileError: as :func:`parse`, or it cannot be read.
    """
    return parse(path, _read(path))


def parse(path: Path, text: str) -> Configuration:
    """Check the text of a file.

    Raises:
        ConfigFileError: it is not TOML, or a key or value is invalid; with all problems, each
            with its line.
    """
    from pydantic import ValidationError

    from runtime.configuration.schema import FileTable

    data = _parse(path, text)
    try:
        table = FileTable.model_validate(data)
    except ValidationError as error:
        problems = from_pydantic(path, Lines(text), error.errors(), _allowed())
        raise ConfigFileError(problems) from None
    configuration = Configuration(path, table, text)
    _require_harmony(configuration)
    return configuration


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigFileError(
            [Problem(path, 0, "there is no such file; 'wakesound config init' writes one")]
        ) from None
    except OSError as error:
        raise ConfigFileError([Problem(path, 0, f"cannot be read: {error.strerror}")]) from None
    except UnicodeDecodeError:
        raise ConfigFileError([Problem(path, 0, "is not text in UTF-8")]) from None


def _parse(path: Path, text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).partition(" (at line ")
        number = place.partition(",")[0]
        line = int(number) if number.isdigit() else len(text.splitlines())
        problem = Problem(path, line, f"this is not TOML: {reason[:1].lower()}{reason[1:]}")
        raise ConfigFileError([problem]) from None


def _allowed() -> dict[tuple[str | int, ...], list[str]]:
    from runtime.configuration.schema import EngineTable, FileTable, HookTable

    return {
        (): list(FileTable.model_fields),
        ("engine",): list(EngineTable.model_fields),
        ("hooks",): list(HookTable.model_fields),
    }


def _require_harmony(configuration: Configuration) -> None:
    """Make sure that the keys of each hook go together.

    Raises:
        ConfigFileError: they do not.
    """
    from runtime.configuration.schema import conflict

    problems = []
    for number, table in enumerate(configuration.table.hooks):
        if found := conflict(table):
            key, reason = found
            problems.append(configuration.problem(("hooks", number, key), reason))
    if problems:
        raise ConfigFileError(problems)
