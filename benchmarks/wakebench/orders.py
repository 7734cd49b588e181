"""Up or down? Whistled figures and the same figures backwards, by the same person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from enroll.finder import find_takes
from enroll.session import Enrollment
from wakebench.beats import LEVEL_DB, PERIOD_SECONDS, QUIET_DB
from wakebench.identity import generator
from wakebench.mixing import at_level
from wakebench.synth import RATE, Room, SoundSource, background, loudest_db, make_room, power_db
from wakebench.synth.whistle import Whistle, rising, tune
from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.audio.reading import AudioClip
from wakeword.engine import Engine
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.protocols import Encoder

LEAST_SEMITONES = 2.0
"""A tune and its reversal differ by so much on average."""


def two_notes(rng: np.random.Generator) -> Whistle:
    """A low note, then a high one."""
    low, high = rng.uniform(0.2, 0.32), rng.uniform(0.2, 0.32)
    step, slide = rng.uniform(4, 8), rng.uniform(0.03, 0.07)
    knots = ((0.0, 0.0), (low, 0.0), (low + slide, step), (low + slide + high, step))
    person = rising(rng)
    return replace(person, contour=tuple((float(t), float(s)) for t, s in knots))


def backwards(figure: Whistle) -> Whistle:
    """The same figure from its end to its beginning."""
    end = figure.contour[-1][0]
    contour = tuple((end - t, s) for t, s in reversed(figure.contour))
    return replace(figure, contour=contour, breaths=tuple(end - b for b in figure.breaths))


def turning(rng: np.random.Generator) -> Whistle:
    """A tune that is another one backwards: some are nearly the same."""
    while True:
        figure = tune(rng)
        times, notes = np.array(figure.contour).T
        places = np.linspace(0.0, times[-1], 50)
        there = np.interp(places, times, notes)
        if np.mean(np.abs(there - there[::-1])) >= LEAST_SEMITONES:
            return figure


FIGURES = {"low-high": two_notes, "rising": rising, "tune": turning}
"""What is whistled; each is enrolled beside its reversal."""


@dataclass(frozen=True)
class OrderTally:
    """Whistles by what they woke."""

    right: int
    """The figure, once or again."""
    turned: int
    """Its reversal."""
    silent: int
    """Nothing."""

    @property
    def share(self) -> float:
        """Of those that were whistled, 0..1."""
        return self.right / max(1, self.right + self.turned + self.silent)


def measure(
    name: str,
    encoder: Encoder,
    folder: Path,
    snrs_db: Sequence[float | None],
    count: int,
    seed: int,
) -> list[OrderTally]:
    """Enroll a figure and its reversal from three takes each, hear both, by SNR."""
    rng = generator(seed, "order", name)
    figure = FIGURES[name](rng)
    room = make_room(rng, rt60_seconds=float(rng.uniform(0.2, 0.6)))
    sources = {
        "there": SoundSource("there", figure),
        "back": SoundSource("back", backwards(figure)),
    }
    library = SoundLibrary(folder)
    for sound, source in sources.items():
        enrollment = Enrollment(library, encoder, "mini", sound, force=True)
        for _ in range(3):
            enrollment.add(_take(room.hear(source.take(rng)), rng))
        enrollment.finish()
    return [_tally(sources, room, library, encoder, snr, count, rng) for snr in snrs_db]


def _take(sound: FloatArray, rng: np.random.Generator) -> Take:
    quiet = at_level(background("pink", len(sound) / RATE + 1.0, rng), power_db, QUIET_DB)
    quiet[RATE // 2 : RATE // 2 + len(sound)] += sound
    return find_takes(AudioClip(quiet, RATE))[0]


def _tally(
    sources: Mapping[str, SoundSource],
    room: Room,
    library: SoundLibrary,
    encoder: Encoder,
    snr_db: float | None,
    count: int,
    rng: np.random.Generator,
) -> OrderTally:
    period = round(PERIOD_SECONDS * RATE)
    stream = np.zeros(count * period + RATE, np.float32)
    names = [list(sources)[number % 2] for number in range(count)]
    for number, name in enumerate(names):
        sound, at = room.hear(sources[name].take(rng)), RATE + number * period
        stream[at : at + len(sound)] += sound[: len(stream) - at]
    stream = at_level(stream, loudest_db, LEVEL_DB)
    noise = background("pink", len(stream) / RATE, rng)[: len(stream)]
    level = QUIET_DB if snr_db is None else LEVEL_DB - snr_db
    stream = np.asarray(stream + at_level(noise, power_db, level), np.float32)
    engine = Engine(library, encoder)
    events = [*engine.push(AudioFrame(stream, 0, RATE)), *engine.flush()]
    outcomes = []
    for number, name in enumerate(names):
        at = RATE + number * period
        heard = {e.sound for e in events if at - RATE // 2 < e.end <= at - RATE // 2 + period}
        outcomes.append("silent" if not heard else "right" if heard == {name} else "turned")
    return OrderTally(*(outcomes.count(what) for what in ("right", "turned", "silent")))
