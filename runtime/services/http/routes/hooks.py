"""``/hooks``: what happens when a sound is heard."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from runtime.hooks.action import ANY
from runtime.hooks.book import HookBook, LiveHook, scheme
from runtime.services.http.access import TheService
from runtime.services.http.problems import declared
from runtime.services.http.service import Service
from wakeword.library.records import LONGEST_NAME

router = APIRouter(tags=["hooks"])

HookId = Annotated[str, Path(description="``id`` of a hook; it changes with the hook.")]
Address = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        description="Where it goes: http:, https:, mqtt: or mqtts:; others only with "
        "--allow-commands.",
        examples=["https://ntfy.sh/my-topic"],
    ),
]
Text = Annotated[str, Field(max_length=500)]
Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(max_length=50)]


class HookModel(BaseModel):
    """A hook, without its secrets."""

    id: str = Field(description="Empty for one of the command line, which cannot be changed.")
    name: str
    sounds: list[str] = Field(description="The sounds that it waits for; ``*`` is any.")
    action: str = Field(description="What it does, without secrets.")
    kind: str = Field(description="What its address begins with.", examples=["https"])
    enabled: bool
    editable: bool = Field(description="Whether it can be changed and tried here.")
    problem: str = Field(description="Why it does nothing; empty if it works.")
    min_score: float
    sources: list[str] = Field(description="Where it must be heard; empty is anywhere.")
    quiet_hours: list[str] = Field(description="When not, in the server's local time.")
    template: str
    message: str | None
    title: str | None
    headers: list[str] = Field(description="Their names; what they hold is not told.")
    called: int
    failed: int
    timed_out: int
    dropped: int
    skipped: int = Field(description="Events that its conditions kept away.")


class HookList(BaseModel):
    """All hooks."""

    hooks: list[HookModel]
    kept: bool = Field(description="Whether there is a file, so that hooks can be added.")
    commands: bool = Field(description="Whether those that run programs can be set here.")


class HookChange(BaseModel):
    """What to change of a hook; what is left out stays, null takes it away."""

    model_config = ConfigDict(
        strict=True, extra="forbid", allow_inf_nan=False, json_schema_extra={"minProperties": 1}
    )

    do: Address = ""
    name: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    sounds: Annotated[Names, Field(min_length=1, examples=[["whistle"]])] = [ANY]
    enabled: bool = True
    min_score: Annotated[float, Field(ge=-1, le=1)] | None = None
    sources: Names | None = None
    quiet_hours: Names | None = Field(default=None, examples=[["22:00-07:00"]])
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] | None = None
    retries: Annotated[int, Field(ge=0, le=20)] | None = None
    headers: dict[str, Text] | None = None
    template: Literal["event", "wecom", "feishu", "ntfy"] | None = None
    message: Text | None = None
    title: Text | None = None
    priority: Annotated[int, Field(ge=1, le=5)] | None = None
    tags: Names | None = None

    def said(self) -> dict[str, Any]:
        """What was given."""
        return self.model_dump(exclude_unset=True)


class HookWanted(HookChange):
    """A hook to add."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        json_schema_extra={"examples": [{"do": "https://example.org/hook", "sounds": ["whistle"]}]},
    )

    do: Address


class TryWanted(BaseModel):
    """With what to try it."""

    model_config = ConfigDict(strict=True, extra="forbid")

    sound: str = Field(
        default="", max_length=LONGEST_NAME, description="The first that it waits for otherwise."
    )


class Tried(BaseModel):
    """What came of it."""

    ok: bool
    detail: str = Field(description="Why it failed; empty if it did not.")


@router.get("/hooks", summary="All hooks", responses=declared())
async def list_hooks(service: TheService) -> HookList:
    """Those of the configuration file, and those that the server was started with."""
    return HookList(
        hooks=hook_models(service),
        kept=service.hooks.kept,
        commands=service.hooks.rights.commands,
    )


@router.post(
    "/hooks", summary="Add a hook", status_code=201, responses=declared(404, 408, 409, 413)
)
async def add_hook(service: TheService, wanted: HookWanted) -> HookModel:
    """It is written to the configuration file, and acts from now on."""
    table = {key: value for key, value in wanted.said().items() if value is not None}
    return _model(await service.jobs.run(service.hooks.add, table), service.hooks)


@router.patch("/hooks/{hook_id}", summary="Change a hook", responses=declared(404, 408, 409, 413))
async def change_hook(service: TheService, hook_id: HookId, change: HookChange) -> HookModel:
    """With another address, its headers and its secret are forgotten."""
    live = await service.jobs.run(service.hooks.change, hook_id, change.said())
    return _model(live, service.hooks)


@router.delete(
    "/hooks/{hook_id}", summary="Delete a hook", status_code=204, responses=declared(404, 409)
)
async def delete_hook(service: TheService, hook_id: HookId) -> Response:
    """Comments in the file stay."""
    await service.jobs.run(service.hooks.remove, hook_id)
    return Response(status_code=204)


@router.post("/hooks/{hook_id}/try", summary="Try a hook", responses=declared(404, 408, 413))
async def try_hook(
    service: TheService, hook_id: HookId, wanted: Annotated[TryWanted | None, Body()] = None
) -> Tried:
    """Let it act once, as if the sound had been heard, whatever its conditions."""
    sound = wanted.sound if wanted else ""
    failure = await service.jobs.run(service.hooks.attempt, hook_id, sound)
    return Tried(ok=not failure, detail=failure)


def hook_models(service: Service, names: set[str] | None = None) -> list[HookModel]:
    """The hooks as they are answered.

    Args:
        service: whose they are.
        names: only of sounds and patterns of these names, casefolded.
    """
    book = service.hooks
    found = [_model(hook, book) for hook in book.all()]
    for stats in book.fixed.stats():
        counts = {key: getattr(stats, key) for key in _COUNTS}
        found.append(
            HookModel(
                id="",
                name="",
                sounds=[stats.sound],
                action=stats.action,
                kind=scheme(stats.action),
                enabled=True,
                editable=False,
                problem="",
                min_score=-1.0,
                sources=[],
                quiet_hours=[],
                template="event",
                message=None,
                title=None,
                headers=[],
                **counts,
            )
        )
    if names is None:
        return found
    wanted = {ANY, *names}
    return [hook for hook in found if wanted & {sound.casefold() for sound in hook.sounds}]


_COUNTS = ("called", "failed", "timed_out", "dropped", "skipped")


def _model(hook: LiveHook, book: HookBook) -> HookModel:
    table, stats = hook.known.table, hook.stats
    kind = scheme(table.do)
    return HookModel(
        id=hook.known.id,
        name=table.name,
        sounds=list(table.sounds),
        action=stats.action if stats else f"{kind}:",
        kind=kind,
        enabled=table.enabled,
        editable=book.rights.may_change(table),
        problem=hook.problem,
        min_score=table.min_score,
        sources=list(table.sources),
        quiet_hours=list(table.quiet_hours),
        template=table.template,
        message=table.message,
        title=table.title,
        headers=sorted(table.headers),
        **{key: getattr(stats, key) if stats else 0 for key in _COUNTS},
    )
