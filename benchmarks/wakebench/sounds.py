"""The sounds to enroll: repeats of one source, cut out of its recordings."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wakebench import classes
from wakebench.cutter import cut
from wakebench.identity import digest, generator
from wakebench.manifest import Manifest, Row
from wakebench.synth.kinds import KINDS, make_source
from wakebench.synth.samples import RATE
from wakeword.audio.frames import FloatArray
from wakeword.library.recordings import Take

FEWEST_TAKES = 4
"""Three to enroll and one to hear again."""
ALIKE_LENGTHS = 2.5
"""A repeat is at most this many times longer or shorter than the group's median."""
CONTEXT_SECONDS = 0.3
"""Kept before and after an event, where the recording has it and no other event is there."""
SOUNDS_PER_LABEL = 2
"""From one source of data; a collection of nine knocks is not nine kinds of sound."""
CLIPS_PER_GROUP = 40
"""More clips of one group are not looked at."""
MADE_TAKES = 9


@dataclass(frozen=True, eq=False)
class Sound:
    """Something a user would enroll."""

    name: str
    label: str
    family: str
    made: bool
    """Synthesised, not recorded."""
    takes: tuple[Take, ...]
    origin: tuple[str, str] = ("", "")
    """Source and group of a recorded one."""

    @property
    def key(self) -> str:
        """Changes whenever a take does."""
        takes = ((take.samples.tobytes(), take.start, take.end) for take in self.takes)
        return digest(self.name, *(part for take in takes for part in take))


def recorded_sounds(manifest: Manifest, split: str, seed: int) -> list[Sound]:
    """All sounds of a split that have takes enough, by name.

    Which ones follows from the manifest and from loudness alone, never from what an encoder
    makes of them.
    """
    sounds = []
    numbers: Counter[str] = Counter()
    for (source, label, group), rows in candidates(manifest, split).items():
        rng = generator(seed, "clips", source, label, group)
        chosen = [rows[i] for i in sorted(rng.permutation(len(rows))[:CLIPS_PER_GROUP])]
        takes = alike([take for row in chosen for take in takes_in(manifest.audio(row, RATE))])
        if len(takes) >= FEWEST_TAKES:
            numbers[label] += 1
            name, kind = f"{label.replace('_', ' ')} {numbers[label]}", classes.family(label)
            sounds.append(Sound(name, label, kind, False, tuple(takes), (source, group)))
    return sorted(sounds, key=lambda sound: sound.name)


def limited(sounds: Sequence[Sound], seed: int) -> list[Sound]:
    """At most ``SOUNDS_PER_LABEL`` of one source's sounds with the same label, drawn at random."""
    alike_labels: dict[tuple[str, str], list[Sound]] = defaultdict(list)
    for sound in sounds:
        alike_labels[sound.origin[0], sound.label].append(sound)
    chosen = []
    for key, found in alike_labels.items():
        order = generator(seed, "groups", *key).permutation(len(found))
        chosen += [found[i] for i in order[:SOUNDS_PER_LABEL]]
    return sorted(chosen, key=lambda sound: sound.name)


def candidates(manifest: Manifest, split: str) -> dict[tuple[str, str, str], list[Row]]:
    """Rows by (source, label, group) that could be takes of one sound.

    A group with clips in another split is left out: weights may have been fitted to it.
    """
    groups = defaultdict(list)
    for row in manifest.for_measuring(split):
        usable = row.kind != "background" and classes.enrollable(row.label)
        if row.group and usable and row.origin not in manifest.crossing:
            groups[row.source, row.label, row.group].append(row)
    return dict(sorted(groups.items()))


def made_sounds(seed: int) -> list[Sound]:
    """One synthesised source of every kind."""
    sounds = []
    for kind in KINDS:
        rng = generator(seed, "made", kind)
        source = make_source(kind, rng)
        quiet = np.zeros(round(CONTEXT_SECONDS * RATE), np.float32)
        takes = []
        for _ in range(MADE_TAKES):
            played = source.take(rng)
            whole = np.concatenate([quiet, played, quiet])
            takes.append(Take(whole, RATE, len(quiet), len(quiet) + len(played)))
        label = classes.family(kind)
        sounds.append(Sound(kind.replace("_", " "), kind, label, True, tuple(takes)))
    return sounds


def alike(takes: list[Take]) -> list[Take]:
    """Those takes whose length is near the median."""
    if not takes:
        return []
    median = float(np.median([take.sound_seconds for take in takes]))
    low, high = median / ALIKE_LENGTHS, median * ALIKE_LENGTHS
    return [take for take in takes if low <= take.sound_seconds <= high]


def takes_in(samples: FloatArray) -> list[Take]:
    """Every event of a recording at 16 kHz, with some of what is around it."""
    context = round(CONTEXT_SECONDS * RATE)
    spans = cut(samples, RATE)
    takes = []
    for i, (start, end) in enumerate(spans):
        first = max(start - context, spans[i - 1][1] if i else 0)
        last = min(end + context, spans[i + 1][0] if i + 1 < len(spans) else len(samples))
        takes.append(Take(samples[first:last], RATE, start - first, end - first))
    return takes
