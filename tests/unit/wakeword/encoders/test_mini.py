from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from wakeword.embedding.weights import asset
from wakeword.encoders import create_encoder
from wakeword.encoders.mini import MiniEncoder
from wakeword.errors import AudioFormatError, ConfigError, EncoderError, ModelDamaged, UnknownLabel

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
FOLDER = asset("models", "mini")
RATE = 16000


@pytest.fixture(scope="module")
def mini() -> MiniEncoder:
    return MiniEncoder(FOLDER)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "mini"))


def tone(hz: float, seconds: float = 1.0, seed: int = 0) -> np.ndarray:
    t = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).normal(scale=1e-3, size=len(t))
    return (0.1 * np.sin(2 * np.pi * hz * t) + noise).astype(np.float32)


def test_it_is_what_is_asked_for_by_name(mini):
    """``create_encoder("mini")`` gives it, and it has both an audio and a text side."""
    assert create_encoder("mini").id == mini.id
    assert mini.reads_text
    assert mini.id.startswith("mini-3-")


def test_rows_have_length_one_whatever_the_window(mini):
    """Every window from one sample to a second gives a finite unit vector, silence too."""
    windows = [tone(900)[:n] for n in (1, 160, 400, 4000, 4800, 9999, 16000)]
    vectors = mini.embed([*windows, np.zeros(8000, np.float32)])
    assert vectors.shape == (8, mini.dim)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_windows_give_no_rows(mini):
    """An empty batch is not an error."""
    assert mini.embed([]).shape == (0, mini.dim)


def test_the_batch_does_not_matter(mini):
    """A window embeds the same alone as among others of the same and of other lengths."""
    rng = np.random.default_rng(1)
    windows = [tone(hz, n, i) for i, (hz, n) in enumerate(zip(
        rng.uniform(200, 6000, 70), rng.choice([0.4, 0.7, 1.0], 70), strict=True))]  # fmt: skip
    together = mini.embed(windows)
    alone = np.concatenate([mini.embed([window]) for window in windows])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_two_encoders_agree(mini):
    """The same audio gives the same vector in another process or instance."""
    window = tone(1234)
    np.testing.assert_array_equal(mini.embed([window]), MiniEncoder(FOLDER).embed([window]))


def test_gain_hardly_matters(mini):
    """A sound 15 dB quieter is the same sound."""
    window = tone(1500) * np.linspace(0, 1, RATE, dtype=np.float32)
    loud, quiet = mini.embed([window, window * np.float32(0.18)])
    assert loud @ quiet > 0.95


def test_pitch_matters(mini):
    """Two beeps of different pitch are less alike than one beep in two noises."""
    one, again, other = mini.embed([tone(1000, seed=1), tone(1000, seed=2), tone(2500, seed=1)])
    assert one @ again > one @ other + 0.1


@pytest.mark.parametrize(
    "window",
    [
        np.zeros(0, np.float32),
        np.zeros(RATE + 1, np.float32),
        np.zeros((100, 2), np.float32),
        np.zeros(100, np.float64),
        np.full(100, np.nan, np.float32),
    ],
    ids=["empty", "too long", "stereo", "float64", "nan"],
)
def test_what_is_no_window_is_refused(mini, window):
    """Nothing but mono float32 of at most a second is embedded."""
    with pytest.raises(AudioFormatError):
        mini.embed([window])


@pytest.mark.parametrize("name", ["mini.onnx", "labels.json", "labels.f32"])
def test_a_damaged_file_is_noticed(copy, name):
    """One changed byte in any file is an error that names the file, not a wrong vector."""
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(EncoderError, match=f"{name} is damaged"):
        MiniEncoder(copy)


@pytest.mark.parametrize("name", ["mini.json", "mini.onnx", "labels.json"])
def test_a_missing_file_is_named(copy, name):
    """The error says which file is missing."""
    (copy / name).unlink()
    with pytest.raises(ModelDamaged, match=rf"{name} is missing"):
        MiniEncoder(copy)


def test_a_broken_manifest_is_an_error(copy):
    """A manifest that is not JSON, or lacks a file, never ends in a traceback."""
    manifest = copy / "mini.json"
    about = json.loads(manifest.read_text())
    del about["files"]["labels.f32"]
    for content in ("{", json.dumps(about), "[]"):
        manifest.write_text(content)
        with pytest.raises(EncoderError, match=r"mini\.json"):
            MiniEncoder(copy)


