"""``/sounds/{name}/takes``: the recordings of a sound."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from enroll.changing import remove_take
from runtime.services.http.access import SoundName, TakeFile, TheService
from runtime.services.http.problems import Refusal, declared, declared_beside
from runtime.services.http.recordings import Peaks, Spectrogram, peaks, spectrogram, wav
from runtime.services.http.service import Service
from wakeword.library.recordings import Take

router = APIRouter(tags=["sounds"])

Points = Annotated[int, Query(ge=1, le=2000, description="Width of the drawing.")]


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
    await service.jobs.run(_remove, service, name, file)
    return Response(status_code=204)


def _take(service: Service, name: str, file: str) -> Take:
    sound = service.find(name)
    _require(file, [take.file for take in sound.takes])
    return service.library.take(sound.name, file)


def _require(file: str, files: list[str]) -> None:
    if file not in files:
        raise Refusal(404, "take_not_found", f"this sound has no take {file[:40]!r}")


def _remove(service: Service, name: str, file: str) -> None:
    sound = service.find(name)
    _require(file, [take.file for take in sound.takes])
    remove_take(service.library, service.loaded.encoder, sound.name, file)
