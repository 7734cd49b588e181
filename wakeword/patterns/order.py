"""Order inside a sound: low-high or high-low, a tune or its reversal.

Embeddings are pooled over time and forget order. Here what was heard is aligned in time with
each take of a sound, and with the take played backwards: if that fits much better, it was
another sound. Only spectra count, not loudness, so what sounds the same either way, as claps
and most calls do, is never in question.

The stage of the engine that asks for the order inside a sound before it may match.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Lock

import numpy as np

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.logmel import LogMel, decibels
from wakeword.audio.resampling import resample
from wakeword.events import Match, Window
from wakeword.library.recordings import Take
from wakeword.scoring.scorer import Scorer

STEP_FRAMES = 2
"""Spectra are averaged over 20 ms."""
BANDS = 64
FLOOR_PERCENTILE = 20.0
"""The level of a band that counts as the room's."""
ROOM_FRAMES = 10
"""So many frames (0.2 s) are enough to know the room."""
MARGIN_DB = 10.0
"""A band is heard from this far above it on ..."""
RANGE_DB = 15.0
"""... unless it is this far below the loudest band of its frame."""
QUIETER_DB = 20.0
"""Frames whose loudest band is this far below that of the loudest frame are not heard."""
BLUR = 0.5
"""This share of a band counts in the bands beside it: nobody whistles the same pitch twice."""
SHORTEST_SECONDS = 0.3
"""Of shorter sounds nobody hears the order."""
ORDERED = 0.05
"""A sound has an order if a take is so unlike its reversal, 0..1 ..."""
CLEARER = 1.3
"""... and by so much more than takes are unlike the next of the others."""
WARP = 0.25
"""What each step costs, in frames, that makes one of the two faster or slower: long-short-long
is told from short-long-short by nothing else."""
EARLY, EARLY_SECONDS = 0.7, 0.2
"""After so many seconds one direction fits better if its distance is at most this share of the
other's ..."""
BETTER = 0.9
"""... and this share once enough was heard:"""
ENOUGH = 0.7
"""this share of the take."""
ENDED_FRAMES = 8
"""So many frames of nothing (160 ms) end a sound."""
MOST_TAKES = 8
"""So many takes are compared with; more would only take longer."""
ANOTHER = "the order inside it is another"
UNCLEAR = "its order is not clear yet"
FRAME_SECONDS = 0.01 * STEP_FRAMES
LEAD_SECONDS = 0.4
"""So much is listened to before the longest that the sound may take."""


def band_levels(samples: FloatArray, rate: int) -> FloatArray:
    """Levels of the bands in each 20 ms, ``(frames, BANDS) float32``, dBFS."""
    power = LogMel(rate, BANDS).power(samples)
    frames = len(power) // STEP_FRAMES
    power = power[: frames * STEP_FRAMES].reshape(frames, STEP_FRAMES, BANDS).mean(axis=1)
    return decibels(power)


def room_levels(levels: FloatArray) -> FloatArray:
    """What each band has when nothing is heard, ``(BANDS,)`` dBFS, of ``(frames, BANDS)``."""
    if not len(levels):
        return np.zeros(levels.shape[1], np.float32)
    return np.asarray(np.percentile(levels, FLOOR_PERCENTILE, axis=0), np.float32)


def spectra(samples: FloatArray, rate: int) -> FloatArray:
    """As :func:`spectra_above`, of a recording in which nothing is heard now and then."""
    levels = band_levels(samples, rate)
    return spectra_above(levels, room_levels(levels))


def spectra_above(levels: FloatArray, room: FloatArray) -> FloatArray:
    """What is heard in each frame, ``(frames, BANDS) float32``; rows are of length 1 (L2).

    Silence is a row of zeros. A frame is heard for its level and not for how many of its bands
    are loud: a click would outweigh the tone behind it.

    Args:
        levels: of :func:`band_levels`.
        room: of :func:`room_levels`.
    """
    if not len(levels):
        return levels
    loudest = levels.max(axis=1, keepdims=True)
    above = np.maximum(levels - np.maximum(room + MARGIN_DB, loudest - RANGE_DB), 0.0)
    beside = np.pad(above, ((0, 0), (1, 1)))
    above = above + BLUR * (beside[:, :-2] + beside[:, 2:])
    norms = np.linalg.norm(above, axis=1, keepdims=True)
    something = norms > 1e-6
    heard = something & (loudest >= np.max(loudest, where=something, initial=-np.inf) - QUIETER_DB)
    return np.asarray(np.where(heard, above / np.maximum(norms, 1e-6), 0.0), np.float32)


def heard_part(rows: FloatArray) -> FloatArray:
    """The rows from the first to the last in which something is heard."""
    strong = np.flatnonzero(rows.any(axis=1))
    return rows[strong[0] : strong[-1] + 1] if len(strong) else rows[:0]


