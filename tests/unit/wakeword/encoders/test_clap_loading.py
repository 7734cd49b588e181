"""Checkpoints of CLAP: what identifies them, and folders that are damaged or not there."""

import json
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.unit.wakeword.encoders.clap_windows import load, one_line, tone, torch, transformers
from wakeword.encoders import create_encoder
from wakeword.errors import (
    DeviceUnavailable,
    EncoderError,
    MissingExtra,
    ModelNotFound,
)

ROOT = Path(__file__).parents[4]


@pytest.fixture
def copy(fused: Path, tmp_path: Path) -> Path:
    """A folder with a tiny fused CLAP that the test may damage."""
    return Path(shutil.copytree(fused, tmp_path / "copy"))


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
    with pytest.raises(DeviceUnavailable, match="cuda"):
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
    """The error names it."""
    with pytest.raises(ModelNotFound) as error:
        create_encoder("clap:nobody/has-this")
    assert error.value.name == "nobody/has-this"


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
