"""A sound that is being enrolled through the page: its takes, and what they come to so far.

All sounds that are being enrolled through the page: bounded in number and age.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from enroll.changing import EnrollmentResult
from enroll.finder import find_takes
from enroll.fitting import Calibration
from enroll.quality import Finding
from enroll.session import Enrollment
from runtime.services.http.config import Limits
from runtime.services.http.problems import Refusal, finding_models
from wakeword.audio.frames import AudioFrame
from wakeword.audio.reading import AudioClip
from wakeword.audio.resampling import resample
from wakeword.engine import Engine, EngineConfig
from wakeword.events import Match, WakeEvent, Window
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.protocols import Encoder
from wakeword.scoring.scorer import Scorer


@dataclass(frozen=True, eq=False)
class DraftTake:
    """One take of a draft, judged beside the others."""

    id: str
    label: str
    take: Take
    likeness: float | None
    """To the other takes, -1..1; None while it is the only one."""
    findings: tuple[Finding, ...]


@dataclass(frozen=True, eq=False)
class Trial:
    """What the engine makes of a recording, with nothing but the draft to listen for."""

    calibration: Calibration
    windows: tuple[tuple[float, float], ...]
    """Time in seconds and score of each window in which the gate was open."""
    events: tuple[WakeEvent, ...]


class Draft:
    """A sound on its way. Its methods block, and take turns.

    Args:
        make: begins an enrollment under a name, which may replace a sound of that name.
        library: where the sound goes.
        name: of the sound.
        replace: whether a sound of that name gives way.
        budget_per_hour: false alarms per hour that are borne; may be changed.
        most_takes: how many there may be.

    Raises:
        WakesoundError: the name cannot be used.
    """

    def __init__(
        self,
        make: Callable[[str, bool], Enrollment],
        library: SoundLibrary,
        name: str,
        replace: bool,
        budget_per_hour: float,
        most_takes: int,
    ) -> None:
        self.id = secrets.token_urlsafe(9)
        self._make = make
        self._library = library
        self._fitted: tuple[object, tuple[Calibration, Scorer]] | None = None
        enrollment = make(name, replace)
        self.name = enrollment.name
        self.budget_per_hour = budget_per_hour
        self.touched = time.monotonic()
        self._enrollment = enrollment
        self._most = most_takes
        self._ids: list[str] = []
        self._count = 0
        self._lock = threading.Lock()

    def add(self, clip: AudioClip) -> list[DraftTake]:
        """Add every sound in a recording as a take; those that were added.

        Raises:
            TakeRejected: there is no sound in it.
            Refusal: none of them can be used (422), or there are too many takes (409).
        """
        found = find_takes(clip, self._library.segmenter)
        with self._lock:
            if len(self._ids) + len(found) > self._most:
                raise Refusal(
                    409,
                    "too_many_takes",
                    f"a sound takes at most {self._most} takes; delete one first",
                )
            before = len(self._ids)
            refused: list[Finding] = []
            for take in found:
                refused += self._add(take)
            if len(self._ids) == before:
                raise Refusal(
                    422,
                    "take_rejected",
                    "; ".join(finding.message for finding in refused),
                    findings=finding_models(refused),
                )
            return self._takes()[before:]

    def takes(self) -> list[DraftTake]:
        """All takes, each judged beside the others."""
        with self._lock:
            return self._takes()

    def rename(self, name: str, replace: bool) -> None:
        """Go on under another name, or in place of the sound that has this one.

        Raises:
            SoundExists: there is a sound of that name, and ``replace`` is false.
            LibraryError: the name cannot be used.
        """
        with self._lock:
            fresh = self._make(name, replace)
            ids: list[str] = []
            old = self._enrollment
            for id, label, take in zip(self._ids, old.labels, old.takes, strict=True):
                fresh.add(take, label)
                if len(fresh.takes) > len(ids):
                    ids.append(id)
            self._enrollment, self._ids, self.name = fresh, ids, fresh.name

    def take(self, id: str) -> Take:
        """One of them.

        Raises:
            Refusal: there is no such take (404).
        """
        with self._lock:
            return self._enrollment.takes[self._index(id)]

    def drop(self, id: str) -> None:
        """Take one back.

        Raises:
            Refusal: there is no such take (404).
        """
        with self._lock:
            index = self._index(id)
            self._enrollment.drop(index)
            del self._ids[index]

    def expect(self) -> Calibration | None:
        """What to expect with the takes so far; None without any."""
        with self._lock:
            if not self._ids:
                return None
            return self._trial()[0]

    def try_out(self, clip: AudioClip, encoder: Encoder, config: EngineConfig) -> Trial:
        """Hear a recording as the engine would, with this sound alone.

        Raises:
            TakeRejected: there are no takes yet.
        """
        with self._lock:
            calibration, sounds = self._trial()
        windows: list[tuple[float, float]] = []

        def see(window: Window, match: Match | None) -> None:
            if match is not None:
                windows.append((window.end / window.rate, match.score))

        engine = Engine(sounds, encoder, config, observer=see)
        samples = resample(clip.samples, clip.rate, engine.rate)
        events = engine.push(AudioFrame(samples, 0, engine.rate)) + engine.flush()
        return Trial(calibration, tuple(windows), tuple(events))

    def sounds(self) -> Scorer:
        """This sound alone as it would be stored now, for an engine to listen for.

        Raises:
            TakeRejected: there are no takes yet.
        """
        with self._lock:
            return self._trial()[1]

    def finish(self, force: bool) -> EnrollmentResult:
        """Store the sound.

        Raises:
            TakeRejected: there are no takes, or a warning stops it and ``force`` is false.
            LibraryError: the sound cannot be stored.
        """
        with self._lock:
            return self._enrollment.finish(budget_per_hour=self.budget_per_hour, force=force)

    def _trial(self) -> tuple[Calibration, Scorer]:
        """What it would be now; fitted anew only if something has changed that counts."""
        state = (self.budget_per_hour, self.name, *self._ids, self._library.fingerprint())
        if self._fitted is None or self._fitted[0] != state:
            self._fitted = (state, self._enrollment.trial(self.budget_per_hour))
        return self._fitted[1]

    def _add(self, take: Take) -> list[Finding]:
        """Add a take; why not, if it was refused."""
        self._count += 1
        findings = self._enrollment.add(take, f"take {self._count}")
        refused = [finding for finding in findings if finding.refused]
        if not refused:
            self._ids.append(secrets.token_urlsafe(6))
        else:
            self._count -= 1
        return refused

    def _takes(self) -> list[DraftTake]:
        enrollment = self._enrollment
        likeness: list[float | None] = list(enrollment.scores)
        rows = zip(
            self._ids,
            enrollment.labels,
            enrollment.takes,
            likeness or [None] * len(self._ids),
            strict=True,
        )
        return [
            DraftTake(id, label, take, score, tuple(enrollment.findings(index)))
            for index, (id, label, take, score) in enumerate(rows)
        ]

    def _index(self, id: str) -> int:
        if id not in self._ids:
            raise Refusal(404, "take_not_found", f"this draft has no take {id[:40]!r}")
        return self._ids.index(id)


class DraftTable:
    """All drafts, by id.

    Args:
        limits: how many there may be, and how long one is kept that nobody touches.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._drafts: dict[str, Draft] = {}
        self._lock = threading.Lock()

    def all(self) -> list[Draft]:
        """Those that are not too old."""
        with self._lock:
            self._forget()
            return list(self._drafts.values())

    def get(self, id: str) -> Draft:
        """One of them; it counts as touched.

        Raises:
            Refusal: there is no such draft (404).
        """
        with self._lock:
            self._forget()
            draft = self._drafts.get(id)
            if draft is None:
                raise Refusal(
                    404, "draft_not_found", "this draft does not exist any more; begin a new one"
                )
            draft.touched = time.monotonic()
            return draft

    def add(self, draft: Draft) -> None:
        """Keep a new one.

        Raises:
            Refusal: there are too many (429).
        """
        with self._lock:
            self._forget()
            if len(self._drafts) >= self._limits.drafts:
                raise Refusal(
                    429,
                    "too_many_drafts",
                    f"{len(self._drafts)} sounds are being enrolled already; finish or delete one",
                    retry_seconds=60,
                )
            self._drafts[draft.id] = draft

    def remove(self, id: str) -> None:
        """Forget one; forgetting twice is harmless."""
        with self._lock:
            self._drafts.pop(id, None)

    def _forget(self) -> None:
        oldest = time.monotonic() - self._limits.draft_idle_seconds
        for draft in [d for d in self._drafts.values() if d.touched < oldest]:
            del self._drafts[draft.id]
