"""``/sounds/{name}/patterns``: so many in a row."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from enroll.patterns import add_pattern, remove_pattern
from runtime.services.http.access import SoundName, TheService
from runtime.services.http.problems import Refusal, declared
from runtime.services.http.routes.sounds import new_name
from runtime.services.http.service import Service
from wakeword.library.records import (
    LONGEST_NAME,
    LONGEST_WAIT_SECONDS,
    MOST_BEATS,
    SHORTEST_WAIT_SECONDS,
    SoundRecord,
)

router = APIRouter(tags=["sounds"])


class PatternModel(BaseModel):
    """A pattern of a sound."""

    name: str = Field(description="What events call it.", examples=["clap x2"])
    beats: int = Field(description="Exactly so many in a row.")
    gaps_seconds: list[float] = Field(description="A rhythm's times from beat to beat.")
    wait_seconds: float = Field(description="How long after a beat another one may follow.")


class PatternWanted(BaseModel):
    """A pattern to add."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [{"beats": 2}]}
    )

    beats: int = Field(ge=2, le=MOST_BEATS, description="Exactly so many in a row.")
    name: str = Field(
        default="",
        max_length=LONGEST_NAME,
        description="What events call it; the sound's name and the number otherwise.",
    )
    wait_seconds: float | None = Field(
        default=None,
        ge=SHORTEST_WAIT_SECONDS,
        le=LONGEST_WAIT_SECONDS,
        description="How long after a beat another one may follow; fitted otherwise.",
    )


@router.get("/sounds/{name}/patterns", summary="Patterns of a sound", responses=declared(404, 500))
async def list_patterns(service: TheService, name: SoundName) -> list[PatternModel]:
    """A sound with patterns makes events of these only."""
    return _models(await service.jobs.run(service.find, name))


@router.post(
    "/sounds/{name}/patterns",
    summary="Add a pattern",
    status_code=201,
    responses=declared(404, 408, 409, 413, 500),
)
async def new_pattern(
    service: TheService, name: SoundName, wanted: PatternWanted
) -> list[PatternModel]:
    """From now on the sound wakes on exactly so many in a row, beside its other patterns."""
    return _models(await service.jobs.run(_add, service, name, wanted))


@router.delete(
    "/sounds/{name}/patterns/{pattern}",
    summary="Delete a pattern",
    status_code=204,
    responses=declared(404, 500),
)
async def delete_pattern(
    service: TheService,
    name: SoundName,
    pattern: Annotated[str, Path(description="``name`` of one of its patterns.")],
) -> Response:
    """A sound without any wakes each time it is heard."""
    await service.jobs.run(_remove, service, name, pattern)
    return Response(status_code=204)


def _models(sound: SoundRecord) -> list[PatternModel]:
    return [
        PatternModel(
            name=pattern.called(sound.name),
            beats=pattern.beats,
            gaps_seconds=list(pattern.gaps_seconds),
            wait_seconds=pattern.wait_seconds,
        )
        for pattern in sound.patterns
    ]


def _add(service: Service, name: str, wanted: PatternWanted) -> SoundRecord:
    return add_pattern(
        service.library,
        service.loaded.encoder,
        service.find(name).name,
        str(wanted.beats),
        name=new_name(wanted.name) if wanted.name else "",
        wait_seconds=wanted.wait_seconds,
    )


def _remove(service: Service, name: str, pattern: str) -> None:
    names = {model.name.casefold(): model.name for model in _models(service.find(name))}
    if pattern.casefold() not in names:
        raise Refusal(404, "pattern_not_found", f"this sound has no pattern {pattern[:70]!r}")
    remove_pattern(service.library, service.loaded.encoder, names[pattern.casefold()])
