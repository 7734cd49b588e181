"""From a take to embeddings."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.audio.frames import level_db
from wakeword.audio.segmenter import SegmenterConfig
from wakeword.embedding.variants import (
    NOISE_SNRS_DB,
    ROOMS,
    clear_rows,
    embed_take,
    in_noise,
    in_room,
    noisiest_rows,
    quiet_rows,
    take_windows,
)
from wakeword.engine import Engine
from wakeword.library.recordings import Take
from wakeword.scoring.scorer import Owner, Scorer
from wakeword.testing import RATE, ToneEncoder, frames, noise, placed, tone

CONFIG = SegmenterConfig()
RAMP = (np.arange(2 * RATE) / np.float32(4 * RATE)).astype(np.float32)


def take(start: float, end: float, samples: np.ndarray = RAMP, rate: int = RATE) -> Take:
    """A take whose samples tell where they are."""
    return Take(samples, rate, round(start * rate), round(end * rate))


def where(window: np.ndarray) -> tuple[float, float]:
    """Start and end of a window of the ramp, in seconds."""
    return round(window[0] * 4, 3), round(window[-1] * 4 + 1 / RATE, 3)


def test_a_short_sound_is_heard_in_the_windows_that_end_with_it():
    """From the pre-roll to its end and two hops on."""
    windows = take_windows(take(0.6, 0.9), RATE, 1.0, CONFIG)
    assert [where(w) for w in windows] == [(0.4, 0.9), (0.4, 1.0), (0.4, 1.1)]


def test_a_long_sound_is_heard_in_all_windows_inside_it():
    """At the hop of the engine, none longer than the encoder's window."""
    windows = take_windows(take(0.5, 1.3), RATE, 0.5, CONFIG)
    spans = [where(w) for w in windows]
    assert spans[0] == (0.3, 0.8)
    assert spans[-1] == (1.0, 1.5)
    assert len(spans) == 8


def test_a_tight_crop_is_followed_by_silence():
    """Where the recording ends with the sound, the engine would hear nothing more."""
    windows = take_windows(take(0.0, 0.3, RAMP[: round(0.3 * RATE)] + 0.5), RATE, 1.0, CONFIG)
    assert [len(w) for w in windows] == [4800, 6400, 8000]
    assert not windows[2][4800:].any()


def test_takes_of_any_rate_have_the_same_windows():
    """Times count, not samples."""
    high = take(0.6, 0.9, np.repeat(RAMP, 3), 48000)
    here = [len(w) for w in take_windows(high, RATE, 1.0, CONFIG)]
    assert here == [len(w) for w in take_windows(take(0.6, 0.9), RATE, 1.0, CONFIG)]


def test_the_engine_hears_what_was_enrolled():
    """Where the blocks fall together with the sound, a window of the take is the engine's."""
    samples = placed(noise(2.0, level_db=-70.0), (0.6, tone(800.0, 0.3)))
    encoder = ToneEncoder()
    vectors = embed_take(take(0.6, 0.9, samples), encoder, CONFIG)
    scores: list[float] = []
    scorer = Scorer(vectors, [Owner("x", "y")] * len(vectors), {"x": 0.5})
    engine = Engine(
        scorer, encoder, observer=lambda _, match: scores.append(match.score if match else -1.0)
    )
    for frame in frames(samples, 1600):
        engine.push(frame)
    assert max(scores) == pytest.approx(1.0, abs=1e-6)


def test_noise_lies_below_the_loudest_moment():
    """The noise is as far below the loudest 50 ms as was asked for, and always the same."""
    samples = placed(np.zeros(RATE, np.float32), (0.6, tone(800.0, 0.3)))
    quiet = take(0.6, 0.9, samples)
    noisy = in_noise(quiet, 10.0)
    added = noisy.samples - quiet.samples
    loudest = level_db(samples[round(0.7 * RATE) : round(0.75 * RATE)])
    assert level_db(added) == pytest.approx(loudest - 10.0, abs=0.3)
    assert np.array_equal(in_noise(quiet, 10.0).samples, noisy.samples)


def test_a_take_is_embedded_as_it_is_in_rooms_and_in_noise():
    """As many windows again for each room and noise, the take as it is first."""
    samples = placed(noise(2.0, level_db=-70.0), (0.6, tone(800.0, 0.3)))
    heard, encoder = take(0.6, 0.9, samples), ToneEncoder()
    vectors = embed_take(heard, encoder, CONFIG)
    windows = take_windows(heard, RATE, encoder.window_seconds, CONFIG)
    assert len(vectors) == len(windows) * (1 + len(ROOMS) + len(NOISE_SNRS_DB))
    assert np.array_equal(quiet_rows(vectors), encoder.embed(windows))
    roomy = take_windows(in_room(heard, ROOMS[0]), RATE, encoder.window_seconds, CONFIG)
    clear = clear_rows(vectors)
    assert len(clear) == len(windows) * (1 + len(ROOMS))
    assert np.array_equal(clear[len(windows) : 2 * len(windows)], encoder.embed(roomy))
    loud = in_noise(heard, NOISE_SNRS_DB[-1])
    noisy = take_windows(loud, RATE, encoder.window_seconds, CONFIG)
    assert np.array_equal(noisiest_rows(vectors), encoder.embed(noisy))
