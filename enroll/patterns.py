"""Beats in recordings: takes of one beat each, and the rhythm that they were played in.

From what a user asks for, and what the takes hold, to the patterns of a sound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from enroll.finder import ANALYSIS_RATE, BELOW_PEAK_DB, MARGIN_SECONDS, Spectrum
from enroll.fitter import Fitter
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.reading import AudioClip
from wakeword.audio.resampling import resample
from wakeword.errors import ConfigError, SoundNotFound, TakeRejected
from wakeword.library.library import Edit, SoundLibrary
from wakeword.library.recordings import Take
from wakeword.library.records import (
    LONGEST_WAIT_SECONDS,
    MOST_BEATS,
    PatternRecord,
    SoundRecord,
    clean_name,
)
from wakeword.patterns.onsets import Onset, OnsetDetector
from wakeword.patterns.pattern import WAIT_SECONDS
from wakeword.protocols import Encoder

APART_SECONDS = 1.2
"""Beats further apart than this belong to two rows."""
WEAKER = 0.3
"""Onsets with a smaller share of the strongest rise are not beats ..."""
QUIETER_DB = 20.0
"""... and so are those so much quieter than the loudest."""
MOST_TAKES = 12
"""At most this many beats become takes; more would only take longer."""
BEFORE_SECONDS = 0.02
"""A take of a beat begins this much before its onset, which may be detected a little late."""
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


RHYTHM = "rhythm"
"""Asks for the pattern that the takes hold."""
LONGER = 1.5
"""A beat may come this much later than it did in the takes ..."""
LATER_SECONDS = 0.15
"""... and so much more."""
QUICKEST_SECONDS = 0.5
"""No pattern learned from takes waits for less."""
PAUSE_SECONDS = 0.5
"""Of long sounds, the next one may begin this long after one has ended."""


def check_pattern(text: str) -> str:
    """``text`` if it asks for a pattern: a number of beats, or ``RHYTHM``.

    Raises:
        ConfigError: it does not.
    """
    if text == RHYTHM or (text.isdecimal() and 2 <= int(text) <= MOST_BEATS):
        return text
    raise ConfigError(
        f"a pattern is a number of beats from 2 to {MOST_BEATS}, or '{RHYTHM}', not {text!r}"
    )


def make_pattern(
    text: str,
    rows: Sequence[Rows],
    length_seconds: float,
    *,
    name: str = "",
    wait_seconds: float | None = None,
) -> PatternRecord:
    """The pattern that ``text`` asks for.

    Args:
        text: a number of beats, or ``RHYTHM``.
        rows: the beats of the takes; a rhythm needs them, a count learns its pace from them.
        length_seconds: how long the sound is once.
        name: what events call it, instead of the sound's name and the number of beats.
        wait_seconds: how long after a beat another one may come; otherwise it is learned.

    Raises:
        ConfigError: ``text`` asks for no pattern, or the wait is shorter than the rhythm.
        LibraryError: the name cannot be used.
        TakeRejected: the takes hold no rhythm.
    """
    check_pattern(text)
    gaps: tuple[float, ...] = ()
    if text == RHYTHM:
        gaps = _rhythm(rows)
        played = [gaps]
        beats = len(gaps) + 1
    else:
        beats = int(text)
        played = [found for row in rows for found in row.of(beats)]
    wait = wait_seconds or _wait(played, length_seconds)
    if gaps and wait <= max(gaps):
        raise ConfigError(f"the rhythm has a gap of {max(gaps):.2f} s; wait for longer than that")
    return PatternRecord(
        name=clean_name(name) if name else "", beats=beats, gaps_seconds=gaps, wait_seconds=wait
    )


def _wait(played: Sequence[tuple[float, ...]], length_seconds: float) -> float:
    slowest = max((gap for gaps in played for gap in gaps), default=0.0)
    if slowest:
        wait = max(QUICKEST_SECONDS, LONGER * slowest + LATER_SECONDS)
    else:
        wait = max(WAIT_SECONDS, length_seconds + PAUSE_SECONDS)
    return round(min(wait, LONGEST_WAIT_SECONDS), 2)


def _rhythm(rows: Sequence[Rows]) -> tuple[float, ...]:
    """The gaps that most of the rows have: the median of each."""
    played = [gaps for row in rows for gaps in row.gaps_seconds if gaps]
    if not played:
        raise TakeRejected(
            "no rhythm was heard: a take must hold at least two beats, no more than a second apart"
        )
    count = Counter(len(gaps) for gaps in played).most_common(1)[0][0]
    if count + 1 > MOST_BEATS:
        raise TakeRejected(f"the takes hold {count + 1} beats; a rhythm has at most {MOST_BEATS}")
    alike = np.array([gaps for gaps in played if len(gaps) == count])
    return tuple(round(float(gap), 3) for gap in np.median(alike, axis=0))


def add_pattern(
    library: SoundLibrary,
    encoder: Encoder,
    sound: str,
    text: str,
    rows: Sequence[Rows] = (),
    *,
    name: str = "",
    wait_seconds: float | None = None,
) -> SoundRecord:
    """Give a sound of the library another pattern, and the threshold that goes with it.

    Raises:
        SoundNotFound: there is no such sound.
        SoundExists: the name is taken.
        ConfigError: ``text`` asks for no pattern.
        TakeRejected: the recordings hold no rhythm.
        LibraryError: it cannot be stored.
    """

    def edit(before: SoundRecord) -> Edit[SoundRecord]:
        if not before.takes:
            raise TakeRejected(
                f"{before.name!r} is only defined by words; a pattern needs takes of one beat each"
            )
        length = float(np.median([t.end_seconds - t.start_seconds for t in before.takes]))
        pattern = make_pattern(text, rows, length, name=name, wait_seconds=wait_seconds)
        return _with_patterns(library, encoder, before, (*before.patterns, pattern))

    return library.change(sound, edit)


def remove_pattern(library: SoundLibrary, encoder: Encoder, name: str) -> SoundRecord:
    """Delete the pattern of that name.

    Raises:
        SoundNotFound: there is none.
        LibraryError: the sound cannot be stored.
    """
    wanted = name.casefold()

    def edit(before: SoundRecord) -> Edit[SoundRecord]:
        kept = tuple(p for p in before.patterns if p.called(before.name).casefold() != wanted)
        if len(kept) == len(before.patterns):
            raise SoundNotFound(name, _patterns(library), "pattern")
        return _with_patterns(library, encoder, before, kept)

    for sound in library.sounds():
        if any(pattern.called(sound.name).casefold() == wanted for pattern in sound.patterns):
            return library.change(sound.name, edit)
    raise SoundNotFound(name, _patterns(library), "pattern")


def _patterns(library: SoundLibrary) -> list[str]:
    return [pattern.called(s.name) for s in library.sounds() for pattern in s.patterns]


def _with_patterns(
    library: SoundLibrary,
    encoder: Encoder,
    before: SoundRecord,
    patterns: tuple[PatternRecord, ...],
) -> Edit[SoundRecord]:
    """The sound with these patterns; its first and its last one need another threshold."""
    after = before.model_copy(update={"patterns": patterns})
    if bool(patterns) != bool(before.patterns):
        after = Fitter(library, encoder).fit(after).sound
    return Edit(after, after)
