"""Errors and findings as answers: one JSON body for all, one table of our errors.

The core says what happened; the table says with which status it is answered and what to do about
it in terms of this API.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from enroll.quality import Finding
from runtime.hooks.errors import (
    HookFileUnusable,
    HookForbidden,
    HookInvalid,
    HookNotFound,
    NoHookFile,
    TooManyHooks,
)
from wakeword import errors

_log = logging.getLogger(__name__)

LONGEST_MESSAGE = 600
"""Characters of a message; what a client sent may be quoted in it."""


_ALLOW_COMMANDS = "change the configuration file itself, or start the server with --allow-commands"


@dataclass(frozen=True)
class Row:
    """How an error is answered."""

    status: int
    code: str | Callable[[Any], str]
    """For programs: ``error`` of the answer."""
    advice: str | Callable[[Any], str] = ""
    """What to do about it, in terms of this API; empty where the message is enough."""


def _exists(error: errors.SoundExists) -> str:
    return 'send "replace": true to redo it' if error.replaceable else "choose another name"


def _stopped(error: errors.EnrollmentStopped) -> str:
    found = [in_words for finding in error.findings if (in_words := finding_advice(finding))]
    return "; ".join([*found, 'or send "force": true to enroll it all the same'])


def _forbidden(error: HookForbidden) -> str:
    return "environment_off" if error.why == "environment" else "commands_off"


ROWS: Mapping[type[errors.WakesoundError], Row] = {
    errors.WakesoundError: Row(500, "failed"),
    errors.AudioError: Row(422, "bad_audio"),
    errors.AudioDecodeError: Row(415, "not_audio"),
    errors.AudioTooLong: Row(413, "too_long", "cut out what matters"),
    errors.AudioFormatError: Row(422, "bad_audio"),
    errors.TakeRejected: Row(422, "take_rejected"),
    errors.RecordingTooLong: Row(422, "take_rejected", "cut out the sound"),
    errors.EnrollmentStopped: Row(422, "take_rejected", _stopped),
    errors.TooManyTakes: Row(409, "too_many_takes", "delete one first"),
    errors.LastTake: Row(409, "last_take", "delete the sound, or enroll it again"),
    errors.LibraryError: Row(500, "library"),
    errors.SoundNotFound: Row(404, "sound_not_found"),
    errors.NotEnrolled: Row(404, "sound_not_found", "enroll it first: POST /drafts"),
    errors.SoundExists: Row(409, "sound_exists", _exists),
    errors.WordsExist: Row(409, "sound_exists", "remove the sound, or choose another name"),
    errors.SoundChanged: Row(503, "library_busy", "try again"),
    errors.EncoderMismatch: Row(
        409,
        "encoder_mismatch",
        lambda error: (
            "the library has to be reindexed with this encoder, or the server started with"
            f" {error.library_encoder}"
        ),
    ),
    errors.ReindexInterrupted: Row(
        409,
        "encoder_mismatch",
        lambda error: f"reindexing it with {error.library_encoder} has to be finished",
    ),
    errors.LibraryCorrupt: Row(500, "library"),
    errors.EncoderUnknown: Row(500, "library", "the library has to be reindexed"),
    errors.SoundDamaged: Row(500, "library", "delete the sound, or enroll it again"),
    errors.VectorsDamaged: Row(500, "library", "the library has to be reindexed"),
    errors.HistoryError: Row(409, "history"),
    errors.EncoderError: Row(503, "encoder"),
    errors.ModelNotFound: Row(503, "encoder", "it has to be fetched on the server's machine"),
    errors.ModelDamaged: Row(503, "encoder", "it has to be installed again"),
    errors.DeviceUnavailable: Row(503, "encoder", "start the server with another device"),
    errors.UnknownLabel: Row(503, "encoder", "for free text the server needs a full CLAP"),
    errors.WordsNotKnown: Row(503, "encoder", "delete the words of the sound, or the sound"),
    errors.SourceError: Row(503, "source"),
    errors.SilentSource: Row(503, "source", "is it the right microphone and is it turned up?"),
    errors.DeadSource: Row(503, "source", "it is muted, or another microphone is meant"),
    errors.SinkError: Row(500, "failed"),
    errors.ServiceError: Row(500, "failed"),
    errors.ConfigError: Row(422, "bad_request"),
    errors.InvalidValue: Row(422, "bad_request"),
    errors.NoTextEncoder: Row(422, "bad_request", "start the server with mini or clap"),
    errors.NoLabels: Row(422, "bad_request", 'name some in "labels", separated by commas'),
    errors.NoBackground: Row(422, "bad_request", "name fewer labels"),
    errors.MissingExtra: Row(501, "not_installed"),
    HookNotFound: Row(404, "hook_not_found"),
    HookForbidden: Row(403, _forbidden, _ALLOW_COMMANDS),
    HookInvalid: Row(422, "bad_hook"),
    TooManyHooks: Row(409, "too_many_hooks"),
    NoHookFile: Row(409, "no_configuration"),
    HookFileUnusable: Row(409, "configuration"),
}
"""By error class; a class without a row of its own has that of its base."""


def _more_allowed(values: Mapping[str, Any]) -> str:
    if "budget_per_hour" not in values:
        return ""
    return f'or allow more false alarms with "budget_per_hour": {values["budget_per_hour"]:.2g}'


FINDINGS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missed": _more_allowed,
    "unheard": _more_allowed,
    "too_like": lambda values: f'or send "replace": true to redo {values["sound"]!r}',
    "too_near": lambda _: (
        "add more takes, choose a sound that is more unlike it, or delete this feedback"
    ),
}
"""What to do about a finding, by its code; the others need no advice."""


class FindingModel(BaseModel):
    """Something that is wrong with a take or a sound."""

    code: str = Field(description="For programs.", examples=["quiet"])
    refused: bool = Field(description="Whether it cannot be overridden.")
    message: str = Field(
        description="For people.",
        examples=["take 2 is too quiet (-52 dBFS); make it louder or closer to the microphone"],
    )


class Problem(BaseModel):
    """The body of every answer that is an error."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "error": "sound_not_found",
                    "detail": "there is no sound 'bell'; known: 'whistle'; GET /sounds lists them",
                }
            ]
        }
    )

    error: str = Field(description="For programs: a short code.")
    detail: str = Field(description="For people: what is wrong and what to do next.")
    findings: list[FindingModel] | None = Field(
        default=None, description="What is wrong with a take that was refused."
    )


