"""The takes of a sound that is being enrolled, each judged by itself and beside the others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from enroll.likeness import leave_one_out
from enroll.quality import Finding, check_level, check_likeness, check_take
from wakeword.audio import FloatArray
from wakeword.config import SegmenterConfig
from wakeword.protocols import Encoder
from wakeword.takes import Take
from wakeword.variants import embed_take
from wakeword.views import is_short


@dataclass(frozen=True, eq=False)
class _Judged:
    take: Take
    label: str
    file: str
    vectors: FloatArray
    findings: tuple[Finding, ...]


class JudgedTakes:
    """Takes in the order in which they came.

    Args:
        encoder: makes the embeddings.
        segmenter: how windows are cut.
    """

    def __init__(self, encoder: Encoder, segmenter: SegmenterConfig) -> None:
        self._encoder = encoder
        self._segmenter = segmenter
        self._judged: list[_Judged] = []

    def __len__(self) -> int:
        return len(self._judged)

    @property
    def takes(self) -> list[Take]:
        """The recordings."""
        return [one.take for one in self._judged]

    @property
    def labels(self) -> list[str]:
        """What each is called in messages."""
        return [one.label for one in self._judged]

    @property
    def vectors(self) -> list[FloatArray]:
        """Embeddings of each, as :func:`wakeword.variants.embed_take` makes them."""
        return [one.vectors for one in self._judged]

    @property
    def by_file(self) -> dict[str, FloatArray]:
        """The same by the name of the file that each will be kept in."""
        return {one.file: one.vectors for one in self._judged}

    @property
    def scores(self) -> list[float]:
        """Likeness of each to the others, -1..1; empty for fewer than two."""
        return leave_one_out(self.vectors)

    @property
    def short(self) -> bool:
        """Whether the sound is to be looked for in the end of the window."""
        seconds = [take.sound_seconds for take in self.takes]
        return is_short(seconds, self._encoder, self._segmenter)

    def add(self, take: Take, label: str) -> list[Finding]:
        """Judge a take and, unless it is refused, keep it.

        Returns:
            What is wrong with it, by itself and beside the takes before it.
        """
        findings = check_take(take, label)
        if any(finding.refused for finding in findings):
            return findings
        take = _as_stored(take)
        file = take.encoded()[0].file
        for one in self._judged:
            if one.file == file:
                text = f"{label} is the same recording as {one.label}; make a new one"
                return [*findings, Finding("duplicate", True, text)]
        vectors = embed_take(take, self._encoder, self._segmenter)
        self._judged.append(_Judged(take, label, file, vectors, tuple(findings)))
        return self.findings(len(self._judged) - 1)

    def findings(self, index: int) -> list[Finding]:
        """What is wrong with one, by itself and beside all others."""
        one, levels = self._judged[index], [take.level_db for take in self.takes]
        return [
            *one.findings,
            *check_level(levels, index, one.label),
            *check_likeness(self.vectors, index, one.label),
        ]

    def drop(self, index: int) -> None:
        """Take one back.

        Raises:
            IndexError: there is no such take.
        """
        del self._judged[index]


def _as_stored(take: Take) -> Take:
    """The take as it comes back from disk, so that what is fitted now fits later."""
    pcm = np.clip(np.rint(take.samples * 32768.0), -32768, 32767)
    return replace(take, samples=np.asarray(pcm / 32768.0, dtype=np.float32))
