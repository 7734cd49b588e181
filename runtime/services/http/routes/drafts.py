"""``/drafts``: enrolling a sound step by step."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response, UploadFile

from enroll.session import Enrollment
from runtime.services.http.access import DraftId, TheService, Upload, read_clip
from runtime.services.http.draft_models import (
    DraftChange,
    DraftModel,
    DraftWanted,
    Enrolled,
    Finish,
    TrialModel,
    draft_model,
    enrolled_model,
    trial_model,
)
from runtime.services.http.drafts import Draft, Trial
from runtime.services.http.problems import Refusal, declared
from runtime.services.http.routes.sounds import new_name
from runtime.services.http.service import Service
from wakeword.protocols import Encoder

router = APIRouter(tags=["enrollment"])


@router.post("/drafts", summary="Begin", status_code=201, responses=declared(408, 409, 413, 429))
async def begin(service: TheService, wanted: DraftWanted) -> DraftModel:
    """Begin to enroll a sound. Nothing is stored before it is finished."""
    return await service.jobs.run(_begin, service, wanted)


@router.get("/drafts", summary="All drafts", responses=declared())
async def list_drafts(service: TheService) -> list[DraftModel]:
    """The sounds that are being enrolled; those not touched for an hour are forgotten."""
    return await service.jobs.run(lambda: [draft_model(draft) for draft in service.drafts.all()])


@router.get("/drafts/{draft_id}", summary="One draft", responses=declared(404))
async def get_draft(
    service: TheService,
    draft_id: DraftId,
    expectation: Annotated[
        bool, Query(description="Whether to fit the sound, which takes a moment.")
    ] = True,
) -> DraftModel:
    """Its takes, each judged beside the others, and what to expect."""
    return await service.jobs.run(draft_model, service.drafts.get(draft_id), expectation)


@router.patch(
    "/drafts/{draft_id}",
    summary="Change the budget or the name",
    responses=declared(404, 408, 409, 413),
)
async def change_draft(service: TheService, draft_id: DraftId, change: DraftChange) -> DraftModel:
    """Allow more or fewer false wakes: the expectation says what that means. Or go on under
    another name, when the one it had is taken meanwhile."""
    return await service.jobs.run(_change, service.drafts.get(draft_id), change)


@router.delete("/drafts/{draft_id}", summary="Give up", status_code=204, responses=declared(404))
async def give_up(service: TheService, draft_id: DraftId) -> Response:
    """Forget the draft and its takes."""
    service.drafts.remove(service.drafts.get(draft_id).id)
    return Response(status_code=204)


@router.post(
    "/drafts/{draft_id}/try",
    summary="Try it now",
    responses=declared(404, 408, 413, 415),
)
async def try_out(service: TheService, draft_id: DraftId, audio: Upload) -> TrialModel:
    """Hear a recording as the engine would, with nothing but this sound to listen for."""
    draft = service.drafts.get(draft_id)
    encoder = service.loaded.encoder
    trial = await service.jobs.run(_try_out, service, draft, audio, encoder)
    return trial_model(trial)


@router.post(
    "/drafts/{draft_id}/finish",
    summary="Finish",
    status_code=201,
    responses=declared(404, 408, 409, 413, 500),
)
async def finish(
    service: TheService,
    draft_id: DraftId,
    how: Annotated[Finish | None, Body()] = None,
) -> Enrolled:
    """Fit the threshold and store the sound. Warnings that would make it useless stop it
    (422), unless it is forced."""
    draft = service.drafts.get(draft_id)
    result = await service.jobs.run(draft.finish, how is not None and how.force)
    service.drafts.remove(draft.id)
    return enrolled_model(result, service)


def _begin(service: Service, wanted: DraftWanted) -> DraftModel:
    loaded, budget = service.loaded, wanted.budget_per_hour

    def make(name: str, replace: bool) -> Enrollment:
        return Enrollment(
            service.library,
            loaded.encoder,
            loaded.spec,
            name,
            budget_per_hour=budget,
            replace=replace,
        )

    most = service.config.limits.draft_takes
    draft = Draft(make, service.library, new_name(wanted.name), wanted.replace, budget, most)
    service.drafts.add(draft)
    return draft_model(draft)


def _change(draft: Draft, change: DraftChange) -> DraftModel:
    if not change.model_fields_set:
        raise Refusal(422, "bad_request", "say what to change: budget_per_hour, name or replace")
    if change.name is not None or change.replace is not None:
        name = draft.name if change.name is None else new_name(change.name)
        draft.rename(name, bool(change.replace))
    if change.budget_per_hour is not None:
        draft.budget_per_hour = change.budget_per_hour
    return draft_model(draft, change.budget_per_hour is not None)


def _try_out(service: Service, draft: Draft, audio: UploadFile, encoder: Encoder) -> Trial:
    clip = read_clip(service, audio, service.config.limits.take_seconds)
    return draft.try_out(clip, encoder, service.engine_config)
