"""What is remembered of a wake, or of what nearly was one."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from wakeword.audio import FloatArray

SCHEMA = 1
"""Version of the files' layout."""
ID_PATTERN = r"^[0-9a-f]{16}$"


class HistoryEntry(BaseModel):
    """One record of the history: ``<id>.json``, beside it the audio if that was kept."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    schema_version: int = Field(default=SCHEMA, ge=1, le=SCHEMA)
    id: str = Field(pattern=ID_PATTERN)
    """Names the event, for feedback."""
    kind: Literal["wake", "near"]
    """Whether it fired or nearly did."""
    time: datetime
    """When it was heard, UTC."""
    sound: str
    """Name of the sound that it resembled most."""
    pattern: str = ""
    """Name of the pattern that fired; empty for a near miss and a sound without patterns."""
    score: float
    """Its best score."""
    threshold: float
    """The score that was needed."""
    take: str
    """The take that was nearest."""
    why: str
    """Why it fired or did not, in a few words."""
    gate: str
    """The gate that let it through."""
    source: str
    """Which source heard it."""
    start_seconds: float = Field(ge=0)
    """First sample of the best window, from the start of the stream."""
    end_seconds: float = Field(ge=0)
    """Just past the best window."""
    speech: float = Field(default=0.0, ge=0, le=1)
    """Share of the best window that a voice detector calls speech."""
    encoder_id: str
    """Who made the embeddings."""
    dim: int = Field(ge=1)
    """Length of an embedding."""
    scores: tuple[float, ...]
    """Of each window that came near, in order of time."""
    vectors: str = ""
    """The embeddings of those windows: little-endian float32, base64."""
    clip: bool = False
    """Whether the audio was kept, in ``<id>.flac``."""
    clip_from_seconds: float = Field(default=0.0, ge=0)
    """Where in the clip the first of those windows ends."""

    @model_validator(mode="after")
    def _complete(self) -> HistoryEntry:
        try:
            size = len(base64.b64decode(self.vectors, validate=True))
        except binascii.Error:
            raise ValueError("the embeddings are not base64") from None
        if size != 4 * self.dim * len(self.scores):
            raise ValueError("the embeddings and the scores do not fit together")
        return self

    @property
    def name(self) -> str:
        """What to call it: the pattern, or the sound if it has none."""
        return self.pattern or self.sound

    @property
    def embeddings(self) -> FloatArray:
        """Of the windows that came near, ``(n, dim) float32`` in order of time."""
        flat = np.frombuffer(base64.b64decode(self.vectors), "<f4")
        return flat.reshape(-1, self.dim).astype(np.float32)


def packed(vectors: FloatArray) -> str:
    """``(n, dim) float32`` as an entry holds it."""
    return base64.b64encode(np.ascontiguousarray(vectors, "<f4").tobytes()).decode()
