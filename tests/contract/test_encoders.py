"""What every encoder promises. Encoders are found by walking the package."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from tests.contract.recipes import make_encoder
from wakeword.audio.frames import FloatArray
from wakeword.errors import AudioFormatError
from wakeword.protocols import Encoder, plugin_names
from wakeword.testing import ToneEncoder, burst, noise, placed, silence, tone

NAMES = plugin_names("wakeword.encoders")


@pytest.fixture(scope="module", params=[*NAMES, "the test double"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """An encoder and a function that makes another one like it."""
    if request.param == "the test double":
        return ToneEncoder(), ToneEncoder
    folder: Path = tmp_path_factory.mktemp("checkpoint")
    return make_encoder(request.param, folder), lambda: make_encoder(request.param, folder)


@pytest.fixture
def encoder(made) -> Encoder:
    """One of each."""
    encoder: Encoder = made[0]
    return encoder


def windows(encoder: Encoder) -> list[FloatArray]:
    """Windows of many lengths and kinds, from one sample to the longest."""
    rate, longest = encoder.rate, round(encoder.window_seconds * encoder.rate)
    seconds = encoder.window_seconds
    full = [
        tone(440, seconds, rate),
        placed(noise(seconds, rate), (0.1, tone(2000, 0.1, rate)), rate=rate),
        burst(seconds, rate),
        silence(seconds, rate),
        np.full(longest, 0.5, np.float32),
        np.sign(noise(seconds, rate, seed=1)),
        np.full(longest, 1e-30, np.float32),
    ]
    short = [burst(seconds, rate)[:n] for n in (1, 2, 160, longest // 3, longest - 1)]
    return [*full, *short]


def test_it_fits_the_seam(encoder: Encoder) -> None:
    """It has the members of the protocol, with values that make sense."""
    assert isinstance(encoder, Encoder)
    assert encoder.id
    assert encoder.rate >= 8000
    assert encoder.dim > 0
    assert 0.1 <= encoder.window_seconds <= 60


def test_embeddings_have_the_right_form(encoder: Encoder) -> None:
    """(n, dim) float32, finite, each row of length 1, whatever the window; none for none."""
    batch = windows(encoder)
    vectors = encoder.embed(batch)
    assert vectors.shape == (len(batch), encoder.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert encoder.embed([]).shape == (0, encoder.dim)


def test_the_same_audio_gives_the_same_vector(made) -> None:
    """Bit for bit: again, alone or in a batch, in another order, in another instance."""
    encoder, again = made
    batch = windows(encoder)
    vectors = encoder.embed(batch)
    np.testing.assert_array_equal(encoder.embed(batch), vectors)
    np.testing.assert_array_equal(encoder.embed(batch[::-1])[::-1], vectors)
    alone = np.concatenate([encoder.embed([window]) for window in batch])
    np.testing.assert_array_equal(alone, vectors)
    other = again()
    assert other.id == encoder.id
    np.testing.assert_array_equal(other.embed(batch), vectors)


def test_several_threads_may_ask_at_once(encoder: Encoder) -> None:
    """Sources share an encoder: what one asks does not change what another gets."""
    batch = windows(encoder)
    vectors = encoder.embed(batch)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(encoder.embed, [batch] * 8):
            np.testing.assert_array_equal(found, vectors)


def test_windows_are_left_alone(encoder: Encoder) -> None:
    """The caller's samples are not written to, and may be read-only or a view."""
    batch = windows(encoder)
    copies = [window.copy() for window in batch]
    for window in batch:
        window.setflags(write=False)
    vectors = encoder.embed(batch)
    for window, copy in zip(batch, copies, strict=True):
        np.testing.assert_array_equal(window, copy)
    strided = [np.repeat(window, 2)[::2] for window in batch]
    np.testing.assert_array_equal(encoder.embed(strided), vectors)


def test_frames_are_as_good_as_samples(encoder: Encoder) -> None:
    """Where it says how it cuts windows: the same vectors, and any part has the same frames."""
    if not encoder.hears_frames:
        pytest.skip("this encoder hears windows as a whole")
    size, hop = encoder.frame_samples, encoder.frame_hop
    batch = [window for window in windows(encoder) if len(window) >= size]
    found = [encoder.frames(window) for window in batch]
    assert [len(frames) for frames in found] == [1 + (len(w) - size) // hop for w in batch]
    assert not len(encoder.frames(batch[0][: size - 1]))
    np.testing.assert_array_equal(encoder.embed_frames(found), encoder.embed(batch))
    assert encoder.embed_frames([]).shape == (0, encoder.dim)
    for window, frames in zip(batch, found, strict=True):
        part = encoder.frames(window[3 * hop : 9 * hop + size])
        np.testing.assert_allclose(part, frames[3:10], atol=1e-3)


def test_sounds_are_told_apart(encoder: Encoder) -> None:
    """A sound is nearer to itself, softer, than to another one."""
    rate, seconds = encoder.rate, encoder.window_seconds
    low, softer, high = encoder.embed(
        [
            placed(noise(seconds, rate), (0.1, tone(hz, 0.3, rate, level)), rate=rate)
            for hz, level in ((440, -20.0), (440, -26.0), (3000, -20.0))
        ]
    )
    assert low @ softer > low @ high


@pytest.mark.parametrize(
    "bad",
    [
        lambda longest: np.zeros(0, np.float32),
        lambda longest: np.zeros(longest + 1, np.float32),
        lambda longest: np.zeros(longest, np.float64),
        lambda longest: np.zeros(longest, np.int16),
        lambda longest: np.zeros((longest, 2), np.float32),
        lambda longest: np.full(longest, np.nan, np.float32),
        lambda longest: np.full(longest, np.inf, np.float32),
    ],
    ids=["empty", "too long", "float64", "int16", "stereo", "NaN", "infinite"],
)
def test_bad_windows_are_refused(encoder: Encoder, bad) -> None:
    """An error, never nonsense, also in the midst of good ones."""
    seconds = encoder.longest_seconds or encoder.window_seconds
    longest = round(seconds * encoder.rate)
    with pytest.raises(AudioFormatError):
        encoder.embed([np.zeros(10, np.float32), bad(longest)])


def test_no_two_share_an_identity(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Vectors of two encoders can always be told apart."""
    ids = [ToneEncoder.id]
    for name in NAMES:
        if name not in ("clap", "mini"):  # made of weights, so their identity is too
            ids.append(make_encoder(name, tmp_path_factory.mktemp("none")).id)
    assert len(set(ids)) == len(ids)
