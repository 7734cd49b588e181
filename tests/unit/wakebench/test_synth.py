"""The synthesiser: seeded, varied, well-formed."""

from __future__ import annotations

import numpy as np
import pytest

from wakebench.synth import (
    BACKGROUNDS,
    KINDS,
    RATE,
    SoundSource,
    background,
    heard_span,
    loudest_db,
    make_room,
    make_source,
    power_db,
)
from wakebench.synth.backgrounds import LEVEL_DB


@pytest.mark.parametrize("kind", KINDS)
def test_takes_are_usable_audio(kind: str) -> None:
    """Every take of every kind is finite, mono float32, not clipped, neither tiny nor endless."""
    rng = np.random.default_rng(1)
    for _ in range(3):
        source = make_source(kind, rng)
        for _ in range(3):
            take = source.take(rng)
            assert take.dtype == np.float32
            assert take.ndim == 1
            assert np.isfinite(take).all()
            assert 0.05 < np.abs(take).max() <= 0.97
            assert 0.05 * RATE < len(take) < 4 * RATE


@pytest.mark.parametrize("kind", KINDS)
def test_one_seed_one_sound(kind: str) -> None:
    """The generator decides everything: same seed, same samples; next take, other samples."""
    first, again = (np.random.default_rng(5) for _ in range(2))
    one, two = make_source(kind, first), make_source(kind, again)
    assert one == two
    take = one.take(first)
    np.testing.assert_array_equal(take, two.take(again))
    other = one.take(first)
    assert len(other) != len(take) or np.abs(other - take).max() > 0.01


def _bands(samples: np.ndarray) -> np.ndarray:
    """How the levels of 24 bands lie, on average over the 20 loudest 16 ms frames."""
    padded = np.pad(samples.astype(float), (0, 512))
    frames = np.lib.stride_tricks.sliding_window_view(padded, 512)[::256] * np.hanning(512)
    power = np.abs(np.fft.rfft(frames)) ** 2
    loud = power[np.argsort(power.sum(1))[-20:]].mean(0)
    edges = np.unique(np.geomspace(2, 257, 25).astype(int))
    bands = np.log10(np.add.reduceat(loud, edges[:-1]) + 1e-7)
    return np.asarray(bands - bands.mean())


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_keeps_its_colour(kind: str) -> None:
    """Repeats of one source lie nearer together than different sources of the kind do."""
    rng = np.random.default_rng(7)
    takes = [[_bands(source.take(rng)) for _ in range(4)] for source in _several(kind, rng)]
    own = np.mean([np.linalg.norm(t[i] - t[j]) for t in takes for i in range(4) for j in range(i)])
    others = np.mean(
        [
            np.linalg.norm(a - b)
            for i, x in enumerate(takes)
            for y in takes[:i]
            for a in x
            for b in y
        ]
    )
    assert own < others


def _several(kind: str, rng: np.random.Generator) -> list[SoundSource]:
    return [make_source(kind, rng) for _ in range(5)]


def _pitch_hz(samples: np.ndarray) -> float:
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 8_192)) ** 2
    return float(np.argmax(power) * RATE / 8_192)


def test_whistles_rise_and_fall() -> None:
    """A rising whistle ends at least half an octave higher than it begins, a falling one lower."""
    rng = np.random.default_rng(3)
    for _ in range(5):
        up = make_source("whistle_rising", rng).take(rng)
        down = make_source("whistle_falling", rng).take(rng)
        tenth = len(up) // 10
        assert _pitch_hz(up[8 * tenth : 9 * tenth]) > 1.4 * _pitch_hz(up[tenth : 2 * tenth])
        tenth = len(down) // 10
        assert _pitch_hz(down[8 * tenth : 9 * tenth]) < _pitch_hz(down[tenth : 2 * tenth]) / 1.4


@pytest.mark.parametrize(
    ("kind", "strikes"),
    [("clap", 1), ("double_clap", 2), ("knock", 1), ("double_knock", 2), ("triple_knock", 3)],
)
def test_strikes_can_be_counted(kind: str, strikes: int) -> None:
    """A double knock has two onsets, a triple knock three."""
    rng = np.random.default_rng(4)
    for _ in range(5):
        take = make_source(kind, rng).take(rng)
        frame = RATE // 50
        power = np.square(np.pad(take, (frame, -len(take) % frame))).reshape(-1, frame).mean(1)
        db = 10 * np.log10(power + 1e-6)
        rises = (db[1:] > db.max() - 12) & (np.diff(db) > 6)
        assert np.sum(np.diff(np.r_[0, rises.astype(int)]) == 1) == strikes


