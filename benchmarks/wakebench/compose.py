"""Long streams out of short recordings: events at known places, and hours without any.

All levels are in dBFS. The level of an event is that of its loudest 100 ms (the ten loudest
10 ms frames), so that a signal-to-noise ratio means the same for a click and for a whistle.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wakebench.classes import MUSIC, NOISE, SILENCE
from wakebench.clips import Clip
from wakebench.identity import code_key, digest, generator
from wakebench.mixing import at_level, faded, gain_curve, microphone
from wakebench.sounds import Sound
from wakebench.stream import Layout, Placed, Section, Stream, on_16_bits
from wakebench.synth import RATE, loudest_db, make_room, power_db
from wakeword.audio.frames import FloatArray

CLEAN = math.inf
"""The SNR of a stream without background."""
BED_DB, BED_SPREAD_DB = -40.0, 4.0
"""Mean level of a background under events, and how far a clip's may be from it."""
CLEAN_EVENT_DB = (-36.0, -16.0)
NEGATIVE_DB = (-36.0, -14.0)
"""Range of the loudest 100 ms of an event in a clean stream, and of a negative clip."""
SILENCE_DB = -60.0
"""The same of a quiet room."""
STEADY, FADE_SECONDS = (NOISE, MUSIC, SILENCE), 2.0
"""Negatives that flow into each other over so long, at similar levels: rooms don't switch."""
PAUSE_SECONDS = (0.3, 1.0)
"""Before each clip of the other kinds."""
QUIETEST_BED_DB = -10.0
"""A pause in the background counts as this far below the background's mean, not as silence."""
GAP_SECONDS = (2.5, 5.0)
"""From the end of an event to the next one."""
LEAD_SECONDS = 3.0
"""Before the first and after the last event."""
AROUND_SECONDS = 0.25
"""The background is measured from this long before the event to this long after."""
EDGE_SECONDS = 0.03
"""Kept and faded around an event that is cut out."""
PIECE_SECONDS = 20.0
"""Longest stretch of one background clip under events."""
ROOM_SHARE = 0.5
"""So many of the events are heard in a simulated room."""


@dataclass(frozen=True, eq=False)
class EventPlan:
    """All test takes of a library over a background at one SNR."""

    sounds: tuple[Sound, ...]
    """Only with the takes that are to be heard."""
    bed: tuple[Clip, ...]
    snr_db: float
    """``CLEAN`` or dB."""
    seed: int

    @property
    def key(self) -> str:
        """Digest of all that the stream depends on."""
        inputs = [sound.key for sound in self.sounds] + [clip.key for clip in self.bed]
        return digest("events", _CODE, self.snr_db, self.seed, *inputs)

    def compose(self) -> Stream:
        """Place every take once, in a random order."""
        rng = generator(self.seed, "events", self.snr_db, *(s.name for s in self.sounds))
        takes = [(sound, i) for sound in self.sounds for i in range(len(sound.takes))]
        order = [takes[i] for i in rng.permutation(len(takes))]
        gaps = [LEAD_SECONDS, *rng.uniform(*GAP_SECONDS, size=len(order) - 1), LEAD_SECONDS]
        lengths = [sound.takes[i].end - sound.takes[i].start for sound, i in order]
        total = sum(round(gap * RATE) for gap in gaps) + sum(lengths)
        if self.snr_db == CLEAN:
            bed, sections = np.zeros(total, np.float32), [Section("silence", 0, total)]
        else:
            bed, sections = stitch_bed(self.bed, total, rng)
        mixed, at, events = bed.copy(), 0, []
        for (sound, i), gap, length in zip(order, gaps, lengths, strict=False):
            at += round(gap * RATE)
            _place(mixed, bed, sound, i, at, self.snr_db, rng)
            events.append(Placed(sound.name, i, at, at + length))
            at += length
        mixed = (mixed + microphone(total, rng)) * gain_curve(total, rng)
        layout = Layout(total, tuple(events), tuple(sections))
        return Stream(on_16_bits(mixed), layout)


