"""Order inside a sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.engine import Engine
from wakeword.library.enrolled import EnrolledSounds
from wakeword.library.recordings import Take
from wakeword.patterns.order import (
    SoundOrder,
    band_levels,
    distance,
    heard_part,
    room_levels,
    spectra,
    take_spectra,
)
from wakeword.scoring.scorer import Enrolled, make_scorer
from wakeword.scoring.veto import Veto
from wakeword.testing import (
    RATE,
    ScriptedGate,
    ToneEncoder,
    burst,
    frames,
    make_library,
    noise,
    placed,
    tone,
)

LOW, HIGH = tone(900, 0.25), tone(1500, 0.25)
UP, DOWN = np.concatenate([LOW, HIGH]), np.concatenate([HIGH, LOW])


def order(*sounds: FloatArray) -> SoundOrder:
    """That of takes of these sounds in a quiet room."""
    takes = [recorded(sound, seed) for seed, sound in enumerate(sounds)]
    return SoundOrder(lambda: takes, RATE)


def recorded(sound: FloatArray, seed: int = 0) -> Take:
    """A take of the sound in a quiet room."""
    samples = placed(noise(len(sound) / RATE + 0.6, seed=seed), (0.3, sound))
    return Take(samples, RATE, round(0.3 * RATE), round(0.3 * RATE) + len(sound))


def heard(sound: FloatArray, level_db: float = -60.0) -> FloatArray:
    """The sound in a room of that level."""
    return placed(noise(len(sound) / RATE + 0.5, level_db=level_db, seed=9), (0.25, sound))


def refusal(of: SoundOrder, samples: FloatArray) -> str:
    """Why this is not the sound; empty when it is."""
    levels = band_levels(samples, RATE)
    return of.refuses(levels, room_levels(levels))


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
    assert refusal(up, heard(UP, level_db)) == ""
    assert "order" in refusal(up, heard(DOWN, level_db))


def test_its_beginning_is_enough_when_it_is_clear() -> None:
    """The first note alone decides: nobody waits for the second."""
    up = order(UP, UP)
    assert refusal(up, heard(LOW)[: -RATE // 4]) == ""
    assert "order" in refusal(up, heard(HIGH)[: -RATE // 4])


def test_what_is_the_same_backwards_has_no_order() -> None:
    """A steady tone, a clap and up-down-up are never refused."""
    palindrome = np.concatenate([LOW, HIGH, LOW])
    claps = [burst(0.5, seed=seed) for seed in range(3)]
    for takes in ([tone(1000, 0.6)] * 2, [palindrome] * 2, claps):
        assert not order(*takes).ordered
    assert refusal(order(*claps), heard(UP)) == ""


def test_a_long_note_is_not_taken_for_the_room() -> None:
    """A note that fills most of a take is heard to its end."""
    long = tone(900, 2.0)
    take = Take(placed(noise(2.6), (0.3, long)), RATE, round(0.3 * RATE), round(2.3 * RATE))
    assert len(take_spectra(take, RATE)) == pytest.approx(100, abs=3)


def test_a_click_does_not_hide_the_tone_behind_it() -> None:
    """What is heard goes by its level, not by how many bands it fills."""
    clicked = np.concatenate([2.0 * burst(0.03), tone(900, 0.5)])
    assert (rows(clicked).any(axis=1)).sum() >= 24


def test_one_take_at_another_pitch_takes_no_order_away() -> None:
    """Of three whistles one is a semitone higher; it still is no palindrome."""
    higher = np.concatenate([tone(954, 0.25), tone(1590, 0.25)])
    assert order(UP, UP, higher).ordered


def test_a_recording_may_be_the_other_way_round() -> None:
    """A take of high-low is turned for low-high, its own takes are not, nor is anything to a
    clap."""
    up = order(UP, UP)
    turned, own = recorded(DOWN), recorded(UP)
    assert up.turns(turned)
    assert not up.turns(own)
    assert not order(burst(0.5)).turns(turned)


def test_a_sound_without_takes_has_no_order() -> None:
    """Recordings that cannot be read refuse nothing."""
    assert refusal(SoundOrder(list, RATE), heard(UP)) == ""


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


def test_what_is_refused_takes_nothing_over(tmp_path: Path) -> None:
    """A sound that the user said this is not does not wake in the place of its reversal."""
    encoder = ToneEncoder(window_seconds=1.0)
    library = make_library(tmp_path, {"up": UP, "down": DOWN}, encoder)
    orders = library.enrolled(encoder).orders
    vectors = library.vectors(encoder)
    alike = [Enrolled(name, vectors, 0.9) for name in ("up", "down")]
    stream = AudioFrame(placed(noise(4.0), (1.0, DOWN)), 0, RATE)

    def woken(vetoes: dict[str, Veto]) -> list[tuple[str, bool]]:
        scorer = make_scorer(alike, encoder, None, vetoes=vetoes)
        engine = Engine(EnrolledSounds(scorer, orders=orders), encoder)
        return [(event.sound, bool(event.take)) for event in engine.push(stream) + engine.flush()]

    assert woken({}) == [("down", True)]
    nearer_than_any_take = Veto(rejected=2 * np.concatenate(list(vectors.values())))
    assert woken({"down": nearer_than_any_take}) == []


@pytest.mark.parametrize(("later", "woken"), [(UP, 2), (DOWN, 1)])
def test_a_later_sound_of_the_segment_is_looked_at_anew(
    tmp_path: Path, later: FloatArray, woken: int
) -> None:
    """In a room where the gate stays open; what passed before passes for itself alone."""
    encoder = ToneEncoder(window_seconds=1.0)
    library = make_library(tmp_path, {"up": UP}, encoder)
    engine = Engine(library, encoder)
    engine._gate = ScriptedGate([True] * 80)
    stream = placed(noise(8.0), (1.0, UP), (4.0, later))
    events = engine.push(AudioFrame(stream, 0, RATE)) + engine.flush()
    assert [event.sound for event in events] == ["up"] * woken
    assert 1.0 < events[0].end_seconds < 2.0


def test_takes_are_read_once_and_ahead(tmp_path: Path) -> None:
    """Prepared, an order needs no recording any more when the sound is heard."""
    asked: list[int] = []
    take = recorded(UP)

    def read() -> list[Take]:
        asked.append(1)
        return [take]

    ahead = SoundOrder(read, RATE)
    assert not ahead.prepared
    ahead.prepare()
    assert ahead.prepared
    assert ahead.ordered
    assert refusal(ahead, heard(DOWN))
    ahead.prepare()
    assert len(asked) == 1