def test_smoke_alarm_keeps_the_temporal_three_pattern() -> None:
    """Three half-second beeps, half a second apart."""
    rng = np.random.default_rng(2)
    take = make_source("smoke_alarm", rng).take(rng)
    for second in range(3):
        on = take[second * RATE + 800 : second * RATE + 7_200]
        assert power_db(on) > loudest_db(take) - 3
        if second < 2:
            assert power_db(take[second * RATE + 8_800 : second * RATE + 15_200]) < -60


@pytest.mark.parametrize("kind", BACKGROUNDS)
def test_backgrounds_are_usable_audio(kind: str) -> None:
    """Backgrounds have the asked length and the stated level, and one seed makes one of them."""
    made = background(kind, 6.0, np.random.default_rng(1))
    assert made.dtype == np.float32
    assert made.shape == (6 * RATE,)
    assert np.isfinite(made).all()
    assert np.abs(made).max() <= 0.97
    assert power_db(made) <= LEVEL_DB + 0.01
    if np.abs(made).max() < 0.96:
        assert power_db(made) == pytest.approx(LEVEL_DB, abs=0.01)
    np.testing.assert_array_equal(made, background(kind, 6.0, np.random.default_rng(1)))


def test_any_length_of_background_can_be_had() -> None:
    """From a few samples to odd lengths, each background is made."""
    for kind in BACKGROUNDS:
        for seconds in (0.01, 0.3333, 1.7):
            made = background(kind, seconds, np.random.default_rng(0))
            assert len(made) == round(seconds * RATE)
            assert np.isfinite(made).all()


def test_speech_has_pauses_and_babble_has_none() -> None:
    """One talker stops for breath; five hardly ever do at once."""
    quiet_share = {}
    for kind in ("speech", "babble"):
        made = background(kind, 30.0, np.random.default_rng(2))
        frames = made[: len(made) // 800 * 800].reshape(-1, 800)
        level = np.array([power_db(frame) for frame in frames])
        quiet_share[kind] = float(np.mean(level < LEVEL_DB - 30))
    assert quiet_share["speech"] > 0.1
    assert quiet_share["babble"] < 0.05


def test_unknown_names_are_told() -> None:
    """A name that does not exist is an error that lists those that do."""
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="whistle_rising"):
        make_source("yodel", rng)
    with pytest.raises(ValueError, match="babble"):
        background("opera", 1.0, rng)
    with pytest.raises(ValueError, match="length"):
        background("fan", 0.0, rng)


def test_room_decays_as_asked() -> None:
    """The tail falls by about 60 dB in the reverberation time (energy decay, 5 to 25 dB)."""
    for rt60 in (0.2, 0.5, 0.9):
        impulse = make_room(np.random.default_rng(3), rt60, distance_metres=3.0).impulse[1:]
        decay = np.cumsum(np.square(impulse)[::-1])[::-1]
        db = 10 * np.log10(decay / decay[0])
        start, stop = np.argmax(db < -5), np.argmax(db < -25)
        measured = 3 * (stop - start) / RATE
        assert measured == pytest.approx(rt60, rel=0.3)


def test_farther_away_means_more_room() -> None:
    """The direct sound is the first sample; distance raises what comes after it."""
    near, far = (make_room(np.random.default_rng(1), 0.4, 4.0, d).impulse for d in (0.3, 3.0))
    assert near[0] == far[0] == 1.0
    assert np.sum(far[1:] ** 2) > 5 * np.sum(near[1:] ** 2)
    heard = make_room(np.random.default_rng(1)).hear(np.ones(100, np.float32))
    assert heard.dtype == np.float32
    with pytest.raises(ValueError, match="positive"):
        make_room(np.random.default_rng(1), rt60_seconds=0.0)


def test_levels_by_hand() -> None:
    """Ten frames at 0.1 in a second of silence are -20 dB; the span is where they lie."""
    samples = np.zeros(RATE)
    samples[3_200:4_800] = 0.1
    assert loudest_db(samples) == pytest.approx(-20.0)
    assert power_db(samples) == pytest.approx(-30.0)
    assert heard_span(samples) == (3_200, 4_800)
    assert loudest_db(np.zeros(7)) == power_db(np.zeros(0)) == -120.0
