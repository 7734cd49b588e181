"""What ``wakesound models quantize`` writes, made of small checkpoints with random weights."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

for package in ("torch", "transformers", "onnx", "onnxscript"):
    pytest.importorskip(package, reason="needs the quantize extra")

from runtime.models.quantize import Quantized, quantize  # noqa: E402
from tests import clap_checkpoint  # noqa: E402
from wakeword.encoders import create_encoder  # noqa: E402
from wakeword.encoders._clap_onnx import (  # noqa: E402
    EXACT_FOLDER,
    MANIFEST,
    ClapOnnxEncoder,
)
from wakeword.encoders.clap import ClapEncoder  # noqa: E402
from wakeword.errors import (  # noqa: E402
    AudioFormatError,
    ConfigError,
    EncoderError,
    MissingExtra,
)
from wakeword.labels import Classifier  # noqa: E402

RATE = 48_000
ROOT = Path(__file__).parents[4]
LABELS = ["dog bark", "a glass breaks on the kitchen floor", "größere Glocke"]


def made(folder: Path, *, fused: bool, precision: str) -> tuple[ClapEncoder, Quantized]:
    checkpoint = clap_checkpoint.build(folder / "checkpoint", fused=fused)
    exact = create_encoder(f"clap:{checkpoint}")
    assert isinstance(exact, ClapEncoder)
    return exact, quantize(exact.spec, folder / "small", precision=precision)


@pytest.fixture(scope="module")
def int8(tmp_path_factory: pytest.TempPathFactory) -> tuple[ClapEncoder, Quantized]:
    """A fused checkpoint, and what became of it in 8 bits."""
    return made(tmp_path_factory.mktemp("int8"), fused=True, precision="int8")


@pytest.fixture(scope="module")
def float32(tmp_path_factory: pytest.TempPathFactory) -> tuple[ClapEncoder, Quantized]:
    """An unfused checkpoint, and what became of it in single precision."""
    return made(tmp_path_factory.mktemp("float32"), fused=False, precision="float32")


@pytest.fixture
def copy(int8: tuple[ClapEncoder, Quantized], tmp_path: Path) -> Path:
    """A folder in 8 bits that the test may damage."""
    return Path(shutil.copytree(int8[1].folder, tmp_path / "copy"))


def load(folder: Path) -> ClapOnnxEncoder:
    encoder = create_encoder(f"clap:{folder}")
    assert isinstance(encoder, ClapOnnxEncoder)
    return encoder


def sounds() -> list[np.ndarray]:
    random = np.random.default_rng(0)
    time = np.arange(2 * RATE) / RATE
    clips = [np.sin(2 * np.pi * hertz * time) for hertz in (300, 2000)]
    clips += [0.1 * random.normal(size=count) for count in (9, 30_000, 10 * RATE)]
    return [clip.astype(np.float32) for clip in clips]


def cosines(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-6)
    assert rows.dtype == np.float32
    return np.asarray((rows.astype(np.float64) * others).sum(axis=1))


@pytest.mark.slow
def test_single_precision_is_exact(float32: tuple[ClapEncoder, Quantized]) -> None:
    """In float32 sounds and labels have the checkpoint's embeddings, cosine 0.99999 or more."""
    exact, result = float32
    small = load(result.folder)
    assert cosines(small.embed(sounds()), exact.embed(sounds())).min() > 0.99999
    assert cosines(small.embed_text(LABELS), exact.embed_text(LABELS)).min() > 0.99999
    assert min(result.sound_cosine, result.text_cosine) > 0.99999


@pytest.mark.slow
def test_eight_bits_are_near(int8: tuple[ClapEncoder, Quantized]) -> None:
    """In int8 they are near, as far as a network of 16 channels can show, fused or not."""
    exact, result = int8
    small = load(result.folder)
    assert cosines(small.embed(sounds()), exact.embed(sounds())).min() > 0.97
    heard = small.embed_as_pipeline(sounds())
    assert cosines(heard, exact.embed_as_pipeline(sounds())).min() > 0.97
    assert cosines(heard, small.embed(sounds())).min() < 0.999
    assert cosines(small.embed_text(LABELS), exact.embed_text(LABELS)).min() > 0.5
    assert result.sound_cosine > 0.97


def test_it_is_an_encoder_of_its_own(
    int8: tuple[ClapEncoder, Quantized], float32: tuple[ClapEncoder, Quantized]
) -> None:
    """It fits the protocol and knows what the checkpoint knew; exact, it has the same id."""
    for exact, result in (int8, float32):
        small = load(result.folder)
        assert small.reads_text
        for name in ("rate", "dim", "window_seconds", "longest_seconds", "logit_scale"):
            assert getattr(small, name) == getattr(exact, name)
        assert small.spec == f"clap:{result.folder}"
        assert load(result.folder).id == small.id
    assert load(int8[1].folder).id.startswith("clap-int8:")
    assert load(float32[1].folder).id == float32[0].id


