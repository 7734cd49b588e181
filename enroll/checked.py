"""Takes on their way into the library: each is checked by itself and beside the others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from enroll.changing import EnrollmentResult
from enroll.quality import Finding, check_level, check_likeness, check_take
from enroll.scores import NEVER, Pairs
from wakeword.audio.frames import FloatArray
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.embedding.variants import embed_take
from wakeword.library.recordings import Take
from wakeword.library.records import PatternRecord, TakeRecord
from wakeword.protocols import Encoder


@dataclass(frozen=True, eq=False)
class CheckedTake:
    """A take, and all that storing and fitting it needs."""

    take: Take
    """As it will be read back from disk."""
    label: str
    """Its name in messages."""
    record: TakeRecord
    """What the sound's record will hold of it."""
    content: bytes
    """Of the file that the record names."""
    vectors: FloatArray
    """Its embeddings, as :func:`wakeword.embedding.variants.embed_take` makes them."""
    findings: tuple[Finding, ...] = ()
    """Its problems by itself."""

    @classmethod
    def of(
        cls,
        take: Take,
        label: str,
        encoder: Encoder,
        segmenter: SegmenterConfig,
        findings: Sequence[Finding] = (),
    ) -> CheckedTake:
        """Encode and embed a take."""
        take = _as_stored(take)
        record, content = take.encoded()
        vectors = embed_take(take, encoder, segmenter)
        return cls(take, label, record, content, vectors, tuple(findings))

    def repeats(self, known: Mapping[str, FloatArray]) -> Finding | None:
        """Why it adds nothing to takes that a sound has, if it does not.

        Args:
            known: the embeddings of each, by file name and in order.
        """
        if self.record.file in known:
            text = f"{self.label} is a take of the sound already"
            return Finding("duplicate", True, text)
        for number, vectors in enumerate(known.values(), 1):
            likeness = coverage(self.vectors, vectors)
            if likeness >= SAME:
                text = (
                    f"{self.label} is nearly the same as take {number} of the sound (likeness "
                    f"{likeness:.3f}) and adds nothing"
                )
                return Finding("duplicate", True, text)
        return None


SAME = 0.99
"""A take whose windows resemble those of another one so much, in the mean, adds nothing to it:
copies at another level or in other faint noise have more, sounds made anew by hand have less."""


def coverage(take: FloatArray, other: FloatArray) -> float:
    """How much the windows of a take resemble the nearest of another one's, -1..1 in the mean.

    Args:
        take: its embeddings, ``(n, view_dim)``; all of them have the same length.
        other: those of the other one, ``(m, view_dim)``.
    """
    if not len(take) or not len(other):
        return NEVER
    length = float(np.square(other[0]).sum())
    return float((take @ other.T).max(axis=1).mean() / length)