def test_other_weights_have_another_id(copy, mini):
    """The id follows the weights, so vectors of two networks never mix."""
    network = (copy / "mini.onnx").read_bytes() + b"\x72\x00"  # an empty field more
    (copy / "mini.onnx").write_bytes(network)
    about = json.loads((copy / "mini.json").read_text())
    about["files"]["mini.onnx"] = hashlib.sha256(network).hexdigest()
    (copy / "mini.json").write_text(json.dumps(about))
    assert MiniEncoder(copy).id != mini.id


def test_a_file_that_is_no_network_is_an_error(copy):
    """Even with the right checksum."""
    (copy / "mini.onnx").write_bytes(b"other")
    about = json.loads((copy / "mini.json").read_text())
    about["files"]["mini.onnx"] = hashlib.sha256(b"other").hexdigest()
    (copy / "mini.json").write_text(json.dumps(about))
    with pytest.raises(EncoderError, match="cannot be loaded"):
        MiniEncoder(copy)


def test_a_variant_is_a_folder(copy):
    """``mini:FOLDER`` loads other weights and can be loaded again by its spec."""
    encoder = create_encoder(f"mini:{copy}")
    assert create_encoder(encoder.spec).id == encoder.id
    with pytest.raises(ConfigError, match="folder"):
        create_encoder("mini:nowhere")


def test_it_fits_a_small_device():
    """At most 1.5 million parameters and 6 MB, as promised."""
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) <= 6_000_000
    assert json.loads((FOLDER / "mini.json").read_text())["parameters"] <= 1_500_000


def test_it_needs_no_torch():
    """Loading and using it imports neither torch nor transformers."""
    code = (
        "import sys, numpy as np; from wakeword.encoders import create_encoder;"
        "e = create_encoder('mini'); e.embed([np.ones(8000, np.float32)]); e.embed_text(['dog']);"
        "sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[4]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


@pytest.mark.parametrize(
    ("label", "same"),
    [
        ("the sound of a dog barking", "dog"),
        ("sharp glass shatter", "glass breaking"),
        ("Glass Break!", "glass breaking"),
        ("someone whistling", "whistling"),
        ("a loud knock", "knock"),
        ("smoke_alarm", "Smoke detector, smoke alarm"),
        ("barking dogs", "dog barking"),
        ("狗叫声", "dog"),
        ("响亮的狗叫", "dog"),
        ("敲门的声音", "knocking on door"),
        ("口哨", "whistle"),
        ("微波炉提示音", "microwave beep"),
    ],
)
def test_a_label_may_be_said_in_many_ways(mini, label, same):
    """Frames, adjectives, endings, case and language lead to the same place."""
    one, other = mini.embed_text([label, same])
    np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize(
    "label", ["quantum flux", "purple dog", "鲸鱼", "dog and cat", "loud", "xx"]
)
def test_an_unknown_label_is_never_guessed(mini, label):
    """What has no place is an error that lists the nearest labels and the way out."""
    with pytest.raises(UnknownLabel, match="the nearest that it knows: "):
        mini.embed_text([label])


def test_the_error_suggests_what_was_meant(mini):
    """Near misses are named."""
    with pytest.raises(EncoderError, match="dog"):
        mini.embed_text(["purple dog"])
    with pytest.raises(EncoderError, match="whistl"):
        mini.embed_text(["whistlign"])


def test_an_empty_label_is_a_mistake(mini):
    """Blank labels are bad input."""
    with pytest.raises(ConfigError, match="empty"):
        mini.embed_text(["  "])


def test_every_class_and_alias_has_its_place(mini):
    """All that the table names can be embedded, as unit vectors."""
    content = json.loads((FOLDER / "labels.json").read_text(encoding="utf-8"))
    names = [*content["classes"], *content["aliases"]]
    vectors = mini.embed_text(names)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_everyday_sounds_are_known_in_two_languages():
    """At least 150 sounds have English and Chinese names."""
    aliases = json.loads((FOLDER / "labels.json").read_text(encoding="utf-8"))["aliases"]
    english = {tuple(classes) for name, classes in aliases.items() if name.isascii()}
    chinese = {tuple(classes) for name, classes in aliases.items() if not name.isascii()}
    assert len(english & chinese) >= 150


def test_nothing_is_reported_to_anybody(tmp_path):
    """The network's runtime writes no device id and keeps no diary in the home folder."""
    script = "from wakeword.encoders import create_encoder; create_encoder('mini')"
    env = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[4])}
    for name in ("XDG_CACHE_HOME", "ORT_DISABLE_TELEMETRY"):
        env.pop(name, None)
    subprocess.run([sys.executable, "-c", script], env=env, check=True)
    assert not list(tmp_path.rglob("*onnxruntime*"))
