from __future__ import annotations

import numpy as np
import pytest

from wakeword.encoders._clap_logmel import ClapLogMel

transformers = pytest.importorskip("transformers", reason="needs the clap extra")
pytest.importorskip("torch", reason="needs the clap extra")

RATE = 48_000
LENGTHS = [1, 9, 479, 480, 1000, 48_000, 77_777, 96_000, 336_000, 479_999, 480_000]


@pytest.mark.parametrize("truncation", ["fusion", "rand_trunc"])
@pytest.mark.parametrize("count", LENGTHS)
def test_it_equals_the_extractor(truncation: str, count: int) -> None:
    """Levels are those of transformers' extractor within 1e-4 dB, for clips of any length."""
    extractor = transformers.ClapFeatureExtractor(frequency_min=50, truncation=truncation)
    _same(extractor, count)


@pytest.mark.parametrize("padding", ["repeat", "pad"])
@pytest.mark.parametrize("count", [9, 48_000, 77_777])
def test_other_paddings(padding: str, count: int) -> None:
    """Checkpoints that fill up short clips in another way are understood."""
    _same(transformers.ClapFeatureExtractor(frequency_min=50, padding=padding), count)


@pytest.mark.parametrize(
    "settings",
    [
        {"frequency_min": 0},
        {"frequency_min": 300, "frequency_max": 8000, "truncation": "rand_trunc"},
        {"feature_size": 32, "hop_length": 320, "max_length_s": 5},
        {"fft_window_size": 512},
        {"sampling_rate": 16_000, "frequency_max": 8000},
    ],
)
def test_other_front_ends(settings: dict[str, float]) -> None:
    """What the checkpoint's preprocessor says counts, not what is usual."""
    _same(transformers.ClapFeatureExtractor(**{"frequency_min": 50, **settings}), 32_000)


def _same(extractor, count: int) -> None:
    random = np.random.default_rng(count)
    tone = 0.9 * np.sin(2 * np.pi * 0.05 * np.arange(count))
    for clip in (tone, 0.1 * random.normal(size=count), np.zeros(count)):
        window = clip.astype(np.float32)
        inputs = extractor(window, sampling_rate=extractor.sampling_rate, return_tensors="np")
        expected = inputs["input_features"][0][0]
        levels = ClapLogMel.of(extractor)(window)
        assert levels.shape == expected.shape
        assert levels.dtype == np.float32
        np.testing.assert_allclose(levels, expected, rtol=0, atol=1e-4)


def test_repeats_are_computed_once() -> None:
    """Of two seconds only the frames of one repeat and of the edges are computed."""
    computed = []

    class Counted(ClapLogMel):
        def _levels(self, frames):
            computed.append(len(frames))
            return super()._levels(frames)

    assert Counted()(np.zeros(2 * RATE, np.float32)).shape == (1001, 64)
    assert computed == [204]


def test_settings_survive_json() -> None:
    """A front end is the same after it was written and read."""
    front = ClapLogMel(low_hz=50.0, fused=True, padding="pad")
    assert ClapLogMel.from_dict(front.to_dict()) == front


@pytest.mark.parametrize(
    "settings", [{"padding": "mirror"}, {"hop": 0}, {"low_hz": 9000.0, "high_hz": 8000.0}]
)
def test_nonsense_is_refused(settings) -> None:
    """A front end that cannot be is an error, not a wrong spectrum."""
    with pytest.raises(ValueError, match=r"padding|above 0|no bands"):
        ClapLogMel(**settings)
