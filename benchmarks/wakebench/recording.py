"""Takes as a user would have recorded them for enrollment: with a quiet room around the sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from wakebench.identity import digest, generator
from wakebench.mixing import at_level, faded
from wakebench.stream import on_16_bits
from wakebench.synth import RATE, background, loudest_db, power_db
from wakeword.library.recordings import Take

ROOM_SECONDS = 0.5
"""Recorded before and after the sound, beyond what the clip itself has."""
LEVEL_DB, SPREAD_DB = -20.0, 3.0
"""Mean and deviation of the sound's loudest 100 ms, dBFS: people don't stand still."""
ROOM_DB = -70.0
"""Pink noise of the room, dBFS."""


def recorded(takes: Mapping[str, Sequence[Take]]) -> dict[str, list[Take]]:
    """Every take as a recording of its own."""
    return {name: [_record(take) for take in found] for name, found in takes.items()}


def _record(take: Take) -> Take:
    rng = generator(0, "recording", digest(take.samples.tobytes()))
    before = round(ROOM_SECONDS * RATE)
    room = at_level(background("pink", 1.0, rng), power_db, ROOM_DB)
    samples = np.resize(room, 2 * before + len(take.samples))
    sound = loudest_db(take.samples[take.start : take.end])
    factor = 10.0 ** ((float(rng.normal(LEVEL_DB, SPREAD_DB)) - sound) / 20.0)
    samples[before : before + len(take.samples)] += faded(take.samples * np.float32(factor))
    return Take(on_16_bits(samples), RATE, before + take.start, before + take.end)
