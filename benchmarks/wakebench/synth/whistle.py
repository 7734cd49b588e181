"""A person's whistle: nearly a sine, with breath around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wakebench.synth.noise import band, shaped, wander
from wakebench.synth.samples import RATE, Signal, count, gain, peak, times
from wakebench.synth.tones import edges, glide, tone


@dataclass(frozen=True)
class Whistle:
    """One person whistling one figure."""

    contour: tuple[tuple[float, float], ...]
    """Knots of the melody: (time in seconds, semitones above ``base_hz``)."""
    breaths: tuple[float, ...]
    """Times in seconds where a new note is tongued: the tone dips."""
    base_hz: float
    """Pitch that the contour counts from."""
    vibrato_hz: float
    """Speed of the vibrato."""
    vibrato_semitones: float
    """Depth of the vibrato."""
    breath_db: float
    """Level of the breath under the tone."""
    second_db: float
    """Level of the second harmonic under the first; the third lies 8 dB lower still."""
    steadiness: float
    """How much repeats differ: 0 is a machine, 1 an ordinary person."""

    def sound(self, rng: np.random.Generator) -> Signal:
        """Whistle it once."""
        hz, stretch = self._pitch(rng)
        n = len(hz)
        before, after = count(rng.uniform(0.02, 0.06)), count(rng.uniform(0.02, 0.05))
        loud = self._loudness(n, stretch, rng)
        phase = rng.uniform(0, 2 * np.pi)
        voice = tone(hz, phase)
        # Turbulence at the lips is noise in a narrow band that moves with the tone.
        narrow = voice * shaped(n, rng, band(0.5, 180.0))
        rich = gain(self.second_db) * tone(2 * hz, 2 * phase)
        rich += gain(self.second_db - 8) * tone(3 * hz, rng.uniform(0, 6)) * (hz < 2_500)
        played = loud * (voice + loud * rich + gain(self.breath_db + 6) * narrow)
        made = np.zeros(before + n + after)
        made[before : before + n] = played
        hiss = shaped(len(made), rng, band(900.0, 5_500.0, 1)) * gain(self.breath_db - 8)
        around = np.interp(np.arange(len(made)), np.arange(n) + before, loud)
        return made + hiss * (0.35 + 0.65 * around) * edges(len(made), 0.03, 0.04)

    def _pitch(self, rng: np.random.Generator) -> tuple[Signal, float]:
        """The frequency curve of a repeat and how much slower than usual it is."""
        stretch = float(np.exp(rng.normal(0, 0.06 * self.steadiness)))
        at = np.array([t for t, _ in self.contour]) * stretch
        inner = rng.normal(0, 0.008 * self.steadiness, size=len(at))
        inner[[0, -1]] = 0.0
        at = np.maximum.accumulate(np.clip(at + inner, 0.0, at[-1]))
        semitones = np.array([s for _, s in self.contour])
        semitones = semitones + rng.normal(0, 0.4 * self.steadiness)
        semitones = semitones + rng.normal(0, 0.2 * self.steadiness, size=len(at))
        n = count(float(at[-1]))
        curve = glide(list(at), list(semitones), n)
        speed = self.vibrato_hz * (1 + 0.1 * wander(n, rng, 2.0))
        deep = self.vibrato_semitones * np.clip(times(n) / 0.25, 0, 1)
        curve += deep * tone(speed, rng.uniform(0, 6)) + 0.06 * wander(n, rng, 18.0)
        return np.clip(self.base_hz * 2 ** (curve / 12), 300.0, RATE / 2 - 500), stretch

    def _loudness(self, n: int, stretch: float, rng: np.random.Generator) -> Signal:
        """``(n,)``: swells, falls and tongued dips, 1 at the loudest."""
        loud = edges(n, rng.uniform(0.03, 0.07), rng.uniform(0.04, 0.09))
        loud *= 10 ** (1.3 * wander(n, rng, 7.0) / 20)
        for breath in self.breaths:
            away = (times(n) - breath * stretch) / 0.022
            loud *= 1 - 0.93 * np.exp(-(away**2))
        return loud / peak(loud)


def _person(
    rng: np.random.Generator,
    contour: list[tuple[float, float]],
    breaths: tuple[float, ...] = (),
    base_hz: float | None = None,
) -> Whistle:
    return Whistle(
        contour=tuple(contour),
        breaths=breaths,
        base_hz=base_hz or float(rng.uniform(950, 1_450)),
        vibrato_hz=float(rng.uniform(4.5, 6.5)),
        vibrato_semitones=float(rng.uniform(0.05, 0.25)),
        breath_db=float(rng.uniform(-27, -19)),
        second_db=float(rng.uniform(-34, -24)),
        steadiness=float(rng.uniform(0.7, 1.2)),
    )


def rising(rng: np.random.Generator) -> Whistle:
    """A whistle that is drawn upwards by about an octave."""
    seconds, rise = rng.uniform(0.45, 0.75), rng.uniform(9, 14)
    scoop, bend = rng.uniform(-1.5, 0.5), rng.uniform(0.35, 0.6)
    contour = [(0.0, 0.0), (0.2 * seconds, scoop), (0.62 * seconds, bend * rise), (seconds, rise)]
    return _person(rng, contour)


def falling(rng: np.random.Generator) -> Whistle:
    """A whistle that sinks by about an octave."""
    seconds, fall = rng.uniform(0.5, 0.8), rng.uniform(9, 14)
    hold, bend = rng.uniform(-0.3, 0.8), rng.uniform(0.4, 0.65)
    contour = [(0.0, 0.0), (0.25 * seconds, hold), (0.65 * seconds, -bend * fall), (seconds, -fall)]
    return _person(rng, contour, base_hz=float(rng.uniform(1_900, 2_700)))


def tune(rng: np.random.Generator) -> Whistle:
    """Three to five notes of a scale."""
    scale = np.array([0, 2, 4, 5, 7, 9, 11, 12])
    contour: list[tuple[float, float]] = []
    breaths: list[float] = []
    now, degree = 0.0, int(rng.integers(0, len(scale)))
    for note in range(int(rng.integers(3, 6))):
        long = float(rng.choice([0.14, 0.2, 0.28]))
        if note:
            step = int(rng.choice([-4, -3, -2, -1, 1, 2, 3, 4]))
            degree = int(np.clip(degree + step, 0, 7)) if 0 <= degree + step <= 7 else degree - step
            degree = int(np.clip(degree, 0, 7))
            if rng.random() < 0.5:
                breaths.append(now + 0.02)
        contour += [(now + 0.04 * (note > 0), float(scale[degree])), (now + long, scale[degree])]
        now += long
    return _person(rng, contour, tuple(breaths), base_hz=float(rng.uniform(900, 1_300)))
