from __future__ import annotations

from pathlib import Path

import pytest

from wakeword.embedding import weights as checkpoints
from wakeword.errors import EncoderError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The least that counts as a checkpoint."""
    path = tmp_path / "model"
    path.mkdir()
    (path / "config.json").write_text('{"model_type": "clap"}')
    (path / "model.safetensors").write_bytes(b"0123456789")
    return path


def test_safetensors_come_first(folder: Path) -> None:
    """Where both formats lie, the one that is loaded is the one that counts."""
    (folder / "pytorch_model.bin").write_bytes(b"other")
    assert checkpoints.weights(folder) == [folder / "model.safetensors"]
    (folder / "model.safetensors").unlink()
    assert checkpoints.weights(folder) == [folder / "pytorch_model.bin"]


def test_weights_in_parts(folder: Path) -> None:
    """Weights in several files count all, in order."""
    (folder / "model.safetensors").unlink()
    names = ["model-00002-of-00002.safetensors", "model-00001-of-00002.safetensors"]
    for name in names:
        (folder / name).write_bytes(b"part")
    assert [path.name for path in checkpoints.weights(folder)] == sorted(names)


def test_no_weights(folder: Path) -> None:
    """A folder without weights is an error that names it."""
    (folder / "model.safetensors").unlink()
    with pytest.raises(EncoderError, match="model holds no weights"):
        checkpoints.weights(folder)


def test_the_digest_is_of_the_content(folder: Path, tmp_path: Path) -> None:
    """It stays when the folder moves or gets a read-me, and changes with any byte that counts."""
    before = checkpoints.digest(folder)
    assert len(before) == 16
    (folder / "README.md").write_text("about")
    moved = folder.rename(tmp_path / "elsewhere")
    assert checkpoints.digest(moved) == before
    (moved / "model.safetensors").write_bytes(b"0123456780")
    assert checkpoints.digest(moved) != before
    (moved / "model.safetensors").write_bytes(b"0123456789")
    assert checkpoints.digest(moved) == before
    assert checkpoints.digest(moved, salt="2") != before
    (moved / "config.json").write_text('{"model_type": "clap", "depth": 2}')
    assert checkpoints.digest(moved) != before


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null", "\x00"])
def test_a_damaged_configuration(folder: Path, content: str) -> None:
    """A configuration that cannot be read is one clear line."""
    (folder / "config.json").write_text(content)
    with pytest.raises(EncoderError, match="damaged"):
        checkpoints.model_type(folder)


def test_bytes_that_are_no_text(folder: Path) -> None:
    """Binary rubbish in place of a configuration is the same clear line."""
    (folder / "config.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EncoderError, match="damaged"):
        checkpoints.model_type(folder)
