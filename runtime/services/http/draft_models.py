"""What is told of a sound that is being enrolled."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from enroll.changing import EnrollmentResult
from enroll.fitting import Calibration
from enroll.session import BUDGET_PER_HOUR
from runtime.services.http.drafts import Draft, DraftTake, Trial
from runtime.services.http.problems import FindingModel, finding_models
from runtime.services.http.routes.sounds import SoundModel, sound_model
from runtime.services.http.service import Service
from wakeword.library.records import LONGEST_NAME

Budget = Annotated[float, Field(gt=0, le=3600, description="False wakes per hour that may happen.")]


class DraftWanted(BaseModel):
    """The sound to enroll."""

    model_config = ConfigDict(
        strict=True, extra="forbid", json_schema_extra={"examples": [{"name": "whistle"}]}
    )

    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    budget_per_hour: Budget = BUDGET_PER_HOUR
    replace: bool = Field(
        default=False, description="Redo a sound of that name; it stays until this is finished."
    )


class DraftChange(BaseModel):
    """What to change of a draft; what is left out stays."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"minProperties": 1})

    budget_per_hour: Budget | None = None
    name: str | None = Field(default=None, min_length=1, max_length=LONGEST_NAME)
    replace: bool | None = Field(default=None, description="Redo the sound of this name.")


class Finish(BaseModel):
    """How to finish."""

    model_config = ConfigDict(strict=True, extra="forbid")

    force: bool = Field(default=False, description="Enroll in spite of warnings.")


class DraftTakeModel(BaseModel):
    """A take of a draft."""

    id: str
    label: str = Field(description="What messages call it.", examples=["take 2"])
    seconds: float = Field(description="Length of the recording.")
    start_seconds: float = Field(description="Where the sound begins that will be used.")
    end_seconds: float = Field(description="Where it ends.")
    level_db: float = Field(description="Level of its loudest 50 ms, dBFS.")
    snr_db: float = Field(description="That level over the background, dB.")
    likeness: float | None = Field(
        description="To the other takes, -1..1; null while it is the only one."
    )
    findings: list[FindingModel] = Field(description="What is wrong with it, in words.")


class Expectation(BaseModel):
    """What to expect of a sound."""

    threshold: float = Field(description="Score from which on it wakes.")
    false_wakes_per_day: float | None = Field(description="An estimate; null if unknown.")
    miss_rate: float | None = Field(description="Share of the takes that would be missed, 0..1.")
    noisy_miss_rate: float | None = Field(
        description="The same in noise 10 dB below the sound, 0..1."
    )
    text: str = Field(examples=["expect about 3 false wakes a day, 0% misses"])


class DraftModel(BaseModel):
    """A sound that is being enrolled."""

    id: str
    name: str
    budget_per_hour: float
    takes: list[DraftTakeModel]
    expectation: Expectation | None = Field(
        description="With the takes so far; null without any, or if it was not asked for."
    )


class RefittedModel(BaseModel):
    """Another sound whose threshold was raised, since the new one would have set it off."""

    name: str
    threshold_before: float
    threshold: float
    newly_missed: int = Field(description="How many more of its takes would be missed now.")
    expectation: Expectation


class Enrolled(BaseModel):
    """A sound that was just enrolled."""

    sound: SoundModel
    expectation: Expectation
    findings: list[FindingModel] = Field(description="What did not stop it.")
    refitted: list[RefittedModel] = Field(description="Other sounds that were fitted again.")


class HeardModel(BaseModel):
    """What was heard of an uploaded recording."""

    file: str = Field(description="What the client calls it.")
    heard_seconds: float = Field(description="How much sound of it was read.")
    stated_seconds: float | None = Field(description="How long it says it is, if it says so.")
    complete: bool = Field(description="Whether nothing of it is known to be missing.")


class Extended(Enrolled):
    """A sound that has got more takes."""

    added: int = Field(description="How many takes were added.")
    recordings: list[HeardModel] = Field(description="The recordings that they come from.")


class TrialWindow(BaseModel):
    """A moment of a trial."""

    time: float = Field(description="In seconds.")
    score: float = Field(description="Likeness to the sound, -1..1.")


class TrialEvent(BaseModel):
    """A wake in a trial."""

    start: float = Field(description="In seconds.")
    end: float
    score: float


class TrialModel(BaseModel):
    """What the engine made of a recording."""

    threshold: float
    score: float | None = Field(description="The best; null when nothing was there.")
    woke: bool
    windows: list[TrialWindow] = Field(description="While anything was there.")
    events: list[TrialEvent]


def draft_model(draft: Draft, expectation: bool = True) -> DraftModel:
    """A draft as it is answered, with what to expect or without; blocking."""
    calibration = draft.expect() if expectation else None
    return DraftModel(
        id=draft.id,
        name=draft.name,
        budget_per_hour=draft.budget_per_hour,
        takes=[take_model(take) for take in draft.takes()],
        expectation=expectation_model(calibration) if calibration else None,
    )


def take_model(draft_take: DraftTake) -> DraftTakeModel:
    """A take as it is answered."""
    take = draft_take.take
    return DraftTakeModel(
        id=draft_take.id,
        label=draft_take.label,
        seconds=round(len(take.samples) / take.rate, 4),
        start_seconds=round(take.start / take.rate, 4),
        end_seconds=round(take.end / take.rate, 4),
        level_db=round(take.level_db, 1),
        snr_db=round(take.snr_db, 1),
        likeness=None if draft_take.likeness is None else round(draft_take.likeness, 4),
        findings=finding_models(draft_take.findings),
    )


def enrolled_model(result: EnrollmentResult, service: Service) -> Enrolled:
    """What came of an enrollment, as it is answered."""
    return Enrolled(
        sound=sound_model(result.sound, service),
        expectation=expectation_model(result.calibration),
        findings=finding_models(result.findings),
        refitted=[
            RefittedModel(
                name=refitted.after.name,
                threshold_before=refitted.before.threshold,
                threshold=refitted.after.threshold,
                newly_missed=refitted.newly_missed,
                expectation=expectation_model(refitted.calibration),
            )
            for refitted in result.refitted
        ],
    )


def extended_model(result: EnrollmentResult, service: Service) -> Extended:
    """What came of added takes, as it is answered."""
    heard = [{"file": name} | account.as_json() for name, account in result.recordings]
    return Extended(
        **dict(enrolled_model(result, service)),
        added=result.added or 0,
        recordings=[HeardModel.model_validate(one) for one in heard],
    )


def expectation_model(calibration: Calibration) -> Expectation:
    """What to expect, as it is answered."""
    hourly = calibration.false_alarms_per_hour
    return Expectation(
        threshold=calibration.threshold,
        false_wakes_per_day=None if hourly is None else round(24 * hourly, 3),
        miss_rate=calibration.miss_rate,
        noisy_miss_rate=calibration.noisy_miss_rate,
        text=str(calibration),
    )


def trial_model(trial: Trial) -> TrialModel:
    """A trial as it is answered."""
    return TrialModel(
        threshold=trial.calibration.threshold,
        score=max((round(score, 4) for _, score in trial.windows), default=None),
        woke=bool(trial.events),
        windows=[
            TrialWindow(time=round(at, 3), score=round(score, 4)) for at, score in trial.windows
        ],
        events=[
            TrialEvent(
                start=round(event.start_seconds, 3),
                end=round(event.end_seconds, 3),
                score=round(event.score, 4),
            )
            for event in trial.events
        ],
    )
