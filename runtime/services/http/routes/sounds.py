"""``/sounds``: what is enrolled."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from runtime.services.http.access import SoundName, TheService
from runtime.services.http.problems import Refusal, declared
from runtime.services.http.routes.hooks import HookModel, hook_models
from runtime.services.http.service import Service
from wakeword.errors import LibraryError
from wakeword.library.records import LONGEST_NAME, SoundRecord, Threshold, clean_name

router = APIRouter(tags=["sounds"])


class SoundModel(BaseModel):
    """An enrolled sound."""

    name: str = Field(examples=["whistle"])
    threshold: float = Field(description="Score from which on it wakes.", examples=[0.71])
    budget_per_hour: float = Field(description="False wakes per hour that were allowed.")
    false_wakes_per_day: float | None = Field(
        description="False wakes that are expected; of each beat by itself, if it has patterns."
    )
    miss_rate: float | None = Field(description="Share of the takes that would be missed, 0..1.")
    noisy_miss_rate: float | None = Field(
        description="The same in noise 10 dB below the sound, 0..1."
    )
    takes: int = Field(
        description="How many recordings it has; none, if words alone stand for it.", examples=[5]
    )
    text: str | None = Field(description="The words that stand for it, if there are any.")
    understood: str | None = Field(description="What they were understood as, in English.")
    created: str = Field(description="When it was enrolled: ISO 8601, UTC.")
    events: list[str] = Field(
        description="Names of the events it makes: its patterns', or its own if it has none."
    )
    rejected: int = Field(description="How many examples there are of what it is not.")
    listening: bool = Field(description="Whether it is listened for, as far as this server knows.")
    hooks: list[HookModel] = Field(description="What happens when it is heard.")


class SoundList(BaseModel):
    """All sounds."""

    sounds: list[SoundModel]
    problems: dict[str, str] = Field(description="Sounds that cannot be read, and why.")


class SoundChange(BaseModel):
    """What to change of a sound; what is left out stays."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"minProperties": 1})

    name: str | None = Field(
        default=None, min_length=1, max_length=LONGEST_NAME, description="Its new name."
    )
    threshold: Threshold | None = Field(
        default=None, description="Score from which on it wakes; higher is stricter."
    )


@router.get("/sounds", summary="All sounds", responses=declared(500))
async def list_sounds(service: TheService) -> SoundList:
    """The enrolled sounds by name, and what is wrong with those that cannot be read."""
    return await service.jobs.run(_list, service)


@router.get("/sounds/{name}", summary="One sound", responses=declared(404, 500))
async def get_sound(service: TheService, name: SoundName) -> SoundModel:
    """One sound."""
    return _model(await service.jobs.run(service.find, name), service)


@router.patch(
    "/sounds/{name}",
    summary="Rename a sound or change its threshold",
    responses=declared(404, 408, 409, 413, 500),
)
async def change_sound(service: TheService, name: SoundName, change: SoundChange) -> SoundModel:
    """Change it at once, for all who listen."""
    return _model(await service.jobs.run(_change, service, name, change), service)


@router.delete(
    "/sounds/{name}", summary="Delete a sound", status_code=204, responses=declared(404, 500)
)
async def remove_sound(service: TheService, name: SoundName) -> Response:
    """Delete it and its recordings."""
    await service.jobs.run(_remove, service, name)
    return Response(status_code=204)


def new_name(name: str) -> str:
    """The name as it is kept.

    Raises:
        Refusal: it cannot be used (422).
    """
    try:
        return clean_name(name)
    except LibraryError as error:
        raise Refusal(422, "bad_name", str(error)) from None


def sound_model(sound: SoundRecord, service: Service) -> SoundModel:
    """A sound as it is answered."""
    return _model(sound, service)


def _list(service: Service) -> SoundList:
    return SoundList(
        sounds=[_model(sound, service) for sound in service.library.sounds()],
        problems={
            where: str(error).replace(str(service.library.folder), "…")
            for where, error in service.library.problems().items()
        },
    )


def _model(sound: SoundRecord, service: Service) -> SoundModel:
    names = {name.casefold() for name in (sound.name, *sound.events)}
    hourly = sound.expected.false_alarms_per_hour
    return SoundModel(
        name=sound.name,
        threshold=sound.threshold,
        budget_per_hour=sound.budget_per_hour,
        false_wakes_per_day=None if hourly is None else round(24 * hourly, 3),
        miss_rate=sound.expected.miss_rate,
        noisy_miss_rate=sound.expected.noisy_miss_rate,
        takes=len(sound.takes),
        text=sound.text.written if sound.text else None,
        understood=sound.text.text if sound.text else None,
        created=sound.created,
        events=list(sound.events),
        rejected=len(sound.rejected),
        listening=service.ready and sound.name in service.loaded.sounds.sounds,
        hooks=hook_models(service, names),
    )


def _change(service: Service, name: str, change: SoundChange) -> SoundRecord:
    if change.name is None and change.threshold is None:
        raise Refusal(422, "bad_request", "say what to change: name, threshold or both")
    sound = service.find(name)
    wanted = sound.name if change.name is None else new_name(change.name)
    if wanted != sound.name:
        sound = service.library.rename(sound.name, wanted)
    if change.threshold is not None:
        budget = sound.budget_per_hour
        sound = service.library.set_threshold(sound.name, change.threshold, budget)
    return sound


def _remove(service: Service, name: str) -> None:
    service.library.remove(service.find(name).name)