def distance(heard: FloatArray, take: FloatArray) -> float:
    """How unlike what is heard is to the beginning of a take, 0 (the same) to 1.

    Both are aligned in time, each up to twice as fast as the other. All of ``heard`` must find
    a place; the take may go on. What comes before it costs as much as it is loud.

    Args:
        heard: rows ``(n, bands)`` of :func:`spectra`.
        take: ``(m, bands)``.
    """
    if not len(heard) or not len(take):
        return 1.0
    cost = 0.5 * (
        np.square(heard).sum(axis=1)[:, None] + np.square(take).sum(axis=1) - 2.0 * heard @ take.T
    )
    skipped = np.concatenate([[0.0], np.cumsum(0.5 * np.square(heard).sum(axis=1))])
    far = np.full(len(take), np.inf)
    before, last = far, far  # the rows for two frames and one frame ago
    for i, here in enumerate(cost):
        now = np.full(len(take), np.inf)
        now[:2] = skipped[i] + here[:2]
        now[1:] = np.minimum(now[1:], last[:-1] + here[1:])
        now[2:] = np.minimum(now[2:], last[:-2] + here[2:] + WARP)
        if i:
            now[1:] = np.minimum(now[1:], before[:-1] + cost[i - 1][1:] + here[1:] + WARP)
        before, last = last, now
    return float(min(last.min(), skipped[-1]) / len(heard))


class SoundOrder:
    """The order of one sound, known from its takes.

    They are read by :meth:`prepare`, or when the order is first asked for.

    Args:
        takes: gives the sound's takes, those that can be read.
        rate: samples per second of what will be heard.
    """

    def __init__(self, takes: Callable[[], Sequence[Take]], rate: int) -> None:
        self._load = takes
        self._rate = rate
        self._reading = Lock()  # one thread prepares, another may ask meanwhile

    def prepare(self) -> None:
        """Read the takes and align them with each other now, not when the sound is first heard."""
        with self._reading:
            self._takes  # noqa: B018 - kept from now on

    @cached_property
    def _takes(self) -> list[FloatArray]:
        """Each take as rows; none if the sound is the same backwards."""
        takes = list(self._load())[:MOST_TAKES]
        found = [take_spectra(take, self._rate) for take in takes]
        found = [rows for rows in found if len(rows)]
        if not found:
            return []
        shortest = float(np.median([len(rows) for rows in found])) * FRAME_SECONDS
        backwards = float(np.median([distance(rows, rows[::-1]) for rows in found]))
        needed = max(ORDERED, CLEARER * _spread(found))
        return found if shortest >= SHORTEST_SECONDS and backwards >= needed else []

    @property
    def prepared(self) -> bool:
        """Whether the takes have been read."""
        return "_takes" in self.__dict__

    @property
    def ordered(self) -> bool:
        """Whether the sound and its reversal are two."""
        if not self.prepared:
            self.prepare()
        return bool(self._takes)

    @property
    def frames(self) -> int:
        """So many of the last frames are worth looking at, of a sound that is ordered."""
        longest = max((len(rows) for rows in self._takes), default=0)
        return round(1.5 * longest + LEAD_SECONDS / FRAME_SECONDS)

    def refuses(self, levels: FloatArray, room: FloatArray) -> str:
        """Why what was heard up to now is not the sound; empty when it may be.

        Args:
            levels: ``(frames, BANDS)`` of :func:`band_levels`, up to now.
            room: ``(BANDS,)`` of :func:`room_levels`.
        """
        if not self.ordered:
            return ""
        rows = spectra_above(levels[-self.frames :], room)
        heard = heard_part(rows)
        if not len(heard):
            return ""
        forward, backward = self._distances(heard)
        quiet = len(rows) - 1 - int(np.flatnonzero(rows.any(axis=1))[-1])
        needed = ENOUGH * float(np.median([len(take) for take in self._takes]))
        over = quiet >= ENDED_FRAMES or len(heard) >= needed
        better = BETTER if over else EARLY if len(heard) * FRAME_SECONDS >= EARLY_SECONDS else 0.0
        if backward < better * forward:
            return ANOTHER
        return "" if over or forward < better * backward else UNCLEAR

    def turns(self, take: Take) -> bool:
        """Whether a recording is surely not the sound, but one in another order."""
        heard = take_spectra(take, self._rate)
        if not self.ordered or not len(heard):
            return False
        forward, backward = self._distances(heard)
        return backward < BETTER * forward

    def _distances(self, heard: FloatArray) -> tuple[float, float]:
        """From the takes as they are, and from the takes backwards."""
        forward = min(distance(heard, take) for take in self._takes)
        return forward, min(distance(heard, take[::-1]) for take in self._takes)


def _spread(takes: Sequence[FloatArray]) -> float:
    """How unlike a take is to the one of the others that is next to it; 0 of a single take."""
    nearest = [
        min(distance(take, other) for j, other in enumerate(takes) if j != i)
        for i, take in enumerate(takes)
        if len(takes) > 1
    ]
    return float(np.median(nearest or [0.0]))


