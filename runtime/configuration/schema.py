"""What may stand in ``wakesound.toml``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from runtime.quiet_hours import QuietHours
from runtime.sinks import _filling
from wakeword import plugins
from wakeword.errors import ConfigError

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
    plugins.load("wakeword.gates", name)


def _known_action(uri: str) -> None:
    known = plugins.names("runtime.sinks")
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
