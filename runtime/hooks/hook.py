"""A hook: an action of a configuration file, with all that was said about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    from runtime.configuration.schema import HookTable
    from runtime.hooks.dispatch import Dispatcher
    from runtime.listening.listener import WakeListener


_VARIABLE = re.compile(r"\$\{(\w+)\}")
_WEB = ("http:", "https:")
_ADDRESSES = (*_WEB, "mqtt:", "mqtts:")
"""Actions in which ``${NAME}`` is an environment variable."""


@dataclass(frozen=True)
class Hook:
    """What to do when some sounds are heard."""

    name: str
    """What to call it in messages."""
    sounds: tuple[str, ...]
    """The sounds it waits for; ``"*"`` is any."""
    action: SinkSpec
    """What to do."""
    conditions: Conditions
    """What else must hold."""
    timeout_seconds: float
    """How long one attempt may take."""
    concurrency: int
    """How many calls may run at once."""

    def add_to(self, listener: WakeListener) -> None:
        """Let a listener do it.

        Raises:
            SoundNotFound: only while listening: there is no such sound.
            ConfigError: only while listening: the action makes no sense.
        """
        listener.on(
            self.sounds,
            self.action,
            timeout_seconds=self.timeout_seconds,
            conditions=self.conditions,
            concurrency=self.concurrency,
        )

    def dispatch_by(self, dispatcher: Dispatcher) -> None:
        """Let a dispatcher do it, without asking whether there are such sounds.

        Raises:
            ConfigError: the action makes no sense.
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


def build(table: HookTable, environment: Mapping[str, str]) -> Hook:
    """Make the hook.

    Args:
        table: what the file says.
        environment: where secrets are found.

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


def conflict(table: HookTable, web_keys: frozenset[str]) -> tuple[str, str] | None:
    """A key that does not go with the others, and why."""
    given = table.model_fields_set
    if not _web(table):
        for key in sorted(given & web_keys):
            return key, "is for webhooks (http: and https:) only"
    if "body" in given and "template" in given:
        return "body", "and 'template' exclude each other"
    wanted: dict[str, tuple[str, ...]] = {"message": ("wecom", "feishu", "ntfy")}
    wanted |= dict.fromkeys(("title", "priority", "tags"), ("ntfy",))
    for key in sorted(given & wanted.keys()):
        if table.template not in wanted[key]:
            return key, f"needs a template that uses it: {', '.join(wanted[key])}"
    return None


def _web(table: HookTable) -> bool:
    return table.do.startswith(_WEB)


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
