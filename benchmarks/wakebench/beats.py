"""Are two told from three? Rows of real and made beats, one to four in each, over noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from enroll.finder import find_takes
from enroll.patterns import single_beats
from enroll.session import Enrollment
from wakebench.identity import generator
from wakebench.manifest import Manifest
from wakebench.mixing import at_level
from wakebench.synth import RATE, background, loudest_db, make_room, make_source, power_db
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.reading import AudioClip
from wakeword.engine import Engine, EngineConfig
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.library.records import PatternRecord
from wakeword.protocols import Encoder

KINDS = ("clap", "knock", "finger_snap", "tongue_click")
"""Made sounds, each in a room of its own; claps and knocks are scarce among free recordings."""
MADE_TAKES = 40
RECORDED = {
    "dev": ("finger_snap", "knuckle_tap", "nail_tap", "finger_pad_tap"),
    "train": ("tapping", "tongue_click"),
}
"""Labels with many single beats of one source."""
ENROLLED = 3
PERIOD_SECONDS = 3.0
"""From the beginning of a row to that of the next."""
GAPS_SECONDS = (0.18, 0.45)
JITTER = 0.06
"""Deviation of the gaps of a row from each other."""
LEVEL_DB = -26.0
"""Of the loudest 100 ms of the stream."""
QUIET_DB = -75.0
LONGEST_SECONDS = 0.35
"""Longer takes are no single beats."""
CLIPS = 60


@dataclass(frozen=True, eq=False)
class Beat:
    """A sound that is made again and again."""

    name: str
    enrolled: tuple[Take, ...]
    heard: tuple[FloatArray, ...]
    """``(n,) float32`` at ``RATE``, each the sound once."""


@dataclass(frozen=True)
class Tally:
    """Rows by what came of them."""

    right: int
    """The pattern, and nothing else."""
    wrong: int
    """Another pattern, or several."""
    silent: int
    """Nothing."""
    foils: int
    """Rows of one or four that should make nothing, and made something."""

    @property
    def share(self) -> float:
        """Of the rows of two and three, 0..1."""
        return self.right / max(1, self.right + self.wrong + self.silent)


def made_beats(seed: int) -> Iterator[Beat]:
    """Synthesised ones."""
    for kind in KINDS:
        rng = generator(seed, "beat", kind)
        source = make_source(kind, rng)
        room = make_room(
            rng,
            rt60_seconds=float(rng.uniform(0.2, 0.6)),
            distance_metres=float(rng.uniform(0.5, 2.5)),
        )
        sounds = [room.hear(source.take(rng)) for _ in range(MADE_TAKES + ENROLLED)]
        hiss = at_level(background("pink", 2.0, rng), power_db, QUIET_DB)
        takes = []
        for sound in sounds[:ENROLLED]:
            quiet = hiss[: len(sound) + RATE].copy()
            quiet[RATE // 2 : RATE // 2 + len(sound)] += sound
            takes.append(find_takes(AudioClip(quiet, RATE))[0])
        yield Beat(f"{kind} (made)", tuple(takes), tuple(sounds[ENROLLED:]))


def recorded_beats(manifest: Manifest, split: str) -> Iterator[Beat]:
    """Recorded ones; of each label the source with the most."""
    for label in RECORDED[split]:
        rows = [row for row in manifest.for_measuring(split) if row.label == label]
        groups = Counter(row.group for row in rows)
        best = max(groups, key=lambda g: sum(manifest.seconds(r) for r in rows if r.group == g))
        takes: list[Take] = []
        for row in [row for row in rows if row.group == best][:CLIPS]:
            found = find_takes(AudioClip(manifest.audio(row, RATE), RATE))
            takes += [beat for take in found for beat in single_beats(take)]
        takes = [take for take in takes if take.sound_seconds <= LONGEST_SECONDS]
        level = float(np.median([take.level_db for take in takes]))
        takes = [take for take in takes if abs(take.level_db - level) <= 8.0]
        if len(takes) >= ENROLLED + 8:
            sounds = tuple(take.samples[take.start : take.end] for take in takes[ENROLLED:])
            yield Beat(label, tuple(takes[:ENROLLED]), sounds)


def rows(
    beat: Beat, snr_db: float | None, count: int, rng: np.random.Generator
) -> tuple[FloatArray, list[list[int]]]:
    """A stream of rows of one to four beats, and the samples at which the beats begin."""
    period = round(PERIOD_SECONDS * RATE)
    stream = np.zeros(count * period + 2 * RATE, np.float32)
    placed: list[list[int]] = []
    for number in range(count):
        gap = float(rng.uniform(*GAPS_SECONDS))
        at, starts = RATE + number * period, []
        for _ in range((2, 3, 2, 3, 1, 4)[number % 6]):
            sound = beat.heard[int(rng.integers(len(beat.heard)))]
            stream[at : at + len(sound)] += sound[: len(stream) - at]
            starts.append(at)
            at += round(gap * float(np.exp(rng.normal(0.0, JITTER))) * RATE)
        placed.append(starts)
    stream = at_level(stream, loudest_db, LEVEL_DB)
    noise = background("pink", len(stream) / RATE, rng)[: len(stream)]
    level = QUIET_DB if snr_db is None else LEVEL_DB - snr_db
    return np.asarray(stream + at_level(noise, power_db, level), np.float32), placed


def enroll(library: SoundLibrary, encoder: Encoder, name: str, beat: Beat) -> None:
    """Enroll the sound's takes, with the patterns 2 and 3."""
    patterns = [PatternRecord(beats=n, wait_seconds=0.7) for n in (2, 3)]
    enrollment = Enrollment(library, encoder, "mini", name, force=True, patterns=patterns)
    for take in beat.enrolled:
        enrollment.add(take)
    enrollment.finish()


def measure(
    beat: Beat, encoder: Encoder, folder: Path, snr_db: float | None, count: int, seed: int
) -> Tally:
    """Enroll with two patterns, listen to rows, count what came of them."""
    library = SoundLibrary(folder)
    if not library.sounds():
        enroll(library, encoder, "beat", beat)
    stream, placed = rows(beat, snr_db, count, generator(seed, "rows", beat.name, snr_db))
    engine = Engine(library, encoder, EngineConfig())
    events = [*engine.push(AudioFrame(stream, 0, RATE)), *engine.flush()]
    heard = [(event.start, event.pattern) for event in events]
    outcomes = Counter(_outcome(starts, heard) for starts in placed)
    return Tally(*(outcomes[name] for name in ("right", "wrong", "silent", "foil")))


def _outcome(starts: Sequence[int], heard: Sequence[tuple[int, str]]) -> str:
    first, last = starts[0] - RATE // 4, starts[-1] + RATE // 2
    found = [pattern for at, pattern in heard if first <= at <= last]
    if len(starts) not in (2, 3):
        return "foil" if found else "quiet"
    if not found:
        return "silent"
    return "right" if found == [f"beat x{len(starts)}"] else "wrong"
