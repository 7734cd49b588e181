"""Embeddings by CLAP: of windows, of texts, and always the same. Small random checkpoints."""

from pathlib import Path

import numpy as np
import pytest

from tests import clap_checkpoint
from tests.unit.wakeword.encoders.clap_windows import (
    RATE,
    load,
    one_line,
    tone,
    torch,
    transformers,
)
from wakeword.audio.frames import FloatArray
from wakeword.encoders import create_encoder
from wakeword.encoders.clap import ClapEncoder
from wakeword.errors import (
    AudioFormatError,
    ConfigError,
)


def noise(seconds: float = 1.0, seed: int = 0) -> FloatArray:
    samples = 0.1 * np.random.default_rng(seed).normal(size=round(seconds * RATE))
    return samples.astype(np.float32)


def test_it_is_a_text_encoder(checkpoint: Path) -> None:
    """A folder loads through create_encoder and fits the protocol."""
    encoder = load(checkpoint)
    assert encoder.reads_text
    assert (encoder.rate, encoder.dim, encoder.window_seconds) == (RATE, clap_checkpoint.DIM, 2.0)
    assert encoder.spec == f"clap:{checkpoint}"
    assert create_encoder(encoder.spec).id == encoder.id


def test_embeddings_are_unit_rows_in_order(checkpoint: Path) -> None:
    """A batch gives (n, dim) float32, each row of length 1 and of its own window."""
    encoder = load(checkpoint)
    windows = [tone(440), tone(3000), noise(0.5), np.zeros(9, np.float32)]
    rows = encoder.embed(windows)
    assert rows.shape == (4, clap_checkpoint.DIM)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert encoder.embed([]).shape == (0, clap_checkpoint.DIM)
    assert (rows @ rows.T)[np.triu_indices(4, 1)].max() < 0.99


def test_batch_and_order_do_not_matter(checkpoint: Path) -> None:
    """Alone, in a batch and in another order, a window gets the same embedding, bit for bit."""
    encoder = load(checkpoint)
    windows = [tone(440, 0.7), noise(1.0), tone(3000, 2.0)]
    together = encoder.embed(windows)
    np.testing.assert_array_equal(encoder.embed(windows[::-1])[::-1], together)
    for window, row in zip(windows, together, strict=True):
        np.testing.assert_array_equal(encoder.embed([window])[0], row)


def test_two_loads_agree(checkpoint: Path) -> None:
    """A second load of the same folder gives the same vectors under the same id."""
    first, second = load(checkpoint), load(checkpoint)
    windows = [tone(440), noise()]
    assert first.id == second.id
    np.testing.assert_array_equal(first.embed(windows), second.embed(windows))
    np.testing.assert_array_equal(first.embed_text(["whistle"]), second.embed_text(["whistle"]))


def test_no_seed_changes_an_embedding(checkpoint: Path) -> None:
    """Neither NumPy's nor torch's random state has a say, and neither is moved."""
    encoder = load(checkpoint)
    windows = [tone(440), noise()]
    rows = []
    for seed in (1, 2):
        np.random.seed(seed)
        torch.manual_seed(seed)
        rows.append(encoder.embed(windows))
        drawn = np.random.random()
        np.random.seed(seed)
        assert np.random.random() == drawn
    np.testing.assert_array_equal(rows[0], rows[1])


@pytest.mark.parametrize("seconds", [0.1, 1.0, 2.0])
def test_a_window_is_never_taken_for_long(checkpoint: Path, seconds: float) -> None:
    """The vectors are the model's own, with "is longer" false for every window."""
    encoder = load(checkpoint)
    model = transformers.ClapModel.from_pretrained(checkpoint).eval()
    extractor = transformers.ClapFeatureExtractor.from_pretrained(checkpoint)
    window = noise(seconds)
    inputs = extractor(window, sampling_rate=RATE, return_tensors="pt")
    with torch.inference_mode():
        rows = model.get_audio_features(
            inputs["input_features"].float(), is_longer=torch.zeros(1, 1, dtype=torch.bool)
        )
    expected = getattr(rows, "pooler_output", rows)[0].numpy()
    np.testing.assert_allclose(encoder.embed([window])[0], expected, atol=1e-5)


