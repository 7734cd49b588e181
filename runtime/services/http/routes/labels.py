"""``/labels/check``: what makes labels hard to recognise."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from runtime.services.http.access import TheService
from runtime.services.http.problems import declared
from runtime.services.http.routes.classify import Understood
from runtime.services.http.service import Service
from wakeword.labels.advice import check, improved
from wakeword.labels.wording import checked_labels, split_labels

router = APIRouter(tags=["words"])


class LabelsWanted(BaseModel):
    """Labels to look at."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"examples": [{"labels": "dog barks, glass, smoke alarm"}]},
    )

    labels: str = Field(
        min_length=1, max_length=5000, description="With commas between them; one at least."
    )


class RemarkModel(BaseModel):
    """One thing to think about."""

    kind: str = Field(description="For programs.", examples=["verb"])
    labels: list[str] = Field(description="Those it is about; empty when it is all of them.")
    text: str = Field(description="What is the matter.")
    instead: str | None = Field(description="What to write instead, or to add.")


class Advice(BaseModel):
    """What to think of labels."""

    understood: dict[str, Understood] = Field(description="How each label was read, if it was.")
    remarks: list[RemarkModel]
    better: list[str] = Field(description="The labels with all advice taken.")


@router.post("/labels/check", summary="Advice on labels", responses=declared(408, 413, 501))
async def check_labels(service: TheService, wanted: LabelsWanted) -> Advice:
    """What makes the labels hard to recognise, and what to write instead."""
    return await service.jobs.run(_check, service, wanted.labels)


def _check(service: Service, text: str) -> Advice:
    labels = checked_labels(split_labels(text), fewest=1)
    classifier = service.classifier()
    remarks = check(labels, classifier)
    unknown = {label for r in remarks if r.kind == "unknown" for label in r.labels}
    readable = [label for label in labels if label not in unknown]
    wordings = [wording for label in readable for wording in classifier.understand([label])]
    return Advice(
        understood={w.label: Understood(text=w.text, how=w.how) for w in wordings},
        remarks=[RemarkModel.model_validate(r, from_attributes=True) for r in remarks],
        better=improved(labels, remarks),
    )
