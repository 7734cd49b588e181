"""Beats in recordings: takes of one beat each, and the rhythm that they were played in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from enroll.finder import ANALYSIS_RATE, BELOW_PEAK_DB, MARGIN_SECONDS, Spectrum
from wakeword.audio import AudioFrame, FloatArray
from wakeword.audiofile import AudioClip
from wakeword.onsets import Onset, OnsetDetector
from wakeword.resampler import resample
from wakeword.takes import Take

APART_SECONDS = 1.2
"""Beats further apart than this belong to two rows."""
WEAKER = 0.3
"""Onsets with a smaller share of the strongest rise are no beats but stirrings ..."""
QUIETER_DB = 20.0
"""... and so are those so much quieter than the loudest."""
MOST_TAKES = 12
"""So many beats tell what the sound is like; more would only take longer."""
BEFORE_SECONDS = 0.02
"""A beat begins this much before its onset, which may be told a little late."""
BEHIND_SECONDS = 0.06
"""What is kept before a beat begins this long behind the beat before."""
_FRAME = ANALYSIS_RATE // 100


@dataclass(frozen=True)
class Rows:
    """What the beats in one or more recordings were."""

    gaps_seconds: tuple[tuple[float, ...], ...]
    """For each row its times from beat to beat; none for a single beat."""

    def of(self, beats: int) -> list[tuple[float, ...]]:
        """The gaps of the rows with so many beats."""
        return [gaps for gaps in self.gaps_seconds if len(gaps) == beats - 1]


def rows_in(clip: AudioClip) -> Rows:
    """The rows of beats in a recording, in order."""
    beats = [onset.position / ANALYSIS_RATE for onset in _beats(clip.samples, clip.rate)]
    rows: list[list[float]] = []
    for beat in beats:
        if rows and beat - rows[-1][-1] <= APART_SECONDS:
            rows[-1].append(beat)
        else:
            rows.append([beat])
    return Rows(tuple(tuple(b - a for a, b in pairwise(row)) for row in rows))


def single_beats(take: Take) -> list[Take]:
    """The take as takes of one beat each; itself when it holds no more than one."""
    onsets = [
        round(onset.position / ANALYSIS_RATE * take.rate)
        for onset in _beats(take.samples, take.rate)
    ]
    before = round(BEFORE_SECONDS * take.rate)
    starts = [max(0, onset - before) for onset in onsets if onset < take.end]
    if len(starts) < 2:
        return [take]
    ends = [*starts[1:], len(take.samples)]
    behind = round((BEFORE_SECONDS + BEHIND_SECONDS) * take.rate)
    firsts = [0, *(start + behind for start in starts[:-1])]
    margin = round(MARGIN_SECONDS * take.rate)
    return [
        _cut(take, max(first, start - margin), start, end)
        for first, start, end in zip(firsts, starts, ends, strict=True)
    ]


def few_beats(takes: Sequence[Sequence[Take]], most: int = MOST_TAKES) -> list[list[Take]]:
    """No more than so many takes in all, evenly from each of the recordings that gave them."""
    share = max(1, most // max(1, len(takes)))
    return [
        [found[i] for i in sorted({round(n) for n in np.linspace(0, len(found) - 1, share)})]
        for found in takes
    ]


def _beats(samples: FloatArray, rate: int) -> Sequence[Onset]:
    """The onsets, in samples at ``ANALYSIS_RATE``, that are as strong as the strongest."""
    heard = resample(samples, rate, ANALYSIS_RATE)
    silence = np.zeros(ANALYSIS_RATE // 5, np.float32)  # it may begin or end in the middle
    padded = np.concatenate([silence, heard, silence])
    found = OnsetDetector(ANALYSIS_RATE).push(AudioFrame(padded, 0, ANALYSIS_RATE))
    if not found:
        return []
    rise = WEAKER * max(onset.rise_db for onset in found)
    level = max(onset.level_db for onset in found) - QUIETER_DB
    return [
        replace(onset, position=max(0, onset.position - len(silence)))
        for onset in found
        if onset.rise_db >= rise and onset.level_db >= level
    ]


def _cut(take: Take, first: int, start: int, end: int) -> Take:
    """The beat at ``start:end`` of the take, with what was before it from ``first`` on.

    It ends where it has died away, or with the next one.
    """
    part = take.samples[start:end]
    spectrum = Spectrum.of(resample(part, take.rate, ANALYSIS_RATE))
    level = 10.0 * np.log10(np.maximum(spectrum.power.sum(axis=1), 1e-12))
    loud = np.flatnonzero(level > level.max() - BELOW_PEAK_DB)
    sound = min(len(part), round((int(loud[-1]) + 1) * _FRAME / ANALYSIS_RATE * take.rate))
    last = min(end, start + sound + round(MARGIN_SECONDS * take.rate))
    return replace(
        take,
        samples=take.samples[first:last],
        start=start - first,
        end=start - first + sound,
        level_db=spectrum.level_db(),
    )
