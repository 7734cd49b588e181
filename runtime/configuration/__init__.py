"""``wakesound.toml``: sources, library, engine and hooks in a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runtime.configuration.schema import (
    ConfigFileError,
    Lines,
    Problem,
    from_pydantic,
    named,
)
from wakeword.engine import EngineConfig
from wakeword.errors import ConfigError
from wakeword.scoring.decision import TriggerConfig

if TYPE_CHECKING:
    from runtime.configuration.schema import FileTable
    from runtime.hooks.hook import Hook

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
    """A file that was read and found in order."""

    path: Path
    table: FileTable
    """What it says; what it leaves out has its default."""
    lines: Lines

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
        """What to hear."""
        return tuple(self.table.sources)

    def engine_config(self) -> EngineConfig:
        """The engine's settings."""
        engine = self.table.engine
        return EngineConfig(
            gate=engine.gate,
            trigger=TriggerConfig(engine.patience, engine.refractory_seconds),
            threshold_offset=engine.threshold_offset,
        )

    def hooks(self, environment: Mapping[str, str] | None = None) -> tuple[Hook, ...]:
        """The hooks that are enabled.

        Args:
            environment: where secrets are found; the process's own by default.

        Raises:
            ConfigFileError: an environment variable that a hook needs is not set.
        """
        from runtime.hooks.hook import build

        hooks, problems = [], []
        for number, table in enumerate(self.table.hooks):
            if not table.enabled:
                continue
            try:
                hooks.append(build(table, os.environ if environment is None else environment))
            except ConfigError as error:
                problems.append(self.problem(("hooks", number), str(error)))
        if problems:
            raise ConfigFileError(problems)
        return tuple(hooks)

    def problem(self, keys: tuple[str | int, ...], text: str) -> Problem:
        """Something that is wrong with a key."""
        return Problem(self.path, self.lines.of(keys), f"{named(keys)} {text}")


def default_path() -> Path:
    """Where the file is looked for when nobody says where it is."""
    from platformdirs import user_config_path

    return user_config_path("wakesound", appauthor=False) / "wakesound.toml"


def find() -> Path | None:
    """The file that counts when none is named: ``$WAKESOUND_CONFIG``, or the default if it exists.

    ``WAKESOUND_CONFIG=`` (empty) means that there is none.
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
    """A file to begin with, in which everything is commented out."""
    return (Path(__file__).parent / "wakesound.toml").read_text(encoding="utf-8")


def load(path: Path) -> Configuration:
    """Read and check a file.

    Raises:
        ConfigFileError: as :func:`parse`, or it cannot be read.
    """
    return parse(path, _read(path))


def parse(path: Path, text: str) -> Configuration:
    """Check what a file says, or would say.

    Raises:
        ConfigFileError: it is not TOML, or says what makes no sense; with all problems, each
            with its line.
    """
    from pydantic import ValidationError

    from runtime.configuration.schema import FileTable

    data = _parse(path, text)
    lines = Lines(text)
    try:
        table = FileTable.model_validate(data)
    except ValidationError as error:
        raise ConfigFileError(from_pydantic(path, lines, error.errors(), _allowed())) from None
    configuration = Configuration(path, table, lines)
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
    from runtime.configuration.schema import WEB_KEYS
    from runtime.hooks.hook import conflict

    problems = []
    for number, table in enumerate(configuration.table.hooks):
        if found := conflict(table, WEB_KEYS):
            key, reason = found
            problems.append(configuration.problem(("hooks", number, key), reason))
    if problems:
        raise ConfigFileError(problems)
