"""Everyday wake sounds and backgrounds, made from nothing but numbers.

Each source of a sound has parameters of its own, drawn once; each take of it varies around
them as a person's or a device's repeats do. All randomness comes from the generator that
is passed in: one seed, one sound.

    rng = np.random.default_rng(1)
    me = make_source("whistle_rising", rng)
    first, second = me.take(rng), me.take(rng)
    kitchen = background("fan", 60.0, rng)
    heard = make_room(rng, rt60_seconds=0.5).hear(first)
"""

from __future__ import annotations

from wakebench.synth.backgrounds import BACKGROUNDS, background
from wakebench.synth.kinds import KINDS, make_source
from wakebench.synth.level import heard_span, loudest_db, power_db
from wakebench.synth.room import Room, make_room
from wakebench.synth.samples import RATE
from wakebench.synth.source import SoundSource

__all__ = [
    "BACKGROUNDS",
    "KINDS",
    "RATE",
    "Room",
    "SoundSource",
    "background",
    "heard_span",
    "loudest_db",
    "make_room",
    "make_source",
    "power_db",
]
