"""Where are the sounds in a recording?

The engine's own gate says where something is, so that nothing is enrolled that it would not
hear. Within that, a sound is what comes near its loudest moment: a long tail does not glue two
barks together, and is no part of what must be recognised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.logmel import LogMel
from wakeword.audio.reading import AudioClip
from wakeword.audio.resampling import resample
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.errors import RecordingTooLong, TakeRejected
from wakeword.gates.band import QUIETEST_DB, BandGate
from wakeword.library.recordings import Take

ANALYSIS_RATE = 16_000
"""Recordings of any rate are looked at in this one; the takes keep their own."""
HIGHEST_RATE = 48_000
"""Above this, takes are resampled: no encoder hears more."""
MARGIN_SECONDS = 0.3
"""Room kept before and after a sound, where there is any."""
BELOW_PEAK_DB = 25.0
"""A sound is what comes this near to its loudest moment."""
QUIETER_DB = 15.0
"""Pieces this much quieter than the loudest are not another take but some small noise."""
LOUD_SECONDS = 0.05
"""Levels are those of the loudest stretch of this length."""
STEADY_DB = -40.0
"""A recording in which nothing stands out is a sound if it is at least this loud ..."""
STEADY_SECONDS = 10.0
"""... and no longer than this; otherwise it is a room."""
OWN_BANDS_DB = 6.0
"""The bands of a sound are those in which it is this far above the background."""
STANDS_OUT_DB = 9.0
"""What is not this far above the background in some band is a part of it."""
LONGEST_RECORDING_SECONDS = 300.0
"""Longer recordings are not searched for sounds."""

_HOP = ANALYSIS_RATE // 100


@dataclass(frozen=True, eq=False)
class Spectrum:
    """A recording as band powers."""

    power: FloatArray
    """``(frames, bands)``: mean squares, one frame each 10 ms, centred on it."""

    @classmethod
    def of(cls, samples: FloatArray) -> Spectrum:
        """The spectrum of ``(n,)`` samples at ``ANALYSIS_RATE``; ``ceil(n / 160)`` frames."""
        logmel = LogMel(ANALYSIS_RATE)
        frames = -(-len(samples) // _HOP)
        before = (logmel.frame - _HOP) // 2
        whole = np.zeros((frames - 1) * _HOP + logmel.frame, np.float32)
        whole[before : before + len(samples)] = samples
        return cls(logmel.power(whole))

    def level_db(self, start: int = 0, end: int | None = None) -> float:
        """Level of the loudest 50 ms of the frames ``start:end``, dBFS."""
        return float(_db(self.loudest(start, end).sum()))

    def loudest(self, start: int = 0, end: int | None = None) -> FloatArray:
        """Band powers of those 50 ms, ``(bands,)``."""
        part = self.power[start:end]
        span = min(len(part), round(LOUD_SECONDS * ANALYSIS_RATE / _HOP))
        sums = np.cumsum(np.concatenate([np.zeros((1, part.shape[1])), part]), axis=0)
        means = (sums[span:] - sums[:-span]) / span
        return np.asarray(means[means.sum(axis=1).argmax()], dtype=np.float32)


def find_takes(clip: AudioClip, segmenter: SegmenterConfig | None = None) -> list[Take]:
    """The sounds in a recording, in order, each with some of the room around it.

    Sounds closer together than the segmenter's hangover are one. A recording without
    anything before or after the sound is the sound.

    Raises:
        TakeRejected: there is no sound in it.
        RecordingTooLong: it is too long to be searched.
    """
    if clip.seconds > LONGEST_RECORDING_SECONDS:
        raise RecordingTooLong(clip.seconds, LONGEST_RECORDING_SECONDS)
    if clip.rate > HIGHEST_RATE:
        clip = AudioClip(resample(clip.samples, clip.rate, HIGHEST_RATE), HIGHEST_RATE)
    samples = resample(clip.samples, clip.rate, ANALYSIS_RATE)
    if not len(samples):
        samples = np.zeros(1, np.float32)
    spectrum = Spectrum.of(samples)
    gap = round((segmenter or SegmenterConfig()).hangover_seconds * ANALYSIS_RATE / _HOP)
    open_ = gate_decisions(samples)
    spans = _near_peak(spectrum, _runs(open_), gap)
    background = _background(spectrum, spans)
    spans = [s for s in spans if _stands_out(spectrum, s, background)]
    if spans:
        loudest = max(spectrum.level_db(*span) for span in spans)
        spans = [s for s in spans if spectrum.level_db(*s) >= loudest - QUIETER_DB]
        return [_cut(clip, spectrum, i, spans, background) for i in range(len(spans))]
    level = spectrum.level_db()
    if level < STEADY_DB or clip.seconds > STEADY_SECONDS:
        raise TakeRejected(
            f"no sound stands out from the background, which is at {level:.0f} dBFS; "
            "record it again louder or closer to the microphone"
            if level > QUIETEST_DB
            else f"the recording is silent ({level:.0f} dBFS); check the microphone"
        )
    return [Take(clip.samples, clip.rate, 0, len(clip.samples), level, level - QUIETEST_DB)]


def gate_decisions(samples: FloatArray) -> NDArray[np.bool_]:
    """The gate's word on each 10 ms of ``(n,)`` samples at ``ANALYSIS_RATE``.

    The gate begins with the floor of the whole recording, which may start in the middle of
    the sound.
    """
    gate = BandGate(ANALYSIS_RATE)
    gate.prime(samples)
    starts = range(0, len(samples), _HOP)
    return np.array(
        [gate(AudioFrame(samples[i : i + _HOP], i, ANALYSIS_RATE)) for i in starts], dtype=np.bool_
    )


Span = tuple[int, int]
"""First frame and the one just past the last."""


def _near_peak(spectrum: Spectrum, spans: list[Span], gap: int) -> list[Span]:
    """The parts of each span near to its peak; what is less than ``gap`` apart is one."""
    level = _db(spectrum.power.sum(axis=1))
    near = [
        (start + a, start + b)
        for start, end in _joined(spans, gap)
        for a, b in _runs(level[start:end] > level[start:end].max() - BELOW_PEAK_DB)
    ]
    return _joined(near, gap)


def _background(spectrum: Spectrum, spans: list[Span]) -> FloatArray:
    """Median power of each band between the sounds, or of the quietest tenth if they fill all."""
    outside = np.ones(len(spectrum.power), np.bool_)
    for start, end in spans:
        outside[start:end] = False
    if np.count_nonzero(outside) * _HOP >= LOUD_SECONDS * ANALYSIS_RATE:
        return np.asarray(np.median(spectrum.power[outside], axis=0))
    return np.asarray(np.percentile(spectrum.power, 10, axis=0), dtype=np.float32)


def _stands_out(spectrum: Spectrum, span: Span, background: FloatArray) -> bool:
    return bool(np.any(_db(spectrum.loudest(*span)) > _db(background) + STANDS_OUT_DB))


def _snr_db(sound: FloatArray, background: FloatArray) -> float:
    """Level of a sound over the background in the bands that are the sound's own."""
    own = _db(sound) > _db(background) + OWN_BANDS_DB
    own = own if own.any() else np.ones_like(own)
    return float(_db(sound[own].sum()) - max(QUIETEST_DB, float(_db(background[own].sum()))))


