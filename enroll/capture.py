"""Recording takes of a sound from a microphone, and keeping them until the sound is enrolled.

The engine's gate decides where a sound begins and ends, so that nobody has to press a button in
time. Each take of a guided enrollment is stored at once, so that an interruption loses none:

drafts/<slug>/001.flac   the recording
drafts/<slug>/001.json   name of the sound and its place in the recording, written last

Names that differ in punctuation alone share a folder.
"""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from enroll.finder import MARGIN_SECONDS, find_takes
from wakeword.audio.frames import (
    SILENCE_DB,
    AudioFrame,
    Blocker,
    FloatArray,
    level_db,
)
from wakeword.audio.reading import AudioClip
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.errors import DeadSource, LibraryCorrupt, SilentSource, TakeRejected
from wakeword.gates.band import BandGate
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.library.records import TakeRecord, clean_name, slug
from wakeword.library.storage import (
    explained,
    read_record,
    write_bytes,
    write_record,
)
from wakeword.protocols import Source


class DraftRecord(TakeRecord):
    """``001.json``."""

    name: str
    """Name of the sound."""


class Drafts:
    """The takes of one sound that is not enrolled yet.

    Args:
        library: beside whose sounds they are kept.
        name: name of the sound.

    Raises:
        LibraryError: the name cannot be used.
    """

    def __init__(self, library: SoundLibrary, name: str) -> None:
        self._name = clean_name(name)
        self.folder = library.folder / "drafts" / slug(self._name)

    def save(self, take: Take) -> Path:
        """Store a take; return the path of its recording, which identifies it.

        Raises:
            LibraryError: the disk is full or not writable.
        """
        record, content = take.encoded()
        numbers = [int(p.stem) for p in self.folder.glob("*.flac") if p.stem.isdigit()]
        path = self.folder / f"{max(numbers, default=0) + 1:03}.flac"
        write_bytes(path, content)
        draft = DraftRecord(name=self._name, **record.model_dump())
        write_record(path.with_suffix(".json"), draft)
        return path

    def load(self) -> dict[Path, Take]:
        """The takes that are whole, by path and in order."""
        found = {}
        for path, record in self._records().items():
            if not self._is_of_sound(record):
                continue
            try:
                found[path] = Take.decoded(record, path.read_bytes())
            except (LibraryCorrupt, OSError):
                continue
        return found

    def remove(self, path: Path) -> None:
        """Delete one of them."""
        with explained(path, "remove"):
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete all of them, once the sound is enrolled or given up.

        Raises:
            LibraryError: they cannot be removed.
        """
        strange = {
            path for path, record in self._records().items() if not self._is_of_sound(record)
        }
        if strange:
            for path in set(self.folder.glob("*.flac")) - strange:
                self.remove(path)
            return
        with explained(self.folder, "remove"):
            if self.folder.exists():
                shutil.rmtree(self.folder)

    def _records(self) -> dict[Path, DraftRecord]:
        """What can be read of the folder's drafts, by recording and in order."""
        found = {}
        for path in sorted(self.folder.glob("*.flac")):
            with suppress(LibraryCorrupt):
                found[path] = read_record(path.with_suffix(".json"), DraftRecord)
        return found

    def _is_of_sound(self, record: DraftRecord) -> bool:
        return record.name.casefold() == self._name.casefold()


SETTLE_SECONDS = 1.0
"""How long the room is measured before the first take."""
LONGEST_SECONDS = 6.0
"""A take ends here even if the sound goes on."""
PATIENCE_SECONDS = 300.0
"""How long to wait for a sound."""
DEAD_SECONDS = 5.0
"""A microphone that delivers nothing but zeros for this long is muted or broken."""
CLIPPED = 0.99
BLOCK_HOPS = 5
"""The gate is asked each 50 ms; blocks are whole steps of its own 10 ms."""


@dataclass(frozen=True)
class Reading:
    """What the meter shows."""

    level_db: float
    """Level of the last 50 ms, dBFS."""
    clipped: bool
    """Whether samples were at the end of the scale."""
    active: bool
    """Whether a sound is being recorded."""
    settling: bool
    """Whether the room is still being measured: keep quiet."""
    waited_seconds: float = 0.0
    """Time since the last sound or the beginning."""


