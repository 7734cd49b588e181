"""``/drafts``: enrolling a sound step by step."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field

from enroll.calibration import Calibration
from enroll.session import BUDGET_PER_HOUR, Enrollment
from runtime.services.http.access import DraftId, TakeId, TheService, Upload, read_clip
from runtime.services.http.drafts import Draft, DraftTake, Trial, finding_models
from runtime.services.http.problems import FindingModel, declared, declared_beside
from runtime.services.http.recordings import Peaks, Spectrogram, peaks, spectrogram, wav
from runtime.services.http.routes.sounds import SoundModel, new_name, sound_model
from runtime.services.http.routes.takes import WAV, Points, WavResponse
from runtime.services.http.service import Service
from wakeword.protocols import Encoder
from wakeword.records import LONGEST_NAME

router = APIRouter(tags=["enrollment"])

Budget = Annotated[float, Field(gt=0, le=3600, description="False wakes per hour that may happen.")]


class DraftWanted(BaseModel):
    """The sound to enroll."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [{"name": "whistle"}]}
    )

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    budget_per_hour: Budget = BUDGET_PER_HOUR
    replace: bool = Field(
        default=False, description="Redo a sound of that name; it stays until this is finished."
    )


class DraftChange(BaseModel):
    """What to change of a draft."""

    model_config = ConfigDict(strict=True, extra="forbid")

    budget_per_hour: Budget


class Finish(BaseModel):
    """How to finish."""

    model_config = ConfigDict(strict=True, extra="forbid")

    force: bool = Field(default=False, description="Enroll in spite of warnings.")


class DraftTakeModel(BaseModel):
    """A take of a draft."""

    id: str
    label: str = Field(description="What messages call it.", examples=["take 2"])
    seconds: float = Field(description="Length of the recording.")
    start_seconds: float = Field(description="Where the sound begins that will be used.")
    end_seconds: float = Field(description="Where it ends.")
    level_db: float = Field(description="Level of its loudest 50 ms, dBFS.")
    snr_db: float = Field(description="That level over the background, dB.")
    likeness: float | None = Field(
        description="To the other takes, -1..1; null while it is the only one."
    )
    findings: list[FindingModel] = Field(description="What is wrong with it, in words.")


class Expectation(BaseModel):
    """What to expect of a sound."""

    threshold: float = Field(description="Score from which on it wakes.")
    false_wakes_per_day: float | None = Field(description="An estimate; null if unknown.")
    miss_rate: float | None = Field(description="Share of the takes that would be missed, 0..1.")
    text: str = Field(examples=["expect about 3 false wakes a day, 0% misses"])


class DraftModel(BaseModel):
    """A sound that is being enrolled."""

    id: str
    name: str
    budget_per_hour: float
    takes: list[DraftTakeModel]
    expectation: Expectation | None = Field(description="With the takes so far; null without any.")


class Enrolled(BaseModel):
    """A sound that was just enrolled."""

    sound: SoundModel
    expectation: Expectation
    findings: list[FindingModel] = Field(description="What did not stop it.")


class TrialWindow(BaseModel):
    """A moment of a trial."""

    time: float = Field(description="In seconds.")
    score: float = Field(description="Likeness to the sound, -1..1.")


class TrialEvent(BaseModel):
    """A wake in a trial."""

    start: float = Field(description="In seconds.")
    end: float
    score: float


class TrialModel(BaseModel):
    """What the engine made of a recording."""

    threshold: float
    score: float | None = Field(description="The best; null when nothing was there.")
    woke: bool
    windows: list[TrialWindow] = Field(description="While anything was there.")
    events: list[TrialEvent]


@router.post("/drafts", summary="Begin", status_code=201, responses=declared(408, 409, 413, 429))
async def begin(service: TheService, wanted: DraftWanted) -> DraftModel:
    """Begin to enroll a sound. Nothing is stored before it is finished."""
    return await service.jobs.run(_begin, service, wanted)


@router.get("/drafts", summary="All drafts", responses=declared())
async def list_drafts(service: TheService) -> list[DraftModel]:
    """The sounds that are being enrolled; those not touched for an hour are forgotten."""
    return await service.jobs.run(lambda: [_model(draft) for draft in service.drafts.all()])