class CheckedTakes:
    """Takes in order of arrival, each checked by itself and beside the others.

    Args:
        encoder: makes the embeddings.
        segmenter: how windows are cut.
        beside: takes that the sound has already, with their embeddings: new ones are held
            against these too, and those that repeat any take are refused.
    """

    def __init__(
        self,
        encoder: Encoder,
        segmenter: SegmenterConfig,
        beside: Sequence[tuple[TakeRecord, FloatArray]] = (),
    ) -> None:
        self._encoder = encoder
        self._segmenter = segmenter
        self._beside = {record.file: vectors for record, vectors in beside}
        self._levels_beside = [record.level_db for record, _ in beside]
        self._takes: list[CheckedTake] = []
        self._pairs = Pairs([vectors for _, vectors in beside])

    def __len__(self) -> int:
        return len(self._takes)

    @property
    def checked(self) -> tuple[CheckedTake, ...]:
        """All that is known of each."""
        return tuple(self._takes)

    @property
    def takes(self) -> list[Take]:
        """The recordings."""
        return [one.take for one in self._takes]

    @property
    def labels(self) -> list[str]:
        """The name of each in messages."""
        return [one.label for one in self._takes]

    @property
    def vectors(self) -> list[FloatArray]:
        """Embeddings of each, as :func:`wakeword.embedding.variants.embed_take` makes them."""
        return [one.vectors for one in self._takes]

    @property
    def records(self) -> tuple[TakeRecord, ...]:
        """What the sound's record will hold of each."""
        return tuple(one.record for one in self._takes)

    @property
    def by_file(self) -> dict[str, FloatArray]:
        """The embeddings by the name of the file that each will be stored in."""
        return {one.record.file: one.vectors for one in self._takes}

    @property
    def files(self) -> dict[str, bytes]:
        """The content of those files."""
        return {one.record.file: one.content for one in self._takes}

    @property
    def scores(self) -> list[float]:
        """Likeness of each to all others, -1..1; empty for fewer than two."""
        return self._pairs.scores()[len(self._beside) :]

    def add(self, take: Take, label: str) -> list[Finding]:
        """Check a take and, unless it is refused, keep it.

        Returns:
            Its problems, by itself and beside the takes before it.
        """
        findings = check_take(take, label)
        if any(finding.refused for finding in findings):
            return findings
        checked = CheckedTake.of(take, label, self._encoder, self._segmenter, findings)
        for one in self._takes:
            if one.record.file == checked.record.file:
                text = f"{label} is the same recording as {one.label}; make a new one"
                return [*findings, Finding("duplicate", True, text)]
        if self._beside:
            repeated = checked.repeats(self._beside | self.by_file)
            if repeated is not None:
                return [*findings, repeated]
        self._takes.append(checked)
        self._pairs.append(checked.vectors)
        return self.findings(len(self._takes) - 1)

    def findings(self, index: int) -> list[Finding]:
        """The problems of one, by itself and beside all others."""
        one, place = self._takes[index], len(self._beside) + index
        levels = [*self._levels_beside, *(take.level_db for take in self.takes)]
        return [
            *one.findings,
            *check_level(levels, place, one.label),
            *check_likeness(self._pairs, place, one.label),
        ]

    def drop(self, index: int) -> None:
        """Take one back.

        Raises:
            IndexError: there is no such take.
        """
        del self._takes[index]
        self._pairs.drop(index if index < 0 else len(self._beside) + index)


def _as_stored(take: Take) -> Take:
    """The take as it will be read back from disk: fits before and after storing are equal."""
    pcm = np.clip(np.rint(take.samples * 32768.0), -32768, 32767)
    return replace(take, samples=np.asarray(pcm / 32768.0, dtype=np.float32))


class TakeCollector(ABC):
    """Collects takes of a sound, each judged as it comes; nothing is stored before the end.

    Args:
        name: name of the sound.
        takes: holds and checks them; still empty.
        patterns: what makes an event, instead of the sound by itself.
        known: how many takes the sound has already.
    """

    def __init__(
        self, name: str, takes: CheckedTakes, patterns: Sequence[PatternRecord] = (), known: int = 0
    ) -> None:
        self.name = name
        self.known = known
        self.patterns = tuple(patterns)
        """May be changed until :meth:`finish`."""
        self._takes = takes

    @property
    def takes(self) -> list[Take]:
        """The takes so far."""
        return self._takes.takes

    @property
    def labels(self) -> list[str]:
        """The name of each take in messages."""
        return self._takes.labels

    @property
    def scores(self) -> list[float]:
        """Likeness of each take to the others, -1..1; empty for fewer than two."""
        return self._takes.scores

    def add(self, take: Take, label: str | None = None) -> list[Finding]:
        """Check a take and, unless it is refused, keep it.

        Args:
            take: the recording.
            label: its name in messages; "take 1" and so on by default.

        Returns:
            Its problems, by itself and beside the takes before it.
        """
        return self._takes.add(take, label or f"take {self.known + len(self._takes) + 1}")

    def findings(self, index: int) -> list[Finding]:
        """The problems of take ``index``, by itself and beside all others."""
        return self._takes.findings(index)

    def drop(self, index: int) -> None:
        """Take back take ``index``, counted from 0.

        Raises:
            IndexError: there is no such take.
        """
        self._takes.drop(index)

    @abstractmethod
    def finish(self) -> EnrollmentResult:
        """Fit the sound to the takes and store it."""