def take_spectra(take: Take, rate: int) -> FloatArray:
    """What is heard of a take, ``(frames, BANDS) float32``, as of :func:`spectra_above`.

    The room is what is around the sound, if there is enough of it: a long note fills most of a
    take and is not the room.
    """
    levels = band_levels(resample(take.samples, take.rate, rate), rate)
    middles = (np.arange(len(levels)) + 0.5) * FRAME_SECONDS
    start, end = take.start / take.rate, take.end / take.rate
    around = levels[(middles < start - FRAME_SECONDS) | (middles > end + FRAME_SECONDS)]
    room = room_levels(around if len(around) >= ROOM_FRAMES else levels)
    return heard_part(spectra_above(levels, room))


LONGEST_SECONDS = 8.0
"""More of the past is not looked at."""
AWAY_SECONDS = 0.25
"""A sound that did not match for longer is over; what matches then is looked at anew."""


@dataclass
class _Passed:
    """A sound whose order was right."""

    end: int
    """Sample just past its last matching window."""
    woke: bool = False
    """Whether an event was made of it."""


class Ordering:
    """Refuses matches whose order is wrong; a sound that is the other way round takes over.

    Only windows that match are looked at, and only where the sound has an order. Once the order
    is right, what follows belongs to the sound, until it is over.

    Args:
        rate: samples per second.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._keep = round(LONGEST_SECONDS * rate)
        self._away = round(AWAY_SECONDS * rate)
        self._orders: Mapping[str, SoundOrder] = {}
        self.reset()

    def load(self, scorer: Scorer, orders: Mapping[str, SoundOrder]) -> None:
        """Use these from now on.

        Args:
            scorer: knows the sounds.
            orders: of those whose order may matter, by name.
        """
        self._scorer = scorer
        self._orders = orders

    def reset(self) -> None:
        """Forget the past."""
        self._past = np.zeros(0, np.float32)
        self._end = 0
        self._segment: int | None = None
        self._passed: dict[str, _Passed] = {}
        self._since: dict[str, int] = {}  # where in the segment a sound may begin again
        self._levels: tuple[FloatArray, FloatArray] | None = None

    def push(self, block: AudioFrame) -> None:
        """Remember the next block."""
        if not self._orders:
            return
        if block.start != self._end:
            self.reset()
        self._past = np.concatenate([self._past, block.samples])[-self._keep :]
        self._end = block.end
        self._levels = None

    def __call__(self, match: Match, window: Window, embedding: FloatArray) -> Match:
        """The match if its order is right, another sound's, or the match with a refusal.

        Args:
            match: what the window resembles most.
            window: it ends with the last block.
            embedding: ``(dim,) float32``, the window's.
        """
        if not match.hit or match.named or match.sound not in self._orders:
            return match  # a word has no take to be held against
        self._forget_what_is_over(window)
        passed = self._passed.get(match.sound)
        if passed is not None:
            passed.end = window.end
            return match  # it was right at its beginning; what follows belongs to it
        why = self._refusal(match.sound, window)
        if why:
            other = self._other(match, window, embedding)
            match = other if other is not None else replace(match, refused=why)
        if match.hit:
            self._passed[match.sound] = _Passed(window.end)
        return match

    def woke(self, sound: str) -> None:
        """An event was made of this sound: once it is over, the next one begins behind it."""
        if sound in self._passed:
            self._passed[sound].woke = True

    def _forget_what_is_over(self, window: Window) -> None:
        """Sounds that do not match any more, and all of another segment."""
        if window.segment_start != self._segment:
            self._segment, self._passed, self._since = window.segment_start, {}, {}
        for sound, passed in list(self._passed.items()):
            if window.end - passed.end > self._away:
                del self._passed[sound]
                if passed.woke:
                    self._since[sound] = passed.end

    def _refusal(self, sound: str, window: Window) -> str:
        order = self._orders[sound]
        if not order.ordered:
            return ""
        levels, room = self._heard(window)
        if sound in self._since:
            seconds = (self._end - self._since[sound]) / self._rate
            levels = levels[-max(1, round(seconds / FRAME_SECONDS)) :]
        return order.refuses(levels, room)

    def _heard(self, window: Window) -> tuple[FloatArray, FloatArray]:
        """Levels ``(frames, BANDS)`` since the segment began, and of the room."""
        if self._levels is None:
            levels = band_levels(self._past, self._rate)
            room = room_levels(levels)
            seconds = (self._end - min(window.segment_start, window.start)) / self._rate
            count = min(len(levels), max(1, round(seconds / FRAME_SECONDS)))
            before = levels[: len(levels) - count]
            if len(before) >= ROOM_FRAMES:
                room = np.minimum(room, room_levels(before))
            self._levels = levels[-count:], room
        return self._levels

    def _other(self, match: Match, window: Window, embedding: FloatArray) -> Match | None:
        """The likeliest of the other sounds with an order, if that is right for one."""
        offset = match.threshold - self._scorer.thresholds[match.sound]
        found = [
            replace(other, threshold=other.threshold + offset)
            for other in self._scorer.recorded(embedding)
            if other.sound != match.sound
            and other.sound in self._orders
            and self._orders[other.sound].ordered
        ]
        fitting = [m for m in found if m.hit and not self._refusal(m.sound, window)]
        return max(fitting, key=lambda other: other.score - other.threshold, default=None)
