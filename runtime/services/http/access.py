"""What the endpoints take for granted: the service, uploads, and ids that are checked."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, File, Path, UploadFile
from starlette.requests import HTTPConnection

from runtime.services.http.service import Service
from runtime.services.http.uploads import decode
from wakeword.audio.reading import AudioClip


def _service(connection: HTTPConnection) -> Service:
    service = connection.app.state.service
    assert isinstance(service, Service)
    return service


TheService = Annotated[Service, Depends(_service)]
"""The application's service."""
Upload = Annotated[
    UploadFile, File(description="A recording: wav, flac, mp3, ogg, opus or aiff, any rate.")
]
"""The part ``audio`` of a form."""
SoundName = Annotated[str, Path(description="Name of a sound; case does not matter.")]
TakeFile = Annotated[str, Path(description="``file`` of one of the sound's takes.")]
DraftId = Annotated[str, Path(description="``id`` of a draft.")]
TakeId = Annotated[str, Path(description="``id`` of one of the draft's takes.")]


def read_clip(service: Service, upload: UploadFile, most_seconds: float) -> AudioClip:
    """The recording in an upload; blocking.

    What is packed into little may be large: read it in the job that uses it, so that no more
    recordings are unpacked at once than there are threads.

    Raises:
        AudioDecodeError: it is not audio that can be read.
        Refusal: it is too long (413).
    """
    samples = service.config.limits.samples
    return decode(upload.file, upload.filename, most_seconds, samples)
