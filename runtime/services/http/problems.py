"""Errors as answers: one JSON body for all, one table from our errors to statuses.

What is wrong with takes, as it is answered.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from enroll.quality import Finding
from wakeword.errors import (
    AudioDecodeError,
    AudioError,
    ConfigError,
    EncoderError,
    EncoderMismatch,
    HistoryError,
    LibraryError,
    MissingExtra,
    SoundExists,
    SoundNotFound,
    SourceError,
    TakeRejected,
    WakesoundError,
)

_log = logging.getLogger(__name__)

LONGEST_MESSAGE = 600
"""Characters of a message; what a client sent may be quoted in it."""

STATUSES: tuple[tuple[type[WakesoundError], int, str], ...] = (
    (AudioDecodeError, 415, "not_audio"),
    (AudioError, 422, "bad_audio"),
    (TakeRejected, 422, "take_rejected"),
    (SoundNotFound, 404, "sound_not_found"),
    (SoundExists, 409, "sound_exists"),
    (EncoderMismatch, 409, "encoder_mismatch"),
    (LibraryError, 500, "library"),
    (HistoryError, 409, "history"),
    (MissingExtra, 501, "not_installed"),
    (EncoderError, 503, "encoder"),
    (SourceError, 503, "source"),
    (ConfigError, 422, "bad_request"),
    (WakesoundError, 500, "failed"),
)
"""Status and code of each error; the first that fits counts."""

_OPTIONS = (
    (re.compile(r"--budget ([\d.e+-]+)"), r'"budget_per_hour": \1'),
    (re.compile(r"--(force|replace)\b"), r'"\1": true'),
)
"""How the command line's options are called here."""


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


def refusal_of(error: WakesoundError) -> Refusal:
    """The refusal that stands for one of our errors."""
    status, code = next((s, c) for kind, s, c in STATUSES if isinstance(error, kind))
    return Refusal(status, code, in_http_words(str(error)))


def in_http_words(message: str) -> str:
    """A message with the command line's options called as they are here."""
    for option, here in _OPTIONS:
        message = option.sub(here, message)
    return message


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

    @app.exception_handler(WakesoundError)
    async def _ours(request: Request, error: WakesoundError) -> JSONResponse:
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
        FindingModel(code=f.code, refused=f.refused, message=in_http_words(f.message))
        for f in findings
    ]
