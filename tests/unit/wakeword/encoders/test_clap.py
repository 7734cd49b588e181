from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wakeword.audio.frames import FloatArray
from wakeword.encoders import create_encoder
from wakeword.errors import (
    AudioFormatError,
    ConfigError,
    EncoderError,
    MissingExtra,
    WakesoundError,
)
from wakeword.protocols import TextEncoder

torch = pytest.importorskip("torch", reason="needs the clap extra")
transformers = pytest.importorskip("transformers", reason="needs the clap extra")

from tests import clap_checkpoint  # noqa: E402
from wakeword.encoders.clap import ClapEncoder  # noqa: E402

RATE = 48_000
ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="session", params=["fused", "unfused"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny CLAP of either kind."""
    kind = str(request.param)
    return clap_checkpoint.build(tmp_path_factory.mktemp(kind), fused=kind == "fused")


@pytest.fixture(scope="session")
def fused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny fused CLAP."""
    return clap_checkpoint.build(tmp_path_factory.mktemp("clap"))


@pytest.fixture
def copy(fused: Path, tmp_path: Path) -> Path:
    """A folder with a tiny fused CLAP that the test may damage."""
    return Path(shutil.copytree(fused, tmp_path / "copy"))


def load(folder: Path, device: str = "cpu") -> ClapEncoder:
    encoder = create_encoder(f"clap:{folder}", device=device)
    assert isinstance(encoder, ClapEncoder)
    return encoder


def tone(hertz: float, seconds: float = 1.0) -> FloatArray:
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.5 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def noise(seconds: float = 1.0, seed: int = 0) -> FloatArray:
    samples = 0.1 * np.random.default_rng(seed).normal(size=round(seconds * RATE))
    return samples.astype(np.float32)


def one_line(error: pytest.ExceptionInfo[WakesoundError]) -> str:
    assert "\n" not in str(error.value)
    return str(error.value)


def test_it_is_a_text_encoder(checkpoint: Path) -> None:
    """A folder loads through create_encoder and fits the protocol."""
    encoder = load(checkpoint)
    assert isinstance(encoder, TextEncoder)
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


def test_the_id_follows_the_weights(copy: Path, tmp_path: Path) -> None:
    """Moving the folder keeps the id; one changed weight makes another."""
    before = load(copy).id
    moved = copy.rename(tmp_path / "elsewhere")
    assert load(moved).id == before
    model = transformers.ClapModel.from_pretrained(moved)
    with torch.no_grad():
        model.audio_projection.linear2.bias[0] += 0.5
    model.save_pretrained(moved)
    assert load(moved).id != before


def test_the_id_follows_the_front_end(copy: Path) -> None:
    """Another lowest frequency makes other vectors, so another id."""
    before = load(copy).id
    file = copy / "preprocessor_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"frequency_min": 0}))
    assert load(copy).id != before


def test_weights_in_torch_format(copy: Path) -> None:
    """The older published checkpoints, which have no safetensors, load as well."""
    windows = [tone(440)]
    expected = load(copy).embed(windows)
    state = transformers.ClapModel.from_pretrained(copy).state_dict()
    torch.save(state, copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    np.testing.assert_allclose(load(copy).embed(windows), expected, atol=1e-5)


def test_a_processor_saved_as_one(copy: Path) -> None:
    """A folder written by ClapProcessor.save_pretrained loads as well."""
    expected = load(copy).embed([tone(440)])
    processor = transformers.ClapProcessor.from_pretrained(copy)
    (copy / "preprocessor_config.json").unlink()
    processor.save_pretrained(copy)
    np.testing.assert_array_equal(load(copy).embed([tone(440)]), expected)


@pytest.mark.parametrize("device", ["cuda:99", "mps:99", "gpu", "meta", ""])
def test_a_device_that_is_not_there(fused: Path, device: str) -> None:
    """A device that torch does not know or find is one clear line."""
    with pytest.raises(EncoderError) as error:
        load(fused, device)
    assert "device" in one_line(error)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_no_cuda(fused: Path) -> None:
    """Without a CUDA device the error says what to do."""
    with pytest.raises(EncoderError, match="--device cpu"):
        load(fused, "cuda")


def test_a_missing_folder(tmp_path: Path) -> None:
    """A path that does not exist is never looked up on the hub."""
    with pytest.raises(EncoderError) as error:
        load(tmp_path / "nothing")
    assert "there is no folder" in one_line(error)


def test_an_empty_folder(tmp_path: Path) -> None:
    """A folder without a model says so."""
    with pytest.raises(EncoderError) as error:
        load(tmp_path)
    assert "no config.json" in one_line(error)


@pytest.mark.parametrize("size", [0, 4, 1000, 100_000])
def test_truncated_weights(copy: Path, size: int) -> None:
    """A download that broke off is noticed, wherever it broke off."""
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:size])
    with pytest.raises(EncoderError) as error:
        load(copy)
    assert str(copy) in one_line(error)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("model.safetensors", b"version https://git-lfs.github.com/spec/v1\n" * 5),
        ("config.json", b"{"),
        ("config.json", b"[]"),
        ("config.json", b'{"model_type": "clap", "projection_dim": "many"}'),
        ("preprocessor_config.json", b"{"),
        ("preprocessor_config.json", None),
        ("tokenizer.json", b"{"),
        ("model.safetensors", None),
    ],
)
def test_a_damaged_folder(copy: Path, file: str, content: bytes | None) -> None:
    """A damaged or missing file of a checkpoint is one clear line that names the folder."""
    if content is None:
        (copy / file).unlink()
    else:
        (copy / file).write_bytes(content)
    with pytest.raises(EncoderError) as error:
        load(copy)
    assert str(copy) in one_line(error)


