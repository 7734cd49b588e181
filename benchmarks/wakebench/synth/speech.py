"""Speech-like sound: a glottal pulse and breath through moving formants.

Nobody says anything; the syllables are random. What counts is that rhythm, pitch,
spectrum and pauses are those of people talking.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wakebench.synth.noise import wander
from wakebench.synth.samples import RATE, Signal, add, count, gain, rms

HOP = 80
"""Articulation moves in steps of 5 ms."""
_FRAME = 400
_SIZE = 512

_VOWELS = np.array(
    [
        (730, 1090, 2440, 3400),
        (530, 1840, 2480, 3500),
        (270, 2290, 3010, 3600),
        (570, 840, 2410, 3300),
        (300, 870, 2240, 3300),
        (500, 1500, 2500, 3500),
        (660, 1720, 2410, 3450),
    ],
    dtype=float,
)
"""Formants in Hz of a man's a, e, i, o, u, the neutral vowel and a broad a."""

_CONSONANTS = ("none", "stop", "voiced_stop", "hiss", "hush", "puff", "nasal", "glide")


@dataclass(frozen=True)
class Talker:
    """One voice."""

    pitch_hz: float
    """Usual pitch."""
    scale: float
    """Formants relative to a man's: about 1.17 for a woman, 1.3 for a child."""
    syllable_seconds: float
    """Usual length of a syllable."""
    breath: float
    """Share of breath in the voice."""
    tilt_db: float
    """Fall of the voice's spectrum in dB an octave, beyond what the throat does."""


@dataclass
class _Score:
    """What the mouth does, step by step; each ``(steps,)``, formants ``(steps, 4)``."""

    pitch_hz: Signal
    voice: Signal
    noise: Signal
    noise_hz: Signal
    noise_width: Signal
    formants: Signal


def draw_talker(rng: np.random.Generator) -> Talker:
    """A man or a woman, now and then a child."""
    pitch, scale = [(112.0, 1.0), (205.0, 1.17), (265.0, 1.3)][
        int(rng.choice(3, p=[0.45, 0.42, 0.13]))
    ]
    return Talker(
        pitch_hz=float(pitch * np.exp(rng.normal(0, 0.12))),
        scale=float(scale * np.exp(rng.normal(0, 0.04))),
        syllable_seconds=float(rng.uniform(0.16, 0.24)),
        breath=float(rng.uniform(0.02, 0.08)),
        tilt_db=float(rng.uniform(-11.5, -8.5)),
    )


def speech(n: int, rng: np.random.Generator) -> Signal:
    """``(n,)``: one person talking, with pauses."""
    return _talk(n, draw_talker(rng), rng, pause_seconds=0.55)


def babble(n: int, rng: np.random.Generator) -> Signal:
    """``(n,)``: five people talking at once, some nearer than others."""
    made = np.zeros(n)
    for _ in range(5):
        made += _talk(n, draw_talker(rng), rng, 0.3) * gain(rng.normal(0, 3))
    return made


def _talk(n: int, talker: Talker, rng: np.random.Generator, pause_seconds: float) -> Signal:
    made = np.zeros(n)
    at = -count(rng.uniform(0, 1.5))
    while at < n:
        phrase = say(talker, int(rng.integers(3, 15)), rng)
        add(made, phrase, at)
        at += len(phrase) + count(rng.exponential(pause_seconds) + 0.12)
    return made


def say(talker: Talker, syllables: int, rng: np.random.Generator) -> Signal:
    """One phrase of so many syllables; its voiced parts have an RMS of 1."""
    score = _write(talker, syllables, rng)
    n = len(score.voice) * HOP
    steps = np.arange(len(score.voice)) * HOP + HOP / 2
    at = np.arange(n)
    pitch = np.interp(at, steps, score.pitch_hz) * (1 + 0.008 * wander(n, rng, 40.0))
    pulses = _pulses(pitch)
    air = rng.normal(size=n)
    voiced = pulses + talker.breath * 6 * air * (0.5 + 0.5 * np.clip(pulses, 0, 2))
    voiced *= np.interp(at, steps, score.voice)
    hissed = air * np.interp(at, steps, score.noise)
    hz: Signal = np.fft.rfftfreq(_SIZE, 1 / RATE).astype(np.float64)
    throat = _throat(hz, score.formants) * _slope(hz, talker.tilt_db)
    centre, width = score.noise_hz[:, None], score.noise_width[:, None]
    mouth = np.exp(-(((hz - centre) / width) ** 2))
    vowels = _articulate(voiced, throat)
    vowels /= rms(vowels)
    return vowels + 0.4 * _articulate(hissed, mouth)


def _pulses(pitch_hz: Signal) -> Signal:
    """``(n,)``: a band-limited pulse each glottal cycle, RMS about 1."""
    phase = np.cumsum(pitch_hz) / RATE
    most = 2 * np.floor(0.5 * RATE / pitch_hz / 1.05) + 1
    fine = np.sin(np.pi * phase)
    fine = np.where(np.abs(fine) < 1e-4, 1e-4, fine)
    pulses: Signal = (np.sin(np.pi * most * phase) / fine - 1.0) / np.sqrt(most)
    return pulses


