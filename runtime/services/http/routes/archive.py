"""``/sounds/{name}/export`` and ``/import``: sounds as files."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, BinaryIO

from fastapi import APIRouter, File, Form, Response, UploadFile

from enroll.archive import export_sounds, import_sounds
from runtime.services.http.access import SoundName, TheService
from runtime.services.http.problems import Refusal, declared, declared_beside
from runtime.services.http.routes.sounds import SoundModel, sound_model
from runtime.services.http.service import Service
from wakeword.errors import EncoderMismatch, LibraryError, SoundExists
from wakeword.library.records import SoundRecord, slug

router = APIRouter(tags=["sounds"])

ZIP = {
    "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    "description": "A file that ``/import`` and 'wakesound import' take.",
}


class ZipResponse(Response):
    """A zip file."""

    media_type = "application/zip"


@router.get(
    "/sounds/{name}/export",
    summary="Pack a sound into a file",
    response_class=ZipResponse,
    responses={200: ZIP, **declared_beside(404, 500)},
)
async def export(service: TheService, name: SoundName) -> Response:
    """The sound with its recordings."""
    sound, content = await service.jobs.run(_export, service, name)
    plain = slug(sound.name).encode("ascii", "ignore").decode().strip("-") or "sound"
    headers = {"Content-Disposition": f'attachment; filename="{plain}.zip"'}
    return ZipResponse(content, headers=headers)


@router.post(
    "/import",
    summary="Add the sounds of a file",
    status_code=201,
    responses=declared(408, 409, 413, 500),
)
async def import_(
    service: TheService,
    file: Annotated[UploadFile, File(description="What an export wrote.")],
    replace: Annotated[
        bool, Form(description="Whether sounds of the same names give way.")
    ] = False,
) -> list[SoundModel]:
    """Everything is checked before anything is written."""
    sounds = await service.jobs.run(_import, service, file.file, replace)
    return [sound_model(sound, service) for sound in sounds]


def _export(service: Service, name: str) -> tuple[SoundRecord, bytes]:
    sound = service.find(name)
    with tempfile.TemporaryDirectory(prefix="wakesound-export-") as folder:
        path = Path(folder) / "export.zip"
        export_sounds(service.library, [sound.name], path)
        return sound, path.read_bytes()


def _import(service: Service, file: BinaryIO, replace: bool) -> list[SoundRecord]:
    loaded = service.loaded
    with tempfile.TemporaryDirectory(prefix="wakesound-import-") as folder:
        path = Path(folder) / "import.zip"
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        try:
            return import_sounds(
                service.library, path, loaded.encoder, loaded.spec, replace=replace
            )
        except (SoundExists, EncoderMismatch):
            raise
        except LibraryError as error:
            detail = str(error).replace(str(path), "the file")
            raise Refusal(422, "bad_archive", detail) from None
