"""``/listening``: the server's own sources."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from runtime.services.http.access import TheService
from runtime.services.http.problems import Refusal, declared
from runtime.services.http.service import Service

router = APIRouter(tags=["listening"])


class SourceModel(BaseModel):
    """A source since it was last started."""

    name: str = Field(examples=["mic"])
    state: str = Field(description="listening, ended or failed")
    seconds: float = Field(description="How far into the stream the engine is.")
    events: int
    frames_dropped: int
    samples_lost: int
    restarts: int
    error: str


class Listening(BaseModel):
    """Whether and what the server itself hears."""

    wanted: bool = Field(description="Whether it shall listen.")
    listening: bool = Field(description="Whether it does.")
    problem: str = Field(description="Why it does not, if it shall.")
    muted_seconds: float = Field(description="How long it still hears nothing on purpose.")
    configured: list[str] = Field(description="What it was told to hear when it was started.")
    sources: list[SourceModel]
    sounds: list[str] = Field(description="What is listened for.")
    threshold_offset: float = Field(description="Added to every threshold while it listens.")


class ListeningChange(BaseModel):
    """What to do; what is left out stays."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"minProperties": 1})

    listening: bool | None = Field(default=None, description="Start or stop.")
    mute_seconds: Annotated[float, Field(ge=0, le=3600)] | None = Field(
        default=None,
        description="Hear nothing for so long, as while a chime of your own plays; 0 ends it.",
    )


@router.get("/listening", summary="What the server hears", responses=declared())
async def get_listening(service: TheService) -> Listening:
    """Its sources, and whether it listens."""
    return _model(service)


@router.post(
    "/listening", summary="Start, stop or mute", responses=declared(408, 409, 413, 500, 501)
)
async def change_listening(service: TheService, change: ListeningChange) -> Listening:
    """Start, stop or mute the server's own sources. Streams of clients are not touched."""
    if change.listening is None and change.mute_seconds is None:
        raise Refusal(422, "bad_request", "say what to do: listening, mute_seconds or both")
    if change.listening and not service.config.listen:
        raise Refusal(
            409, "no_sources", "the server was started without a source; use serve --source mic"
        )
    if change.mute_seconds is not None:
        service.hearing.mute(change.mute_seconds)
    if change.listening is not None:
        hearing = service.hearing
        await service.jobs.run(hearing.start if change.listening else hearing.stop)
    return _model(service)


def _model(service: Service) -> Listening:
    hearing = service.hearing
    return Listening(
        wanted=hearing.wanted,
        listening=hearing.listening,
        problem=hearing.problem,
        muted_seconds=round(hearing.muted_seconds, 1),
        configured=list(hearing.sources),
        sources=[
            SourceModel.model_validate(source, from_attributes=True)
            for source in hearing.stats().sources
        ],
        sounds=service.loaded.sounds.sounds if service.ready else [],
        threshold_offset=service.engine_config.threshold_offset,
    )
