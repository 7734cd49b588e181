"""``/health`` and ``/metrics``: how the server is."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from runtime.services.http.access import TheService
from runtime.services.http.problems import declared_beside
from runtime.services.http.service import Service
from wakeword import __version__

router = APIRouter(tags=["state"])


class SourceHealth(BaseModel):
    """A source in brief."""

    name: str
    state: str = Field(description="listening, ended or failed")
    error: str


class Health(BaseModel):
    """How the server is."""

    status: Literal["ok", "loading", "failed"]
    ready: bool = Field(description="Whether the encoder and the sounds are loaded.")
    version: str
    encoder: str | None = Field(
        default=None, description="Identity of the vectors; only for who may know."
    )
    words: bool | None = Field(
        default=None, description="Whether ``/classify`` can work with this encoder."
    )
    sounds: int | None = Field(default=None, description="How many are listened for.")
    listening: bool | None = Field(default=None, description="Whether the server itself listens.")
    sources: list[SourceHealth] | None = Field(default=None, description="Its own sources.")


@router.get("/health", summary="Is it alive", response_model_exclude_none=True)
async def health(service: TheService, request: Request) -> Health:
    """Always 200 while the server lives. Without the token, where one is needed, details are
    left out."""
    return _health(service, trusted=request.scope["state"]["trusted"])


@router.get(
    "/health/ready",
    summary="Is it ready",
    response_model=Health,
    response_model_exclude_none=True,
    responses={503: {"model": Health, "description": "Not yet, or not any more."}},
)
async def ready(service: TheService, request: Request) -> Response:
    """200 once everything is loaded, 503 before."""
    found = _health(service, trusted=request.scope["state"]["trusted"])
    return JSONResponse(found.model_dump(exclude_none=True), 200 if found.ready else 503)


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus' text format.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **declared_beside(),
    },
)
async def metrics(service: TheService) -> Response:
    """Frames, gate share, embeddings, events, near misses, drops, hooks, requests."""
    text = await service.jobs.run(service.metrics.text)
    return Response(text, media_type="text/plain; version=0.0.4; charset=utf-8")


def _health(service: Service, trusted: bool) -> Health:
    status: Literal["ok", "loading", "failed"] = "ok" if service.ready else "loading"
    if service.failure is not None:
        status = "failed"
    found = Health(status=status, ready=service.ready, version=__version__)
    if not trusted:
        return found
    if service.ready:
        loaded = service.loaded
        found.encoder = loaded.encoder.id
        found.words = service.knows_words
        found.sounds = len(loaded.sounds.sounds)
    found.listening = service.hearing.listening
    found.sources = [
        SourceHealth(name=source.name, state=source.state, error=source.error)
        for source in service.hearing.stats().sources
    ]
    return found
