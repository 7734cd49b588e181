"""What the endpoints take for granted: the service, uploads, and ids that are checked."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, File, Form, Path, Response, UploadFile
from starlette.requests import HTTPConnection

from runtime.services.http.service import Service
from runtime.services.http.uploads import decode
from wakeword.audio.channels import MIX, parse_choice
from wakeword.audio.files.formats import READABLE
from wakeword.audio.reading import Account, AudioClip


def _service(connection: HTTPConnection) -> Service:
    service = connection.app.state.service
    assert isinstance(service, Service)
    return service


TheService = Annotated[Service, Depends(_service)]
"""The application's service."""
Upload = Annotated[
    UploadFile, File(description=f"A recording of any rate and channels: {READABLE}.")
]
"""The part ``audio`` of a form."""
Channel = Annotated[
    str,
    Form(
        description="Which channel of the recording: a number from 0, ``mix`` for all of them or "
        "``best`` for the one in which most stands out."
    ),
]
"""The part ``channel`` of a form."""
HEARD_HEADERS = {
    "Wakesound-Heard-Seconds": {
        "description": "How much sound of the recording was read.",
        "schema": {"type": "number"},
    },
    "Wakesound-Stated-Seconds": {
        "description": "How long the recording says it is; absent where it does not say.",
        "schema": {"type": "number"},
    },
    "Wakesound-Complete": {
        "description": "`true` where nothing of the recording is known to be missing, or `false`.",
        "schema": {"type": "string", "enum": ["true", "false"]},
    },
    "Wakesound-Warning": {
        "description": "What is wrong with the recording, in words; absent where nothing is.",
        "schema": {"type": "string"},
    },
}
"""Headers of answers to uploads, for the description."""
SoundName = Annotated[str, Path(description="Name of a sound; case does not matter.")]
TakeFile = Annotated[str, Path(description="``file`` of one of the sound's takes.")]
DraftId = Annotated[str, Path(description="``id`` of a draft.")]
TakeId = Annotated[str, Path(description="``id`` of one of the draft's takes.")]


def tell_heard(response: Response, account: Account | None) -> None:
    """Say in headers what was heard of a recording."""
    if account is None:
        return
    headers = response.headers
    headers["Wakesound-Heard-Seconds"] = f"{account.heard_seconds:.3f}"
    if account.stated_seconds is not None:
        headers["Wakesound-Stated-Seconds"] = f"{account.stated_seconds:.3f}"
    headers["Wakesound-Complete"] = "true" if account.complete else "false"
    if account.warnings:
        text = "; ".join(account.warnings)
        headers["Wakesound-Warning"] = text.encode("ascii", "replace").decode()


def read_clip(
    service: Service, upload: UploadFile, most_seconds: float, channel: str = MIX
) -> AudioClip:
    """The recording in an upload; blocking.

    What is packed into little may be large: read it in the job that uses it, so that no more
    recordings are unpacked at once than there are threads.

    Raises:
        AudioDecodeError: it is not audio that can be read, or has no such channel.
        AudioFormatError: ``channel`` names none.
        Refusal: it is too long (413).
    """
    samples = service.config.limits.samples
    choice = parse_choice(channel)
    return decode(upload.file, upload.filename, most_seconds, samples, choice)
