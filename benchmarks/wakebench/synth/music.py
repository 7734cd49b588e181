"""A small band: chords, bass, a melody and drums, in a key and a tempo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wakebench.synth.noise import band, shaped
from wakebench.synth.samples import RATE, Signal, add, count, times
from wakebench.synth.tones import burst, edges, tone

_PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 0, 4), (1, 4, 0, 0))
_MAJOR = (0, 2, 4, 5, 7, 9, 11)


@dataclass(frozen=True)
class Song:
    """What a band agreed on."""

    tonic_hz: float
    """The key's lowest tonic."""
    beat_seconds: float
    """Length of a beat."""
    chords: tuple[int, ...]
    """Scale degree of each bar's chord."""
    drums: bool
    """Whether a drummer plays."""
    lead: tuple[float, ...]
    """Levels of the melody instrument's harmonics."""
    pluck_seconds: float
    """How fast the melody instrument dies away."""

    def degree(self, degree: int, octave: int = 0) -> float:
        """Frequency in Hz of a scale degree."""
        turns, step = divmod(degree, 7)
        return self.tonic_hz * 2 ** (octave + turns + _MAJOR[step] / 12)


def music(n: int, rng: np.random.Generator) -> Signal:
    """``(n,)``: a song, from anywhere inside it."""
    song = Song(
        tonic_hz=float(rng.uniform(52, 98)),
        beat_seconds=float(60 / rng.uniform(78, 132)),
        chords=_PROGRESSIONS[int(rng.integers(len(_PROGRESSIONS)))],
        drums=bool(rng.random() < 0.8),
        lead=tuple(np.exp(rng.normal(0, 0.6, 7)) * np.arange(1, 8) ** -rng.uniform(1.0, 1.8)),
        pluck_seconds=float(rng.uniform(0.15, 0.5)),
    )
    made = np.zeros(n)
    bar = 4 * song.beat_seconds
    now, index, step = -bar * rng.random(), 0, 7
    while now < n / RATE:
        chord = song.chords[index % len(song.chords)]
        at = round(now * RATE)
        add(made, _pad(song, chord, rng), at)
        _bass(made, at, song, chord, rng)
        step = _melody(made, at, song, chord, step, rng)
        if song.drums:
            _drums(made, at, song, rng)
        now, index = now + bar, index + 1
    return made


def _pad(song: Song, chord: int, rng: np.random.Generator) -> Signal:
    """A bar of soft strings: three notes, each a pair of mistuned, dull saw waves."""
    n = count(4.2 * song.beat_seconds)
    made = np.zeros(n)
    for third in (0, 2, 4):
        for detune in (0.997, 1.003):
            hz = song.degree(chord + third, 2) * detune
            for multiple in range(1, 8):
                if hz * multiple < 6_000:
                    loud = 1 / multiple / (1 + (hz * multiple / 1_400) ** 2)
                    made += loud * tone(np.full(n, hz * multiple), rng.uniform(0, 6))
    return 0.10 * made * edges(n, 0.25, 0.3)


def _bass(made: Signal, at: int, song: Song, chord: int, rng: np.random.Generator) -> None:
    """Four quarter notes, the root mostly."""
    for beat in range(4):
        n = count(song.beat_seconds * 0.9)
        hz = song.degree(chord + int(rng.choice([0, 0, 0, 4])), 0)
        note = sum(m**-1.3 * tone(np.full(n, hz * m)) for m in range(1, 6))
        shape = np.exp(-times(n) / 0.35) * edges(n, 0.008, 0.05)
        add(made, 0.42 * note * shape, at + round(beat * song.beat_seconds * RATE))


def _melody(
    made: Signal, at: int, song: Song, chord: int, step: int, rng: np.random.Generator
) -> int:
    """A bar of eighths with rests, wandering over the scale; gives the last note back."""
    for eighth in range(8):
        if rng.random() < 0.42:
            continue
        step = int(np.clip(step + rng.integers(-2, 3), 3, 15))
        if eighth in (0, 4):
            step = chord + 7 * round((step - chord) / 7) + int(rng.choice([0, 2, 4]))
        n = count(song.beat_seconds * 1.2)
        hz = song.degree(step, 2)
        made_note = np.zeros(n)
        for index, loud in enumerate(song.lead):
            multiple = index + 1
            if hz * multiple < 7_000:
                decay = np.exp(-times(n) / (song.pluck_seconds / multiple**0.5))
                made_note += loud * decay * tone(np.full(n, hz * multiple))
        loud = 0.22 * rng.uniform(0.6, 1)
        late = rng.normal(0, 0.006)
        add(
            made,
            loud * made_note * edges(n, 0.004, 0.05),
            at + round((eighth * song.beat_seconds / 2 + late) * RATE),
        )
    return step


def _drums(made: Signal, at: int, song: Song, rng: np.random.Generator) -> None:
    """Kick on one and three, snare on two and four, hats on the eighths."""
    for eighth in range(8):
        when = at + round((eighth * song.beat_seconds / 2 + rng.normal(0, 0.003)) * RATE)
        n = count(0.25)
        t = times(n)
        if eighth in (0, 4) or (eighth == 5 and rng.random() < 0.3):
            kick = tone(48 + 110 * np.exp(-t / 0.025)) * np.exp(-t / 0.09)
            add(made, 0.9 * kick, when)
        if eighth in (2, 6):
            skin = tone(175 + 60 * np.exp(-t / 0.01)) * np.exp(-t / 0.06)
            wires = shaped(n, rng, band(900.0, 6_500.0, 1)) * np.exp(-t / 0.07)
            add(made, 0.35 * skin + 0.22 * wires, when)
        hat = shaped(n, rng, band(5_500.0, 7_900.0, 3)) * np.exp(-t / rng.uniform(0.02, 0.05))
        add(made, rng.uniform(0.05, 0.12) * hat + 0.01 * burst(n, rng, 0.003), when)