def _throat(hz: Signal, formants: Signal) -> Signal:
    """``(steps, bins)``: the gains of four resonances in a row."""
    made = np.ones((len(formants), len(hz)))
    for index, width in enumerate((70.0, 90.0, 130.0, 220.0)):
        centre = formants[:, index, None]
        made *= centre**2 / np.sqrt((centre**2 - hz**2) ** 2 + (width * hz) ** 2)
        # Four resonances stand for the many of a real throat: hold the level above them.
        made *= np.sqrt(1 + (hz / centre) ** 4) ** 0.68
    return made


def _slope(hz: Signal, db_per_octave: float) -> Signal:
    slope = 10 ** (db_per_octave * np.log2(np.maximum(hz, 100.0) / 100.0) / 20)
    return slope * (hz > 60) * np.sqrt(np.clip(hz / 150, 0, 1))


def _articulate(source: Signal, gains: Signal) -> Signal:
    """``(n,)``: ``source`` with the spectrum ``gains (steps, bins)`` of each moment."""
    n = len(source)
    window = np.sqrt(np.hanning(_FRAME + 1)[:-1])
    half = _FRAME // 2 - HOP // 2
    padded = np.pad(source, (half, half + _SIZE))
    frames: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)
    frames = frames[::HOP][: len(gains)] * window
    shaped = np.fft.irfft(np.fft.rfft(frames, _SIZE) * gains, _SIZE)[:, :_FRAME] * window
    made = np.zeros(len(padded))
    for step, frame in enumerate(shaped):
        made[step * HOP : step * HOP + _FRAME] += frame
    return made[half : half + n] * (2 * HOP / _FRAME)


def _write(talker: Talker, syllables: int, rng: np.random.Generator) -> _Score:
    """Choose consonants, vowels and a melody for a phrase."""
    rows: list[tuple[float, float, float, float]] = []
    formants: list[Signal] = []
    stress: list[float] = []
    for _ in range(syllables):
        accent = float(rng.choice([0.0, 0.0, 1.0]))
        vowel = _VOWELS[int(rng.integers(len(_VOWELS)))] * talker.scale
        consonant = str(rng.choice(_CONSONANTS))
        for voice, noise, hz, width, shape in _onset(consonant, vowel, rng):
            rows.append((voice, noise, hz, width))
            formants.append(shape)
            stress.append(accent)
        long = talker.syllable_seconds * (0.55 + 0.3 * accent) * np.exp(rng.normal(0, 0.25))
        loud = gain(rng.normal(-1, 1.5) + 2.5 * accent)
        for _ in range(max(6, int(long / 0.005))):
            rows.append((loud, 0.0, 4_000.0, 1_500.0))
            formants.append(vowel)
            stress.append(accent)
    table, shape = np.array(rows), np.array(formants)
    steps = len(table)
    fall = np.linspace(1.08, 0.82, steps) * 2 ** (2.2 * _smooth(np.array(stress), 25) / 12)
    pitch = talker.pitch_hz * fall * np.exp(0.03 * wander(steps * HOP, rng, 3.0)[::HOP])
    ends = np.clip(np.minimum(np.arange(steps), np.arange(steps)[::-1]) / 8, 0, 1)
    smooth = np.stack([_smooth(shape[:, i], 11) for i in range(4)], axis=1)
    return _Score(
        pitch_hz=pitch,
        voice=_smooth(table[:, 0], 5) * ends,
        noise=_smooth(table[:, 1], 3) * ends,
        noise_hz=table[:, 2],
        noise_width=table[:, 3],
        formants=smooth,
    )


def _onset(
    consonant: str, vowel: Signal, rng: np.random.Generator
) -> list[tuple[float, float, float, float, Signal]]:
    """Steps of a consonant: (voice, noise, noise centre, noise width, formants)."""
    steps = int(rng.integers(9, 18))
    place = np.array([300.0, rng.uniform(900, 2_000), 2_400.0, 3_400.0])
    burst_hz = float(rng.choice([900.0, 2_000.0, 4_200.0]))
    closed = (0.0, 0.0, burst_hz, 1_200.0, place)
    if consonant == "stop":
        release = (0.0, 1.6, burst_hz, 1_200.0, place)
        breath = (0.0, 0.25, 2_000.0, 1_800.0, vowel)
        return [closed] * steps + [release] * 2 + [breath] * int(rng.integers(3, 9))
    if consonant == "voiced_stop":
        bar = (0.12, 0.0, burst_hz, 1_200.0, place)
        return [bar] * steps + [(0.2, 0.9, burst_hz, 1_200.0, place)] * 2
    if consonant == "hiss":
        return [(0.0, 0.8, 6_000.0, 1_500.0, place)] * (steps + 5)
    if consonant == "hush":
        return [(0.0, 0.7, 3_200.0, 1_100.0, place)] * (steps + 4)
    if consonant == "puff":
        return [(0.0, 0.16, 2_500.0, 3_500.0, vowel)] * steps
    if consonant == "nasal":
        return [(0.4, 0.0, 2_000.0, 1_000.0, np.array([250.0, 1_150.0, 2_300.0, 3_300.0]))] * steps
    if consonant == "glide":
        return [(0.7, 0.0, 2_000.0, 1_000.0, place)] * steps
    return []


def _smooth(values: Signal, width: int) -> Signal:
    """A moving average that keeps the length and the ends."""
    padded = np.pad(values, width // 2, mode="edge")
    return np.convolve(padded, np.ones(width) / width, mode="valid")[: len(values)]
