"""``/drafts/{id}/takes``: the recordings of a sound that is being enrolled."""

from __future__ import annotations

from fastapi import APIRouter, Response, UploadFile

from runtime.services.http.access import (
    HEARD_HEADERS,
    Channel,
    DraftId,
    TakeId,
    TheService,
    Upload,
    read_clip,
    tell_heard,
)
from runtime.services.http.draft_models import DraftTakeModel, take_model
from runtime.services.http.drafts import Draft, DraftTake
from runtime.services.http.problems import declared, declared_beside
from runtime.services.http.recordings import Peaks, Spectrogram, peaks, spectrogram, wav
from runtime.services.http.routes.takes import WAV, Points, WavResponse
from runtime.services.http.service import Service
from wakeword.audio.channels import MIX
from wakeword.audio.reading import Account

router = APIRouter(tags=["enrollment"])


@router.post(
    "/drafts/{draft_id}/takes",
    summary="Add takes",
    status_code=201,
    responses={201: {"headers": HEARD_HEADERS}, **declared(404, 408, 409, 413, 415)},
)
async def add_takes(
    service: TheService,
    response: Response,
    draft_id: DraftId,
    audio: Upload,
    channel: Channel = MIX,
) -> list[DraftTakeModel]:
    """Add each sound in a recording as a take. One that cannot be used is refused (422) with
    the reasons in words."""
    draft = service.drafts.get(draft_id)
    added, account = await service.jobs.run(_add, service, draft, audio, channel)
    tell_heard(response, account)
    return [take_model(take) for take in added]


@router.get(
    "/drafts/{draft_id}/takes/{take_id}/audio",
    summary="Play a take",
    response_class=WavResponse,
    responses={200: WAV, **declared_beside(404)},
)
async def take_audio(service: TheService, draft_id: DraftId, take_id: TakeId) -> Response:
    """The take as a WAV file."""
    take = await service.jobs.run(service.drafts.get(draft_id).take, take_id)
    return WavResponse(wav(take.samples, take.rate))


@router.get(
    "/drafts/{draft_id}/takes/{take_id}/peaks", summary="Draw a take", responses=declared(404)
)
async def take_peaks(
    service: TheService, draft_id: DraftId, take_id: TakeId, points: Points = 400
) -> Peaks:
    """Its waveform and the part that will be used."""
    take = await service.jobs.run(service.drafts.get(draft_id).take, take_id)
    return peaks(take.samples, take.rate, take.start, take.end, points)


@router.get(
    "/drafts/{draft_id}/takes/{take_id}/spectrogram",
    summary="Draw a take's spectrogram",
    responses=declared(404),
)
async def take_spectrogram(
    service: TheService, draft_id: DraftId, take_id: TakeId, points: Points = 200
) -> Spectrogram:
    """Its spectrogram."""
    take = await service.jobs.run(service.drafts.get(draft_id).take, take_id)
    return await service.jobs.run(spectrogram, take.samples, take.rate, points)


@router.delete(
    "/drafts/{draft_id}/takes/{take_id}",
    summary="Delete a take",
    status_code=204,
    responses=declared(404),
)
async def remove_take(service: TheService, draft_id: DraftId, take_id: TakeId) -> Response:
    """Take it back."""
    await service.jobs.run(service.drafts.get(draft_id).drop, take_id)
    return Response(status_code=204)


def _add(
    service: Service, draft: Draft, audio: UploadFile, channel: str
) -> tuple[list[DraftTake], Account | None]:
    clip = read_clip(service, audio, service.config.limits.take_seconds, channel)
    return draft.add(clip), clip.account