@dataclass(frozen=True, eq=False)
class NegativePlan:
    """Clips of one kind of background, each once."""

    clips: tuple[Clip, ...]
    seed: int

    @property
    def key(self) -> str:
        """Digest of all that the stream depends on."""
        return digest("negative", _CODE, self.seed, *(clip.key for clip in self.clips))

    def compose(self) -> Stream:
        """Put one clip after the other: what is steady cross-faded, the rest with pauses."""
        rng = generator(self.seed, "negative", *(clip.key for clip in self.clips))
        usual = float(rng.uniform(*NEGATIVE_DB))
        mixed, sections, at = np.zeros(0, np.float32), [], 0
        for clip in self.clips:
            samples = clip.load()
            if clip.category in STEADY:
                fade = min(round(FADE_SECONDS * RATE), len(samples) // 3)
                level = usual + float(rng.uniform(-BED_SPREAD_DB, BED_SPREAD_DB))
                at = max(0, at - fade)
            else:
                fade, level = RATE // 100, float(rng.uniform(*NEGATIVE_DB))
                at += round(rng.uniform(*PAUSE_SECONDS) * RATE)
            if clip.category == SILENCE:
                level = SILENCE_DB
            samples = faded(at_level(samples, loudest_db, level), fade)
            mixed = np.pad(mixed, (0, max(0, at + len(samples) - len(mixed))))
            mixed[at : at + len(samples)] += samples
            sections.append(Section(clip.label, at, at + len(samples)))
            at += len(samples)
        total = len(mixed)
        mixed = (mixed + microphone(total, rng)) * gain_curve(total, rng)
        return Stream(on_16_bits(mixed), Layout(total, (), tuple(sections)))


_CODE = code_key("compose", "mixing", "stream", "synth")


def stitch_bed(
    clips: Sequence[Clip], total: int, rng: np.random.Generator
) -> tuple[FloatArray, list[Section]]:
    """``(total,)`` of the clips in random order, over and over, cross-faded, at ``BED_DB``."""
    fade = round(0.25 * RATE)
    bed = np.zeros(total + fade, np.float32)
    sections, at = [], 0
    while at < total:
        for i in rng.permutation(len(clips)):
            samples = clips[int(i)].load()
            longest = round(PIECE_SECONDS * RATE)
            first = int(rng.integers(0, max(1, len(samples) - longest)))
            piece = samples[first : first + longest]
            if len(piece) < 4 * fade:
                continue
            level = BED_DB + float(rng.uniform(-BED_SPREAD_DB, BED_SPREAD_DB))
            piece = faded(at_level(piece, power_db, level), fade)[: len(bed) - at]
            bed[at : at + len(piece)] += piece
            sections.append(Section(clips[int(i)].label, at, min(at + len(piece), total)))
            at += max(len(piece) - fade, 1)
            if at >= total:
                break
    return bed[:total], sections


def _place(
    mixed: FloatArray,
    bed: FloatArray,
    sound: Sound,
    i: int,
    at: int,
    snr_db: float,
    rng: np.random.Generator,
) -> None:
    """Mix a take into ``mixed`` so that the event begins at sample ``at``."""
    take, edge = sound.takes[i], round(EDGE_SECONDS * RATE)
    first = max(0, take.start - edge)
    played = faded(take.samples[first : take.end + edge], edge)
    if rng.random() < ROOM_SHARE:
        rt60, distance = rng.uniform(0.2, 0.7), rng.uniform(0.7, 3.0)
        size = rng.uniform(2.5, 6.0)
        played = make_room(rng, float(rt60), float(size), float(distance)).hear(played)
    around = round(AROUND_SECONDS * RATE)
    local = bed[max(0, at - around) : at + take.end - take.start + around]
    if snr_db == CLEAN:
        level = float(rng.uniform(*CLEAN_EVENT_DB))
    else:
        level = max(power_db(local), power_db(bed) + QUIETEST_BED_DB) + snr_db
    played = at_level(played, loudest_db, level)
    start = at - (take.start - first)
    end = min(len(mixed), start + len(played))
    mixed[start:end] += played[: end - start]