def test_another_model(copy: Path) -> None:
    """A folder of another kind of model is refused by name."""
    (copy / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(EncoderError) as error:
        load(copy)
    assert "'bert'" in one_line(error)


def test_missing_weights_are_not_made_up(copy: Path) -> None:
    """Weights that the file lacks are an error, where transformers would draw random ones."""
    model = transformers.ClapModel.from_pretrained(copy)
    state = {k: v for k, v in model.state_dict().items() if "audio_projection" not in k}
    model.save_pretrained(copy, state_dict=state)
    with pytest.raises(EncoderError) as error:
        load(copy)
    assert "lacks 4 weights of CLAP, e.g. audio_projection" in one_line(error)


def test_broken_numbers_are_noticed(copy: Path) -> None:
    """Weights that are not numbers never become an embedding."""
    model = transformers.ClapModel.from_pretrained(copy)
    with torch.no_grad():
        model.audio_projection.linear2.bias[0] = float("nan")
    model.save_pretrained(copy)
    with pytest.raises(EncoderError) as error:
        load(copy).embed([tone(440)])
    assert "damaged" in one_line(error)


def test_nothing_touches_the_network(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither loading a folder nor asking for a hub name opens a connection."""

    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a connection was attempted")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    load(checkpoint).embed_text(["whistle"])
    with pytest.raises(EncoderError):
        create_encoder("clap:nobody/has-this")


def test_a_hub_model_that_is_not_here() -> None:
    """The message says which command fetches it, and what works without."""
    with pytest.raises(EncoderError) as error:
        create_encoder("clap:nobody/has-this")
    assert "wakesound models pull nobody/has-this" in one_line(error)
    assert "--encoder mini" in one_line(error)


def test_an_unknown_short_name() -> None:
    """A name that is no folder, no hub name and no short one lists the short ones."""
    with pytest.raises(EncoderError) as error:
        create_encoder("clap:fussed")
    assert "clap:fused, clap:unfused" in one_line(error)


def test_loading_is_silent(checkpoint: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """No bars and no advice of the libraries reach the terminal, and they are not muted after."""
    log = transformers.utils.logging
    verbosity, bars = log.get_verbosity(), log.is_progress_bar_enabled()
    load(checkpoint).embed([tone(440)])
    assert capfd.readouterr() == ("", "")
    assert (log.get_verbosity(), log.is_progress_bar_enabled()) == (verbosity, bars)


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


@pytest.mark.parametrize("absent", ["torch", "transformers"])
def test_a_missing_extra(fused: Path, absent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its packages the encoder names the extra to install."""
    monkeypatch.setitem(sys.modules, absent, None)
    with pytest.raises(MissingExtra, match=r"wakesound\[clap\]"):
        load(fused)


def test_importing_is_free() -> None:
    """Importing the module loads neither torch nor transformers; only making an encoder does."""
    code = "import sys, wakeword.encoders.clap; print({'torch', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_names_of_one_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """``clap-unfused`` is ``clap:unfused``; ``CLAP_MODEL`` says what ``clap`` alone is."""
    monkeypatch.setattr("wakeword.embedding.weights.cached", lambda name: None)
    with pytest.raises(EncoderError, match="laion/clap-htsat-unfused is neither"):
        create_encoder("clap-unfused")
    with pytest.raises(EncoderError, match="laion/clap-htsat-fused is neither"):
        create_encoder("clap")
    monkeypatch.setenv("CLAP_MODEL", "htsat-tiny")
    with pytest.raises(EncoderError, match="laion/clap-htsat-unfused is neither"):
        create_encoder("clap")
    with pytest.raises(EncoderError, match="laion/larger_clap_general is neither"):
        create_encoder("clap:general")