def _cut(
    clip: AudioClip, spectrum: Spectrum, index: int, spans: list[Span], background: FloatArray
) -> Take:
    """The take of span ``index``, with margins that do not reach into its neighbours."""
    start, end = spans[index]
    earliest = spans[index - 1][1] if index else 0
    latest = spans[index + 1][0] if index + 1 < len(spans) else len(spectrum.power)
    margin = round(MARGIN_SECONDS * ANALYSIS_RATE / _HOP)
    first, last = max(earliest, start - margin), min(latest, end + margin)
    low, from_, to, high = (
        min(len(clip.samples), round(frame * _HOP * clip.rate / ANALYSIS_RATE))
        for frame in (first, start, end, last)
    )
    return Take(
        samples=clip.samples[low:high],
        rate=clip.rate,
        start=from_ - low,
        end=to - low,
        level_db=spectrum.level_db(start, end),
        snr_db=_snr_db(spectrum.loudest(start, end), background),
    )


def _runs(active: NDArray[np.bool_]) -> list[Span]:
    edges = np.flatnonzero(np.diff(np.pad(active.astype(np.int8), 1)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _joined(spans: list[Span], gap: int) -> list[Span]:
    joined: list[Span] = []
    for start, end in spans:
        if joined and start - joined[-1][1] < gap:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _db(power: NDArray[np.floating] | np.floating) -> FloatArray:
    return np.asarray(10.0 * np.log10(np.maximum(power, 1e-12)), dtype=np.float32)