@router.get("/drafts/{draft_id}", summary="One draft", responses=declared(404))
async def get_draft(service: TheService, draft_id: DraftId) -> DraftModel:
    """Its takes, each judged beside the others, and what to expect."""
    return await service.jobs.run(_model, service.drafts.get(draft_id))


@router.patch("/drafts/{draft_id}", summary="Change the budget", responses=declared(404, 408, 413))
async def change_draft(service: TheService, draft_id: DraftId, change: DraftChange) -> DraftModel:
    """Allow more or fewer false wakes; the expectation says what that means."""
    draft = service.drafts.get(draft_id)
    draft.budget_per_hour = change.budget_per_hour
    return await service.jobs.run(_model, draft)


@router.delete("/drafts/{draft_id}", summary="Give up", status_code=204, responses=declared(404))
async def give_up(service: TheService, draft_id: DraftId) -> Response:
    """Forget the draft and its takes."""
    service.drafts.remove(service.drafts.get(draft_id).id)
    return Response(status_code=204)


@router.post(
    "/drafts/{draft_id}/takes",
    summary="Add takes",
    status_code=201,
    responses=declared(404, 408, 409, 413, 415),
)
async def add_takes(service: TheService, draft_id: DraftId, audio: Upload) -> list[DraftTakeModel]:
    """Add each sound in a recording as a take. One that cannot be used is refused (422) with
    the reasons in words."""
    draft = service.drafts.get(draft_id)
    added = await service.jobs.run(_add, service, draft, audio)
    return [_take_model(take) for take in added]


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
    return _trial_model(trial)


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
    return Enrolled(
        sound=sound_model(result.sound, service),
        expectation=_expectation(result.calibration),
        findings=finding_models(result.findings),
    )


def _begin(service: Service, wanted: DraftWanted) -> DraftModel:
    loaded = service.loaded
    enrollment = Enrollment(
        service.library,
        loaded.encoder,
        loaded.spec,
        new_name(wanted.name),
        budget_per_hour=wanted.budget_per_hour,
        replace=wanted.replace,
    )
    most = service.config.limits.draft_takes
    draft = Draft(enrollment, wanted.budget_per_hour, most)
    service.drafts.add(draft)
    return _model(draft)


def _add(service: Service, draft: Draft, audio: UploadFile) -> list[DraftTake]:
    clip = read_clip(service, audio, service.config.limits.take_seconds)
    return draft.add(clip, service.library)


def _try_out(service: Service, draft: Draft, audio: UploadFile, encoder: Encoder) -> Trial:
    clip = read_clip(service, audio, service.config.limits.take_seconds)
    return draft.try_out(clip, encoder, service.engine_config)


def _model(draft: Draft) -> DraftModel:
    calibration = draft.expect()
    return DraftModel(
        id=draft.id,
        name=draft.name,
        budget_per_hour=draft.budget_per_hour,
        takes=[_take_model(take) for take in draft.takes()],
        expectation=_expectation(calibration) if calibration else None,
    )


def _take_model(draft_take: DraftTake) -> DraftTakeModel:
    take = draft_take.take
    return DraftTakeModel(
        id=draft_take.id,
        label=draft_take.label,
        seconds=round(len(take.samples) / take.rate, 4),
        start_seconds=round(take.start / take.rate, 4),
        end_seconds=round(take.end / take.rate, 4),
        level_db=round(take.level_db, 1),
        snr_db=round(take.snr_db, 1),
        likeness=None if draft_take.likeness is None else round(draft_take.likeness, 4),
        findings=finding_models(draft_take.findings),
    )


def _expectation(calibration: Calibration) -> Expectation:
    hourly = calibration.false_alarms_per_hour
    return Expectation(
        threshold=calibration.threshold,
        false_wakes_per_day=None if hourly is None else round(24 * hourly, 3),
        miss_rate=calibration.miss_rate,
        text=str(calibration),
    )


def _trial_model(trial: Trial) -> TrialModel:
    return TrialModel(
        threshold=trial.calibration.threshold,
        score=max((round(score, 4) for _, score in trial.windows), default=None),
        woke=bool(trial.events),
        windows=[
            TrialWindow(time=round(at, 3), score=round(score, 4)) for at, score in trial.windows
        ],
        events=[
            TrialEvent(
                start=round(event.start_seconds, 3),
                end=round(event.end_seconds, 3),
                score=round(event.score, 4),
            )
            for event in trial.events
        ],
    )
