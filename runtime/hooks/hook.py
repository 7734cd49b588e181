"""A hook: an action of the configuration file with its conditions and settings."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runtime.configuration import ConfigFileError
from runtime.configuration.schema import WEB
from runtime.hooks.conditions import Conditions, QuietHours
from runtime.sinks import SinkSpec
from runtime.sinks._messages import (
    TEXT,
    BodyMessage,
    EventMessage,
    FeishuMessage,
    Message,
    NtfyMessage,
    WecomMessage,
)
from wakeword.errors import ConfigError

if TYPE_CHECKING:
    from runtime.configuration import Configuration
    from runtime.configuration.schema import HookTable
    from runtime.hooks.dispatch import Dispatcher


_log = logging.getLogger(__name__)

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_ADDRESSES = (*WEB, "mqtt:", "mqtts:")
"""Actions in which ``${NAME}`` is an environment variable."""


@dataclass(frozen=True)
class Hook:
    """An action for some sounds."""

    name: str
    """Its name in messages."""
    sounds: tuple[str, ...]
    """Names of sounds; ``"*"`` is any."""
    action: SinkSpec
    """The sink and its settings."""
    conditions: Conditions
    """Which events count."""
    timeout_seconds: float
    """Time limit of one attempt."""
    concurrency: int
    """Calls that may run at once."""

    def dispatch_by(self, dispatcher: Dispatcher) -> None:
        """Add it to a dispatcher, whether its sounds exist or not.

        Raises:
            ConfigError: the action is invalid.
            SinkError: it cannot be set up.
        """
        dispatcher.add(
            self.sounds,
            self.action,
            self.timeout_seconds,
            conditions=self.conditions,
            concurrency=self.concurrency,
        )


def variables(table: HookTable) -> set[str]:
    """The environment variables that a hook needs."""
    texts = [table.do] if table.do.startswith(_ADDRESSES) else []
    found = {name for text in (*texts, *table.headers.values()) for name in _VARIABLE.findall(text)}
    return found | ({table.secret_env} if table.secret_env else set())


def enabled_hooks(
    configuration: Configuration, environment: Mapping[str, str] | None = None
) -> tuple[Hook, ...]:
    """The hooks of a file that are enabled. Those that must not run are off, with a warning.

    Args:
        configuration: the file.
        environment: holds the secrets; the process's own by default.

    Raises:
        ConfigFileError: an environment variable that a hook needs is not set.
    """
    found, problems = [], []
    for number, table in enumerate(configuration.table.hooks):
        if not table.enabled:
            continue
        if number in configuration.hazards:
            _log.warning("%s; this hook is off", configuration.hazards[number])
            continue
        try:
            found.append(build(table, os.environ if environment is None else environment))
        except ConfigError as error:
            problems.append(configuration.problem(("hooks", number), str(error)))
    if problems:
        raise ConfigFileError(problems)
    return tuple(found)


def build(table: HookTable, environment: Mapping[str, str]) -> Hook:
    """Make the hook.

    Args:
        table: from the file.
        environment: holds the secrets.

    Raises:
        ConfigError: a variable is not set, or settings do not go together.
    """
    missing = sorted(name for name in variables(table) if not environment.get(name))
    if missing:
        raise ConfigError(f"needs the environment variable {missing[0]}, which is not set")
    web = _web(table)
    return Hook(
        name=table.name or f"{table.do.partition(':')[0]}:",
        sounds=tuple(table.sounds),
        action=SinkSpec(
            _expanded(table.do, environment) if table.do.startswith(_ADDRESSES) else table.do,
            _web_settings(table, environment) if web else {},
        ),
        conditions=Conditions(
            min_score=table.min_score,
            sources=tuple(table.sources),
            quiet=tuple(map(QuietHours.parse, table.quiet_hours)),
            ends=table.when == "end",
        ),
        timeout_seconds=table.timeout_seconds,
        concurrency=table.concurrency,
    )


def _web(table: HookTable) -> bool:
    return table.do.startswith(WEB)


def _web_settings(table: HookTable, environment: Mapping[str, str]) -> dict[str, Any]:
    secret = environment[table.secret_env] if table.secret_env else ""
    own = "" if table.template == "feishu" else secret  # Feishu's is part of the message
    return {
        "message": _message(table, secret),
        "secret": own,
        "headers": {key: _expanded(text, environment) for key, text in table.headers.items()},
        "retries": table.retries,
    }


def _message(table: HookTable, secret: str) -> Message:
    if table.body is not None:
        return BodyMessage(table.body)
    text = table.message or TEXT
    if table.template == "wecom":
        return WecomMessage(text)
    if table.template == "feishu":
        return FeishuMessage(text, secret)
    if table.template == "ntfy":
        return NtfyMessage(text, table.title or "{name}", table.priority, tuple(table.tags))
    return EventMessage()


def _expanded(text: str, environment: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: environment[found[1]], text)
