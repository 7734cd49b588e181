"""``/history``: what fired, what nearly did, and what the user says of it."""

from __future__ import annotations

import io
from typing import Annotated, Literal

import soundfile
from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from enroll.feedback import FeedbackResult, undo
from runtime.history.feedback import accept_event, reject_event
from runtime.history.store import ID_PATTERN, History, HistoryEntry
from runtime.services.http.access import TheService
from runtime.services.http.problems import (
    FindingModel,
    Refusal,
    declared,
    declared_beside,
    finding_models,
)
from runtime.services.http.recordings import Spectrogram, spectrogram, wav
from runtime.services.http.routes.takes import WAV, Points, WavResponse
from runtime.services.http.service import Service
from wakeword.audio.frames import FloatArray

router = APIRouter(tags=["history"])

EventId = Annotated[
    str, Path(pattern=ID_PATTERN, description="``id`` of an event.", examples=["8bf94d923f69ec6d"])
]


class HistoryItem(BaseModel):
    """A wake or a near miss."""

    id: str
    kind: Literal["wake", "near"]
    time: str = Field(description="When: ISO 8601, UTC.")
    sound: str
    pattern: str | None = Field(description="The pattern of the sound that fired, if it has any.")
    name: str = Field(description="What it is called: the pattern, or the sound.")
    score: float
    threshold: float
    why: str = Field(description="Why it fired or did not.", examples=["0.04 below the threshold"])
    source: str
    start: float = Field(description="In seconds, from the start of the stream.")
    end: float
    speech: float = Field(description="Share that sounds like a voice, 0..1.")
    take: str = Field(description="The take that is nearest.")
    audio: bool = Field(description="Whether it can be played.")
    said: Literal["false", "right"] | None = Field(description="The verdict there was on it.")


class Verdict(BaseModel):
    """What the user says of an event."""

    model_config = ConfigDict(strict=True, extra="forbid")

    verdict: Literal["false", "right"] = Field(
        description="``false``: that was not its sound. ``right``: that was it, whether it fired "
        "or nearly did; its audio becomes a take."
    )
    sound: str = Field(
        default="", max_length=64, description="Which sound it was, if another one; for ``right``."
    )


class Fitted(BaseModel):
    """A sound after feedback."""

    sound: str
    takes: int
    rejected: int = Field(description="Examples of what it is not.")
    threshold_before: float
    threshold: float
    expectation: str | None = Field(description="What to expect now.")
    findings: list[FindingModel]


@router.get("/history", summary="What fired and what nearly did", responses=declared(404, 500))
async def list_history(
    service: TheService,
    sound: Annotated[
        str | None, Query(max_length=64, description="Only of this sound or pattern.")
    ] = None,
    kind: Annotated[Literal["wake", "near"] | None, Query(description="Only these.")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="The latest so many.")] = 50,
) -> list[HistoryItem]:
    """The latest first."""
    history = _history(service)
    near = None if kind is None else kind == "near"
    entries = await service.jobs.run(history.entries, sound, near=near)
    said = await service.jobs.run(_said, service)
    return [_item(entry, said.get(entry.id)) for entry in entries[:limit]]


@router.get(
    "/history/{event_id}/audio",
    summary="Play an event",
    response_class=WavResponse,
    responses={200: WAV, **declared_beside(404, 500)},
)
async def event_audio(service: TheService, event_id: EventId) -> Response:
    """Its audio as a WAV file, where that was kept."""
    samples, rate = await service.jobs.run(_clip, service, event_id)
    return WavResponse(wav(samples, rate))


@router.get(
    "/history/{event_id}/spectrogram", summary="Draw an event", responses=declared(404, 500)
)
async def event_spectrogram(
    service: TheService, event_id: EventId, points: Points = 200
) -> Spectrogram:
    """Its spectrogram, where its audio was kept."""
    samples, rate = await service.jobs.run(_clip, service, event_id)
    return await service.jobs.run(spectrogram, samples, rate, points)


@router.post(
    "/history/{event_id}/feedback",
    summary="Not that! / That was it",
    responses=declared(404, 408, 409, 413, 500),
)
async def give_feedback(service: TheService, event_id: EventId, said: Verdict) -> Fitted:
    """The sound is fitted anew at once, for all who listen."""
    return _fitted(await service.jobs.run(_judge, service, event_id, said))


@router.delete(
    "/history/{event_id}/feedback",
    summary="Take feedback back",
    responses=declared(404, 409, 500),
)
async def undo_feedback(service: TheService, event_id: EventId) -> Fitted:
    """As if nothing had been said of this event."""
    encoder = service.loaded.encoder
    return _fitted(await service.jobs.run(undo, service.library, encoder, event=event_id))


def _history(service: Service) -> History:
    if service.history is None:
        raise Refusal(404, "no_history", "this server was started with --no-history")
    return service.history


def _entry(service: Service, event_id: str) -> HistoryEntry:
    found = [entry for entry in _history(service).entries() if entry.id == event_id]
    if not found:
        raise Refusal(404, "event_not_found", f"the history knows no event {event_id}")
    return found[0]


def _clip(service: Service, event_id: str) -> tuple[FloatArray, int]:
    clip = _history(service).clip(_entry(service, event_id))
    if clip is None:
        raise Refusal(404, "no_audio", "its audio was not kept; start the server with --keep-audio")
    samples, rate = soundfile.read(io.BytesIO(clip), dtype="float32")
    return samples, rate


def _judge(service: Service, event_id: str, said: Verdict) -> FeedbackResult:
    entry, history = _entry(service, event_id), _history(service)
    library, encoder = service.library, service.loaded.encoder
    if said.verdict == "false":
        return reject_event(library, encoder, history, entry)
    sound = service.find(said.sound or entry.sound).name
    return accept_event(library, encoder, history, entry, sound)


def _said(service: Service) -> dict[str, Literal["false", "right"]]:
    """The verdicts that were not taken back, by event."""
    return {
        said.event: "false" if said.kind == "false" else "right"
        for sound in service.library.sounds()
        for said in sound.feedback
        if said.event
    }


def _item(entry: HistoryEntry, said: Literal["false", "right"] | None) -> HistoryItem:
    return HistoryItem(
        id=entry.id,
        kind=entry.kind,
        time=entry.time.isoformat(),
        sound=entry.sound,
        pattern=entry.pattern or None,
        name=entry.name,
        score=round(entry.score, 4),
        threshold=round(entry.threshold, 4),
        why=entry.why,
        source=entry.source,
        start=round(entry.start_seconds, 3),
        end=round(entry.end_seconds, 3),
        speech=round(entry.speech, 2),
        take=entry.take,
        audio=entry.clip,
        said=said,
    )


def _fitted(result: FeedbackResult) -> Fitted:
    return Fitted(
        sound=result.sound.name,
        takes=len(result.sound.takes),
        rejected=len(result.sound.rejected),
        threshold_before=result.threshold_before,
        threshold=result.sound.threshold,
        expectation=str(result.calibration) if result.calibration else None,
        findings=finding_models(result.findings),
    )