@pytest.mark.slow
def test_the_exact_one_is_used_by_itself(
    float32: tuple[ClapEncoder, Quantized], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Inside the checkpoint's folder, on the CPU, as long as it belongs to these weights."""
    exact, result = float32
    folder = Path(shutil.copytree(exact.folder, tmp_path / "checkpoint"))
    spec = f"clap:{folder}"
    shutil.copytree(result.folder, folder / EXACT_FOLDER)
    fast = create_encoder(spec)
    assert isinstance(fast, ClapOnnxEncoder)
    assert (fast.id, fast.spec) == (exact.id, spec)
    assert cosines(fast.embed(sounds()), exact.embed(sounds())).min() > 0.99999
    with pytest.raises(ConfigError, match="there already"):
        quantize(spec, None, precision="float32")
    with pytest.raises(ConfigError, match="--out"):
        quantize(spec, None, precision="int8")
    manifest = folder / EXACT_FOLDER / MANIFEST
    about = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(about | {"checkpoint": "clap:0123456789abcdef"}))
    assert isinstance(create_encoder(spec), ClapEncoder)
    assert "belongs to other weights" in caplog.text
    shutil.rmtree(folder / EXACT_FOLDER)
    assert quantize(spec, None, precision="float32").folder == folder / EXACT_FOLDER
    assert isinstance(create_encoder(spec), ClapOnnxEncoder)


def test_batch_and_order_do_not_matter(int8: tuple[ClapEncoder, Quantized]) -> None:
    """Alone or in a batch, a window or a label gets the same embedding, bit for bit."""
    small = load(int8[1].folder)
    together = small.embed(sounds())
    np.testing.assert_array_equal(small.embed(sounds()[::-1])[::-1], together)
    np.testing.assert_array_equal(small.embed(sounds()[1:2]), together[1:2])
    rows = small.embed_text(LABELS)
    np.testing.assert_array_equal(small.embed_text(LABELS[::-1])[::-1], rows)
    np.testing.assert_array_equal(load(int8[1].folder).embed_text(LABELS[1:2]), rows[1:2])
    assert small.embed([]).shape == small.embed_text([]).shape == (0, clap_checkpoint.DIM)


def test_labels_work(int8: tuple[ClapEncoder, Quantized]) -> None:
    """A classifier takes it like any other."""
    heard = Classifier(load(int8[1].folder)).classify(sounds()[0], LABELS[:2])
    assert sum(heard.scores.values()) + heard.none == pytest.approx(1.0)


def test_no_torch(int8: tuple[ClapEncoder, Quantized]) -> None:
    """Sounds and labels are embedded in a process that never loads torch or transformers."""
    code = (
        "import sys, numpy as np; from wakeword.encoders import create_encoder;"
        f"e = create_encoder('clap:{int8[1].folder}');"
        "e.embed([np.ones(9, np.float32)]); e.embed_text(['whistle']);"
        "print({'torch', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.stdout, done.stderr) == ("set()\n", "")


def test_text_is_kept(copy: Path) -> None:
    """A label is read once; after that the network for text is not needed."""
    small = load(copy)
    first = small.embed_text(["whistle"])
    (copy / "text.bin").unlink()
    np.testing.assert_array_equal(small.embed_text(["whistle"]), first)
    with pytest.raises(EncoderError, match=r"text\.bin cannot be read"):
        small.embed_text(["whistle", "dog bark"])


@pytest.mark.parametrize("label", ["", "  ", "bark " * 200])
def test_bad_labels_are_refused(int8: tuple[ClapEncoder, Quantized], label: str) -> None:
    """A label that is empty or too long to read is an error."""
    with pytest.raises(ConfigError, match="label"):
        load(int8[1].folder).embed_text(["whistle", label])


def test_bad_windows_are_refused(int8: tuple[ClapEncoder, Quantized]) -> None:
    """Audio that is longer than the model hears is an error."""
    with pytest.raises(AudioFormatError, match="window 0"):
        load(int8[1].folder).embed([np.zeros(10 * RATE + 1, np.float32)])


@pytest.mark.parametrize("file", [MANIFEST, "audio.onnx", "text.bin", "tokenizer.json"])
@pytest.mark.parametrize("content", [None, b"", b"{}", b"[1]", b"version https://git-lfs\n"])
def test_a_damaged_folder(copy: Path, file: str, content: bytes | None) -> None:
    """A damaged or missing file is one line that says how to mend it."""
    if content is None and file == MANIFEST:
        pytest.skip("without its manifest it is a folder like any other")
    if content is None:
        (copy / file).unlink()
    else:
        (copy / file).write_bytes(content)
    with pytest.raises(EncoderError) as error:
        load(copy).embed_text(["whistle"])
    assert str(copy) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_newer_folder(copy: Path) -> None:
    """A folder of a later version is not guessed at."""
    about = json.loads((copy / MANIFEST).read_text())
    (copy / MANIFEST).write_text(json.dumps(about | {"schema_version": 99}))
    with pytest.raises(EncoderError, match="newer Wakesound"):
        load(copy)


def test_a_missing_extra(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package that reads text the extra to install is named."""
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingExtra, match=r"wakesound\[clap-onnx\]"):
        load(copy)


def test_only_the_cpu(copy: Path) -> None:
    """Asked for a GPU it says that it has none, instead of taking the CPU in silence."""
    with pytest.raises(EncoderError, match="CPU only"):
        create_encoder(f"clap:{copy}", device="cuda")


def test_what_cannot_be_quantized(
    int8: tuple[ClapEncoder, Quantized], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder in use, another encoder, and a machine without the packages are refused."""
    exact, result = int8
    with pytest.raises(ConfigError, match="is there already"):
        quantize(exact.spec, result.folder)
    for spec in ("logmel", f"clap:{result.folder}"):
        with pytest.raises(ConfigError, match="not a CLAP checkpoint"):
            quantize(spec, tmp_path / "out")
    with pytest.raises(ConfigError, match="precision"):
        quantize(exact.spec, tmp_path / "out", precision="int3")
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(MissingExtra, match=r"wakesound\[quantize\]"):
        quantize(exact.spec, tmp_path / "out")
    assert not list(tmp_path.iterdir())