def test_any_length_up_to_the_window(checkpoint: Path) -> None:
    """One sample, a tenth of a second and digital silence embed; equal input, equal output."""
    encoder = load(checkpoint)
    short = [np.array([0.3], np.float32), tone(440, 0.1), np.zeros(RATE, np.float32)]
    rows = encoder.embed(short)
    assert np.isfinite(rows).all()
    np.testing.assert_array_equal(rows, encoder.embed(short))


@pytest.mark.parametrize(
    "window",
    [
        np.zeros(10 * RATE + 1, np.float32),
        np.zeros(0, np.float32),
        np.zeros((RATE, 2), np.float32),
        np.zeros(RATE, np.int16),
        np.full(RATE, np.nan, np.float32),
    ],
    ids=["too long", "empty", "stereo", "int16", "nan"],
)
def test_bad_windows_are_refused(fused: Path, window: FloatArray) -> None:
    """What transformers would silently make nonsense of is an error, and nothing is embedded."""
    with pytest.raises(AudioFormatError) as error:
        load(fused).embed([tone(440), window])
    assert "window 1" in one_line(error)


@pytest.mark.parametrize("seconds", [0.01, 2.0, 3.3, 10.0])
def test_it_equals_the_slow_way(checkpoint: Path, seconds: float) -> None:
    """Cosine 0.99999 or more to transformers' extractor and model, whatever the length."""
    encoder = load(checkpoint)
    model = transformers.ClapModel.from_pretrained(checkpoint).eval()
    extractor = transformers.ClapFeatureExtractor.from_pretrained(checkpoint)
    window = noise(seconds)
    inputs = extractor(window, sampling_rate=RATE, return_tensors="pt")
    for embed, longer in ((encoder.embed, False), (encoder.embed_as_pipeline, True)):
        with torch.inference_mode():
            rows = model.get_audio_features(
                inputs["input_features"].float(), is_longer=torch.tensor([[longer]])
            )
        expected = getattr(rows, "pooler_output", rows)[0].double().numpy()
        assert embed([window])[0] @ (expected / np.linalg.norm(expected)) >= 0.99999


def test_half_precision(checkpoint: Path) -> None:
    """In float16, as on a GPU, vectors are nearly the same, and the id says that they differ."""
    exact, half = load(checkpoint), ClapEncoder(checkpoint, "clap:here", half=True)
    windows = [tone(440), noise()]
    rows = half.embed(windows)
    assert rows.dtype == np.float32
    assert (rows * exact.embed(windows)).sum(axis=1).min() > 0.99
    labels = ["dog bark", "whistle"]
    assert (half.embed_text(labels) * exact.embed_text(labels)).sum(axis=1).min() > 0.99
    assert half.id.startswith("clap-half:")
    assert exact.id.startswith("clap:")


def test_text(checkpoint: Path) -> None:
    """Labels give unit rows that depend on the label alone, not on its neighbours."""
    encoder = load(checkpoint)
    labels = ["dog bark", "a glass breaks on the kitchen floor", "größere Glocke"]
    rows = encoder.embed_text(labels)
    assert rows.shape == (3, clap_checkpoint.DIM)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(encoder.embed_text(labels[::-1])[::-1], rows)
    np.testing.assert_array_equal(load(checkpoint).embed_text(labels[1:2]), rows[1:2])
    assert encoder.embed_text([]).shape == (0, clap_checkpoint.DIM)


def test_text_is_kept(fused: Path) -> None:
    """A label is read by the model once; what the caller does to the result changes nothing."""
    encoder = load(fused)
    first = encoder.embed_text(["whistle"])
    untouched = first.copy()
    first[:] = 0
    encoder.model = None
    np.testing.assert_array_equal(encoder.embed_text(["whistle"]), untouched)


@pytest.mark.parametrize("label", ["", "  ", "bark " * 200])
def test_bad_labels_are_refused(fused: Path, label: str) -> None:
    """A label that is empty or too long to read is an error."""
    with pytest.raises(ConfigError) as error:
        load(fused).embed_text(["whistle", label])
    assert "label" in one_line(error)


def test_threads_are_given_back(fused: Path) -> None:
    """Torch's process-wide thread count is what it was, after loading and after each call."""
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        encoder = load(fused)
        seen = []
        hook = encoder.model.audio_model.register_forward_hook(
            lambda *_: seen.append(torch.get_num_threads())
        )
        encoder.embed([tone(440)])
        hook.remove()
        assert (seen, torch.get_num_threads()) == ([1], 3)
    finally:
        torch.set_num_threads(before)
