"""The tables and keys of ``wakesound.toml``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from runtime.configuration.quiet_hours import QuietHours
from runtime.sinks import _filling
from runtime.sinks._messages import check_headers
from wakeword.errors import ConfigError
from wakeword.protocols import load_plugin, plugin_names

WEB = ("http:", "https:")
"""Addresses of webhooks."""

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
Filled = Annotated[str, AfterValidator(_checked(_filling.check_places))]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class EngineTable(_Table):
    """``[engine]``: settings of the engine."""

    gate: Annotated[str, AfterValidator(_checked(_known_gate))] = "band"
    """The gate: ``band``, ``vad`` or ``union``."""
    patience: int = Field(default=2, ge=1)
    """Windows in a row, one each 0.1 s, that must match."""
    refractory_seconds: float = Field(default=1.0, ge=0)
    """Shortest time between two wakes of a sound."""
    threshold_offset: float = 0.0
    """Added to every threshold; above 0 is stricter."""
    device: Literal["cpu", "cuda", "mps"] = "cpu"
    """Where the encoder runs, if it can run elsewhere than on the CPU."""


class HookTable(_Table):
    """``[[hooks]]``: an action for a sound."""

    do: Annotated[Name, AfterValidator(_checked(_known_action))]
    """The action: ``exec:COMMAND``, ``https://...`` and so on."""
    name: str = ""
    """Its name in messages."""
    enabled: bool = True
    """Whether it is in use."""
    sounds: Names = ["*"]
    """Names of sounds; ``"*"`` is any."""
    when: Literal["start", "end"] = "start"
    """Whether it is for the beginnings of alerts (and for wakes), or for the ends of alerts."""
    min_score: float = Field(default=-1.0, ge=-1, le=1)
    """The score must reach this, besides the sound's own threshold."""
    sources: Annotated[list[Name], BeforeValidator(_listed)] = []
    """It must be heard there, e.g. ``mic:Kitchen``; empty is anywhere."""
    quiet_hours: Annotated[list[Span], BeforeValidator(_listed)] = []
    """Times of day at which it does nothing, in local time: ``"22:00-07:00"``, or several."""
    timeout_seconds: float = Field(default=10.0, gt=0)
    """Time limit of one attempt."""
    concurrency: int = Field(default=1, ge=1, le=64)
    """Calls that may run at once; above 1 they keep no order."""

    # For http: and https:.
    retries: int = Field(default=2, ge=0, le=20)
    """Further attempts after one that failed."""
    secret_env: Name | None = None
    """Environment variable with the secret that signs each message."""
    headers: dict[str, str] = {}
    """Further headers; ``${NAME}`` is an environment variable."""
    template: Literal["event", "wecom", "feishu", "ntfy"] = "event"
    """The form of the message: the event itself, or that of a messenger."""
    message: Filled | None = None
    """Text for messengers, with placeholders such as ``{sound}``."""
    title: Filled | None = None
    """Title (ntfy)."""
    priority: int = Field(default=3, ge=1, le=5)
    """Priority (ntfy)."""
    tags: Annotated[list[Name], BeforeValidator(_listed)] = ["bell"]
    """Tags: words or names of emoji (ntfy)."""
    body: Annotated[Any, AfterValidator(_checked(_filling.check_places))] = None
    """The user's own body: a text, or a table that becomes JSON."""


WEB_KEYS = frozenset(
    ("retries", "secret_env", "headers", "template", "message", "title", "priority", "tags", "body")
)
"""Keys of a hook that only webhooks understand."""


def conflict(table: HookTable) -> tuple[str, str] | None:
    """A key that does not go with the others, and the reason."""
    given = table.model_fields_set
    if not table.do.startswith(WEB):
        for key in sorted(given & WEB_KEYS):
            return key, "is for webhooks (http: and https:) only"
    if "body" in given and "template" in given:
        return "body", "and 'template' exclude each other"
    wanted: dict[str, tuple[str, ...]] = {"message": ("wecom", "feishu", "ntfy")}
    wanted |= dict.fromkeys(("title", "priority", "tags"), ("ntfy",))
    for key in sorted(given & wanted.keys()):
        if table.template not in wanted[key]:
            return key, f"needs a template that uses it: {', '.join(wanted[key])}"
    return None


def hazard(table: HookTable) -> tuple[str, str] | None:
    """A key for which the hook must not run, and the reason; None if there is none.

    Earlier versions accepted these: templates that fill the memory, and headers that break the
    message. A file that holds one is read, and the hook is off.
    """
    for key in ("message", "title", "body"):
        try:
            _filling.check_bounds(getattr(table, key))
        except ConfigError as error:
            return key, f"is wrong: {error}"
    try:
        check_headers(table.headers)
    except ConfigError as error:
        return "headers", f"are wrong: a message {error}"
    return None


class FileTable(_Table):
    """The whole file."""

    library: Name | None = None
    """The folder with the sounds; a relative one is beside this file."""
    encoder: Name | None = None
    """Must be the encoder that the library was made with."""
    sources: Names = ["mic"]
    """Sources: ``mic``, ``mic:NAME``, ``file:PATH``; one or several."""
    engine: EngineTable = Field(default_factory=EngineTable)
    hooks: list[HookTable] = []
    listen: dict[str, Any] = {}
    monitor: dict[str, Any] = {}
    mqtt: dict[str, Any] = {}
    serve: dict[str, Any] = {}
    wyoming: dict[str, Any] = {}


COMMANDS = ("listen", "monitor", "mqtt", "serve", "wyoming")
"""Tables that hold options of the command of that name."""