class Capture:
    """Recordings of a sound from a source: iterate for meter readings and takes.

    Iterating goes on until the source ends or is closed; stop when there are enough takes.

    Args:
        source: a microphone or anything else that yields frames.
        segmenter: the engine's; its hangover says when a sound is over.
        patience_seconds: how long to wait for a sound.
        longest_seconds: longest take.
        dead_seconds: how long a live source may deliver nothing but zeros.

    Raises:
        SilentSource: while iterating, no sound came for too long.
        DeadSource: while iterating, a live source delivered nothing but zeros for too long.
    """

    def __init__(
        self,
        source: Source,
        segmenter: SegmenterConfig | None = None,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        longest_seconds: float = LONGEST_SECONDS,
        dead_seconds: float = DEAD_SECONDS,
    ) -> None:
        self._source = source
        self._segmenter = segmenter or SegmenterConfig()
        self._patience_seconds = patience_seconds
        self._longest_seconds = longest_seconds
        self._dead_seconds = dead_seconds
        self._zeros = 0
        self.room_db = SILENCE_DB
        """Level of the room while it was last listened to, dBFS."""
        self._block = source.rate // 100 * BLOCK_HOPS
        self._gate = BandGate(source.rate)
        self._restart()

    def __iter__(self) -> Iterator[Reading | Take]:
        blocker = Blocker(self._block)
        for frame in self._source:
            if frame.start > blocker.position:  # audio was lost: begin again behind the gap
                blocker.reset(frame.start)
                self._restart()
            for block in blocker.push(frame):
                yield from self._hear(block)
        for block in blocker.flush(self._source.rate):
            yield from self._hear(block)
        if self._recording:
            yield from self._finished()

    def _restart(self) -> None:
        """Listen to the room afresh."""
        kept = round((MARGIN_SECONDS + SETTLE_SECONDS) * self._source.rate / self._block)
        self._gate.reset()
        self._before: deque[FloatArray] = deque(maxlen=kept)
        self._heard = 0
        self._waited = 0
        self._recording: list[FloatArray] = []
        self._idle = 0

    def _hear(self, block: AudioFrame) -> Iterator[Reading | Take]:
        active = self._gate(block)
        self._heard += len(block.samples)
        self._check_alive(block)
        settling = self._heard <= SETTLE_SECONDS * block.rate
        if self._recording:
            self._recording.append(block.samples)
            self._idle = 0 if active else self._idle + 1
        elif active and not settling:
            self._recording = [*self._before, block.samples]
            self._idle = 0
        else:
            self._before.append(block.samples)
            self._wait(block, settling)
            if settling:
                self.room_db = level_db(np.concatenate(self._before))
        clipped = bool(np.abs(block.samples).max() >= CLIPPED)
        waited = self._waited / block.rate
        yield Reading(level_db(block.samples), clipped, bool(self._recording), settling, waited)
        if self._recording and self._over(block.rate):
            yield from self._finished()

    def _over(self, rate: int) -> bool:
        """Whether the sound has ended for as long as the hangover and the margin."""
        quiet = max(self._segmenter.hangover_seconds, MARGIN_SECONDS)
        longest = self._longest_seconds + MARGIN_SECONDS + SETTLE_SECONDS
        seconds = self._block / rate
        return self._idle * seconds >= quiet or len(self._recording) * seconds >= longest

    def _finished(self) -> Iterator[Take]:
        """The take that was recorded, if a sound is in it, and readiness for the next."""
        samples = np.concatenate(self._recording)
        self._before.clear()
        self._before.extend(self._recording[len(self._recording) - self._idle :])
        self._recording = []
        try:
            takes = find_takes(AudioClip(samples, self._source.rate), self._segmenter)
        except TakeRejected:
            return  # a mere rustle: go on waiting
        self._waited = 0
        yield max(takes, key=lambda take: take.level_db)

    def _check_alive(self, block: AudioFrame) -> None:
        self._zeros = 0 if block.samples.any() else self._zeros + len(block.samples)
        if self._source.live and self._zeros >= self._dead_seconds * block.rate:
            self._zeros = 0
            raise DeadSource(self._source.name)

    def _wait(self, block: AudioFrame, settling: bool) -> None:
        self._waited = 0 if settling else self._waited + len(block.samples)
        if self._waited < self._patience_seconds * block.rate:
            return
        self._waited = 0
        raise SilentSource(self._source.name, self._patience_seconds)
