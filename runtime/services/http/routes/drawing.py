"""``/spectrogram``: a recording as a picture, before anything is done with it."""

from __future__ import annotations

from fastapi import APIRouter, UploadFile

from runtime.services.http.access import TheService, Upload, read_clip
from runtime.services.http.problems import declared
from runtime.services.http.recordings import Spectrogram, spectrogram
from runtime.services.http.routes.takes import Points
from runtime.services.http.service import Service
from wakeword.audio.resampling import resample

router = APIRouter(tags=["words"])

RATE = 16_000
"""What is above half of it is not drawn."""


@router.post("/spectrogram", summary="Draw any recording", responses=declared(408, 413, 415, 503))
async def draw(service: TheService, audio: Upload, points: Points = 200) -> Spectrogram:
    """Its spectrogram; nothing of it is kept."""
    return await service.jobs.run(_draw, service, audio, points)


def _draw(service: Service, audio: UploadFile, points: int) -> Spectrogram:
    clip = read_clip(service, audio, service.config.limits.classify_seconds)
    return spectrogram(resample(clip.samples, clip.rate, RATE), RATE, points)