class Refusal(HTTPException):
    """A request that is answered with an error of its own.

    Args:
        status: of the answer.
        error: code for programs.
        detail: what is wrong and what to do next.
        retry_seconds: when it may be tried again.
        headers: further ones of the answer.
        findings: what is wrong with a take.
    """

    def __init__(
        self,
        status: int,
        error: str,
        detail: str,
        *,
        retry_seconds: int | None = None,
        headers: dict[str, str] | None = None,
        findings: list[FindingModel] | None = None,
    ) -> None:
        headers = dict(headers or {})
        if retry_seconds is not None:
            headers["Retry-After"] = str(retry_seconds)
        super().__init__(status, detail, headers)
        self.error = error
        self.findings = findings

    def answer(self) -> JSONResponse:
        """The response."""
        return _answer(self.status_code, self.error, self.detail, self.headers, self.findings)


def refusal_of(error: errors.WakesoundError) -> Refusal:
    """The refusal that stands for one of our errors."""
    row = errors.row_of(ROWS, error)
    code = row.code if isinstance(row.code, str) else row.code(error)
    advice = row.advice if isinstance(row.advice, str) else row.advice(error)
    return Refusal(row.status, code, "; ".join(filter(None, (str(error), advice))))


def finding_advice(finding: Finding) -> str:
    """What to do about a finding, beyond what it says."""
    row = FINDINGS.get(finding.code)
    return row(finding.values) if row is not None else ""


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error responses of an endpoint, for its documentation.

    What any of them may answer is there as well: a bad request, a missing token or a foreign
    page (401, 403), too much at once (503).
    """
    return {
        status: {"model": Problem, "description": _MEANINGS[status]}
        for status in sorted({400, 401, 403, 422, 503, *statuses})
    }


def declared_beside(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The same for an endpoint that answers something else than JSON."""
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    return {
        status: {
            "description": response["description"],
            "content": {"application/json": {"schema": schema}},
        }
        for status, response in declared(*statuses).items()
    }


_MEANINGS = {
    400: "The request is malformed.",
    401: "The token is missing or wrong.",
    403: "The request comes from a page or by a name that is not allowed.",
    404: "There is no such thing.",
    408: "The request arrived too slowly.",
    409: "It is in the way of something that exists.",
    413: "Too large or too long.",
    415: "Not audio that can be read.",
    422: "The request or the recording cannot be used.",
    429: "Too many of these at once; try again later.",
    500: "The files of the library cannot be read or written.",
    501: "An optional package is not installed.",
    503: "Not ready or too busy; try again later.",
}


def install_handlers(app: FastAPI) -> None:
    """Answer every error of the application with a :class:`Problem`."""

    @app.exception_handler(errors.WakesoundError)
    async def _ours(request: Request, error: errors.WakesoundError) -> JSONResponse:
        answer = refusal_of(error)
        if answer.status_code >= 500:
            _log.error("%s %s: %s", request.method, request.scope["path"], error)
        return answer.answer()

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error, Refusal):
            return error.answer()
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "bad_request")
        detail, headers = str(error.detail), dict(error.headers or {})
        if error.status_code in (404, 405):
            detail += f": {request.method} {request.scope['path']}; see /openapi.json"
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_allowed(app, request))
        return _answer(error.status_code, code, detail, headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        problems = [
            f"{'.'.join(str(part) for part in problem['loc'][1:]) or 'body'}: {problem['msg']}"
            for problem in error.errors()[:5]
        ]
        return _answer(422, "bad_request", "; ".join(problems) + "; see /openapi.json")

    @app.exception_handler(Exception)
    async def _fault(request: Request, error: Exception) -> JSONResponse:
        return _answer(500, "fault", f"unexpected {type(error).__name__}; the log has more")


def _allowed(app: FastAPI, request: Request) -> list[str]:
    """What may be asked of the path: the router names the methods of one route only."""
    found: set[str] = set()
    for path, methods in app.openapi()["paths"].items():
        pattern = re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path))
        if re.fullmatch(pattern, request.scope["path"]):
            found |= {method.upper() for method in methods}
    return sorted(found) or ["GET"]


def _answer(
    status: int,
    error: str,
    detail: str,
    headers: Any = None,
    findings: list[FindingModel] | None = None,
) -> JSONResponse:
    if len(detail) > LONGEST_MESSAGE:
        detail = detail[: LONGEST_MESSAGE - 1] + "…"
    detail = detail.encode("utf-8", "replace").decode()
    content: dict[str, Any] = {"error": error, "detail": detail}
    if findings is not None:
        content["findings"] = [finding.model_dump() for finding in findings]
    return JSONResponse(content, status, dict(headers) if headers else None)


def finding_models(findings: Sequence[Finding]) -> list[FindingModel]:
    """Findings as they are answered."""
    return [
        FindingModel(
            code=finding.code,
            refused=finding.refused,
            message="; ".join(filter(None, (finding.message, finding_advice(finding)))),
        )
        for finding in findings
    ]
