"""A simulated room."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.audio.simulation import GAP_SECONDS, KEPT_SECONDS, Room

RATE = 16_000


def impulse(room: Room) -> np.ndarray:
    """What becomes of a click, long enough for the whole tail."""
    click = np.zeros(RATE, np.float32)
    click[0] = 1.0
    return room.hear(click, RATE).astype(np.float64)


@pytest.mark.parametrize("direct_db", [6.0, 0.0, -3.0])
def test_the_tail_is_as_loud_as_said(direct_db):
    """The direct sound stays as it is; the tail's energy is that many dB below it."""
    heard = impulse(Room(0.3, direct_db))
    assert heard[0] == pytest.approx(1.0, abs=1e-4)
    assert np.allclose(heard[1 : round(GAP_SECONDS * RATE)], 0.0, atol=1e-6)
    assert -10 * np.log10(np.sum(np.square(heard[1:]))) == pytest.approx(direct_db, abs=0.1)


def test_the_tail_falls_by_sixty_db_in_its_time():
    """Of two stretches a third of that time apart, the later one is 20 dB weaker."""
    tail = np.square(impulse(Room(0.6, 0.0)))
    early, late = tail[800:3200].mean(), tail[800 + 3200 : 3200 + 3200].mean()
    assert 10 * np.log10(early / late) == pytest.approx(20.0, abs=1.0)


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_it_is_always_the_same_room(count):
    """Two hearings are equal; the tail is kept as long as windows may reach into it."""
    samples = np.random.default_rng(1).standard_normal(count).astype(np.float32)
    heard = Room(0.25, 0.0).hear(samples, RATE)
    assert heard.dtype == np.float32
    assert len(heard) == count + round(KEPT_SECONDS * RATE)
    assert np.array_equal(heard, Room(0.25, 0.0).hear(samples, RATE))
