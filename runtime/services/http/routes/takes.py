"""``/sounds/{name}/takes``: the recordings of a sound."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from pydantic import BaseModel, Field

from enroll.adding import Addition
from enroll.changing import EnrollmentResult, remove_take
from enroll.files import add_clips
from runtime.services.http.access import Channel, SoundName, TakeFile, TheService, read_clip
from runtime.services.http.draft_models import Extended, extended_model
from runtime.services.http.problems import Refusal, declared, declared_beside
from runtime.services.http.recordings import Peaks, Spectrogram, peaks, spectrogram, wav
from runtime.services.http.service import Service
from runtime.services.http.uploads import shown_name
from wakeword.audio.channels import MIX
from wakeword.audio.files.formats import READABLE
from wakeword.library.recordings import Take

router = APIRouter(tags=["sounds"])

Points = Annotated[int, Query(ge=1, le=2000, description="Width of the drawing.")]


Recordings = Annotated[
    list[UploadFile],
    File(min_length=1, description=f"Recordings of any rate and channels: {READABLE}."),
]
"""The parts ``audio`` of a form."""


class TakeModel(BaseModel):
    """A recording of a sound."""

    file: str = Field(examples=["4366ba51df7fe4b0.flac"])
    seconds: float = Field(description="Length of the recording.")
    start_seconds: float = Field(description="Where the sound begins in it.")
    end_seconds: float = Field(description="Where it ends.")
    level_db: float = Field(description="Level of its loudest 50 ms, dBFS.")
    snr_db: float = Field(description="That level over the background, dB.")


class WavResponse(Response):
    """A WAV file."""

    media_type = "audio/wav"


WAV = {
    "content": {"audio/wav": {"schema": {"type": "string", "format": "binary"}}},
    "description": "A 16-bit mono WAV file.",
}


@router.get("/sounds/{name}/takes", summary="Recordings of a sound", responses=declared(404, 500))
async def list_takes(service: TheService, name: SoundName) -> list[TakeModel]:
    """All recordings of a sound."""
    sound = await service.jobs.run(service.find, name)
    return [TakeModel.model_validate(take, from_attributes=True) for take in sound.takes]


@router.post(
    "/sounds/{name}/takes",
    summary="Add takes to a sound",
    status_code=201,
    responses=declared(404, 408, 409, 413, 415, 500),
)
async def add_takes(
    service: TheService,
    name: SoundName,
    audio: Recordings,
    channel: Channel = MIX,
    force: Annotated[bool, Form(description="Add them despite warnings.")] = False,
) -> Extended:
    """Each sound in the recordings becomes a take, and the sound is fitted anew, in one change.
    Those that repeat a take are left out with a finding; a recording whose only sound cannot be
    used stops it (422) with the reasons in words."""
    return extended_model(
        await service.jobs.run(_add, service, name, audio, channel, force), service
    )


@router.get(
    "/sounds/{name}/takes/{file}/audio",
    summary="Play a recording",
    response_class=WavResponse,
    responses={200: WAV, **declared_beside(404, 500)},
)
async def take_audio(service: TheService, name: SoundName, file: TakeFile) -> Response:
    """The recording as a WAV file."""
    take = await service.jobs.run(_take, service, name, file)
    return WavResponse(wav(take.samples, take.rate), headers={"Cache-Control": "private"})


@router.get(
    "/sounds/{name}/takes/{file}/peaks", summary="Draw a recording", responses=declared(404, 500)
)
async def take_peaks(
    service: TheService, name: SoundName, file: TakeFile, points: Points = 400
) -> Peaks:
    """Its waveform and where in it the sound is."""
    take = await service.jobs.run(_take, service, name, file)
    return peaks(take.samples, take.rate, take.start, take.end, points)


@router.get(
    "/sounds/{name}/takes/{file}/spectrogram",
    summary="Draw a recording's spectrogram",
    responses=declared(404, 500),
)
async def take_spectrogram(
    service: TheService, name: SoundName, file: TakeFile, points: Points = 200
) -> Spectrogram:
    """Its spectrogram."""
    take = await service.jobs.run(_take, service, name, file)
    return await service.jobs.run(spectrogram, take.samples, take.rate, points)


@router.delete(
    "/sounds/{name}/takes/{file}",
    summary="Delete a recording",
    status_code=204,
    responses=declared(404, 409, 500),
)
async def delete_take(service: TheService, name: SoundName, file: TakeFile) -> Response:
    """Delete it and fit the sound's threshold to those that are left."""
    await service.long_jobs.run(_remove, service, name, file)
    return Response(status_code=204)


def _take(service: Service, name: str, file: str) -> Take:
    sound = service.find(name)
    _require(file, [take.file for take in sound.takes])
    return service.library.take(sound.name, file)


def _require(file: str, files: list[str]) -> None:
    if file not in files:
        raise Refusal(404, "take_not_found", f"this sound has no take {file[:40]!r}")


def _add(
    service: Service, name: str, uploads: list[UploadFile], channel: str, force: bool
) -> EnrollmentResult:
    limits = service.config.limits
    if len(uploads) > limits.draft_takes:
        most = limits.draft_takes
        raise Refusal(409, "too_many_takes", f"at most {most} recordings can be sent at once")
    sound = service.find(name)
    addition = Addition(service.library, service.loaded.encoder, sound.name, force=force)
    clips = (
        (shown_name(one.filename), read_clip(service, one, limits.take_seconds, channel))
        for one in uploads
    )
    return add_clips(addition, clips, force=force)


def _remove(service: Service, name: str, file: str) -> None:
    sound = service.find(name)
    _require(file, [take.file for take in sound.takes])
    remove_take(service.library, service.loaded.encoder, sound.name, file)
