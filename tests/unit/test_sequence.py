"""Order inside a sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wakeword.audio import FloatArray
from wakeword.engine import Engine
from wakeword.sequence import SoundOrder, distance, heard_part, spectra
from wakeword.takes import Take
from wakeword.testing import RATE, ToneEncoder, burst, frames, make_library, noise, placed, tone

LOW, HIGH = tone(900, 0.25), tone(1500, 0.25)
UP, DOWN = np.concatenate([LOW, HIGH]), np.concatenate([HIGH, LOW])


def order(*sounds: FloatArray) -> SoundOrder:
    """That of takes of these sounds in a quiet room."""
    takes = []
    for seed, sound in enumerate(sounds):
        samples = placed(noise(len(sound) / RATE + 0.6, seed=seed), (0.3, sound))
        takes.append(Take(samples, RATE, round(0.3 * RATE), round(0.3 * RATE) + len(sound)))
    return SoundOrder(lambda: takes, RATE)


def heard(sound: FloatArray, level_db: float = -60.0) -> FloatArray:
    """The sound in a room of that level."""
    return placed(noise(len(sound) / RATE + 0.5, level_db=level_db, seed=9), (0.25, sound))


def rows(sound: FloatArray) -> FloatArray:
    """What is heard of it."""
    return heard_part(spectra(heard(sound), RATE))


def test_distance_is_small_for_the_same_and_large_for_another() -> None:
    """A figure is near to itself, also when faster, and far from another."""
    faster = np.concatenate([LOW[: RATE // 6], HIGH[: RATE // 6]])
    assert distance(rows(UP), rows(UP)) < 0.03
    assert distance(rows(faster), rows(UP)) < 0.2
    assert distance(rows(DOWN), rows(UP)) > 0.2
    assert distance(rows(UP)[:0], rows(UP)) == 1.0


@pytest.mark.parametrize("level_db", [-60.0, -32.0])
def test_the_other_way_round_is_refused(level_db: float) -> None:
    """High-low is not low-high, in quiet and in noise; low-high is."""
    up = order(UP, UP)
    assert up.ordered
    assert up.refuses(heard(UP, level_db)) == ""
    assert "order" in up.refuses(heard(DOWN, level_db))


def test_its_beginning_is_enough_when_it_is_clear() -> None:
    """The first note alone decides: nobody waits for the second."""
    up = order(UP, UP)
    assert up.refuses(heard(LOW)[: -RATE // 4]) == ""
    assert "order" in up.refuses(heard(HIGH)[: -RATE // 4])


def test_what_is_the_same_backwards_has_no_order() -> None:
    """A steady tone, a clap and up-down-up are never refused."""
    palindrome = np.concatenate([LOW, HIGH, LOW])
    claps = [burst(0.5, seed=seed) for seed in range(3)]
    for takes in ([tone(1000, 0.6)] * 2, [palindrome] * 2, claps):
        assert not order(*takes).ordered
    assert order(*claps).refuses(heard(UP)) == ""


def test_a_sound_without_takes_has_no_order() -> None:
    """Recordings that cannot be read refuse nothing."""
    assert SoundOrder(list, RATE).refuses(heard(UP)) == ""


def test_the_engine_tells_up_from_down(tmp_path: Path) -> None:
    """Two sounds whose embeddings are alike: each wakes its own name and never the other."""
    encoder = ToneEncoder(window_seconds=1.0)
    library = make_library(tmp_path, {"up": UP, "down": DOWN}, encoder)
    stream = placed(noise(13.0), *((1.0 + 3 * i, s) for i, s in enumerate((UP, DOWN, DOWN, UP))))
    engine = Engine(library, encoder)
    events = [event for frame in frames(stream, 1600) for event in engine.push(frame)]
    assert [event.sound for event in events] == ["up", "down", "down", "up"]


def test_a_refusal_says_why(tmp_path: Path) -> None:
    """Alone in the library, the sound that is turned round does not wake, and it is told why."""
    encoder = ToneEncoder(window_seconds=1.0)
    library = make_library(tmp_path, {"up": UP}, encoder)
    reasons: set[str] = set()
    engine = Engine(
        library, encoder, observer=lambda _, match: reasons.add(match.refused if match else "")
    )
    stream = placed(noise(4.0), (1.0, DOWN))
    assert [event for frame in frames(stream, 1600) for event in engine.push(frame)] == []
    assert "the order inside it is another" in reasons
