"""``/classify``: a recording held against words."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Form, Response, UploadFile
from pydantic import BaseModel, Field

from runtime.services.http.access import (
    HEARD_HEADERS,
    Channel,
    TheService,
    Upload,
    read_clip,
    tell_heard,
)
from runtime.services.http.problems import Refusal, declared
from runtime.services.http.service import Service
from wakeword.audio.channels import MIX
from wakeword.audio.reading import Account
from wakeword.audio.resampling import resample
from wakeword.errors import EncoderError
from wakeword.labels import Classification, timeline
from wakeword.labels.wording import split_labels

router = APIRouter(tags=["words"])

Labels = Annotated[
    str,
    Form(
        description="Two labels or more, in English or Chinese, with commas between them.",
        examples=["glass break, smoke alarm"],
    ),
]
Closed = Annotated[
    bool,
    Form(
        description="Whether it must be one of the labels. Otherwise everyday sounds compete with "
        "them, and the scores of something else are all low."
    ),
]


class Understood(BaseModel):
    """How a label was read."""

    text: str = Field(examples=["glass breaking"])
    how: str = Field(description="written, glossary or translated", examples=["glossary"])


class Moment(BaseModel):
    """What a stretch of the recording sounds like."""

    start: float = Field(description="In seconds.")
    end: float
    top: str | None = Field(description="The best label; null where none of these is better.")
    scores: dict[str, float] = Field(description="Share of each label, 0..1.")
    similarity: dict[str, float] = Field(description="Cosine with each label, -1..1.")
    none: float | None = Field(
        default=None, description="Share of none of these, 0..1; absent with ``closed``."
    )
    background: str | None = Field(
        default=None, description="What else came nearest; absent with ``closed``."
    )


class Heard(BaseModel):
    """What a recording sounds like, as a whole and stretch by stretch."""

    top: str | None = Field(description="The best label; null where none of these is better.")
    scores: dict[str, float] = Field(description="Share of each label, 0..1.")
    similarity: dict[str, float] = Field(description="Cosine with each label, -1..1.")
    none: float | None = Field(
        default=None, description="Share of none of these, 0..1; absent with ``closed``."
    )
    background: str | None = Field(
        default=None, description="What else came nearest; absent with ``closed``."
    )
    seconds: float = Field(description="Length of the recording.")
    heard_seconds: float = Field(description="How much sound of it was read.")
    stated_seconds: float | None = Field(description="How long it says it is; null if it does not.")
    complete: bool = Field(description="Whether nothing of it is known to be missing.")
    warnings: list[str] = Field(description="What is wrong with the file, in words.")
    understood: dict[str, Understood] = Field(description="How each label was read.")
    windows: list[Moment] = Field(description="In order of time.")


@router.post(
    "/classify",
    summary="Scores of labels for a recording",
    responses={
        200: {
            "description": "A score in 0..1 for each label.",
            "content": {
                "application/json": {"example": {"glass break": 0.91, "smoke alarm": 0.02}}
            },
            "headers": HEARD_HEADERS,
        },
        **declared(408, 413, 415, 501),
    },
)
async def classify(
    service: TheService,
    response: Response,
    audio: Upload,
    labels: Labels,
    closed: Closed = False,
    channel: Channel = MIX,
) -> dict[str, float]:
    """The score of each label, 0..1, as one flat object."""
    heard, account = await service.jobs.run(_classify, service, audio, labels, closed, channel)
    tell_heard(response, account)
    return {label: min(1.0, max(0.0, score)) for label, score in heard.scores.items()}


@router.post(
    "/classify/timeline",
    summary="Scores of labels over the time of a recording",
    response_model_exclude_unset=True,
    responses=declared(408, 413, 415, 501),
)
async def classify_timeline(
    service: TheService,
    response: Response,
    audio: Upload,
    labels: Labels,
    closed: Closed = False,
    channel: Channel = MIX,
) -> Heard:
    """The same with all that is known: windows, likenesses, how the labels were read."""
    heard, account = await service.jobs.run(_classify, service, audio, labels, closed, channel)
    tell_heard(response, account)
    told = timeline.as_json(heard) | account.as_json() | {"warnings": list(account.warnings)}
    return Heard.model_validate(told)


def _classify(
    service: Service, audio: UploadFile, labels: str, closed: bool, channel: str
) -> tuple[Classification, Account]:
    clip = read_clip(service, audio, service.config.limits.classify_seconds, channel)
    began = time.perf_counter()
    classifier = service.classifier()
    try:
        question = classifier.question(split_labels(labels), closed=closed)
    except EncoderError as error:  # it knows no such label
        raise Refusal(422, "unknown_label", str(error)) from None
    samples = resample(clip.samples, clip.rate, classifier.encoder.rate)
    heard = classifier.classify(samples, question)
    service.metrics.classify_seconds.observe(time.perf_counter() - began)
    return heard, clip.account or Account(clip.seconds, None, True)
