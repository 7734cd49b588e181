from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """An empty cache and a hub that nobody answers at."""
    huggingface_hub = pytest.importorskip("huggingface_hub", reason="needs the extra 'clap'")
    constants = pytest.importorskip("huggingface_hub.constants")
    assert huggingface_hub
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")


def test_list_marks_what_is_here(wakesound) -> None:
    """The built-in encoder is here, the weights of the hub are not."""
    rows = {row["name"]: row for row in json.loads(wakesound("models", "list", "--json").out)}
    assert rows["mini"]["installed"]
    assert "the default" in rows["mini"]["about"]
    assert not rows["clap:fused"]["installed"]
    assert rows["clap:fused"]["megabytes"] > 100
    table = wakesound("models", "list").out
    assert all(name in table for name in rows)


@pytest.mark.parametrize(
    ("name", "problem"),
    [("clap:unfused", "no connection to the model hub"), ("clap:nonsense", "there is no CLAP")],
)
def test_pull_fails_in_one_line(name: str, problem: str, wakesound) -> None:
    """Offline, or for a model that does not exist, the line says what to do."""
    result = wakesound("models", "pull", name)
    assert result.status == 2
    assert problem in result.err
    assert result.err.count("\n") == 1


@pytest.mark.slow
def test_quantize(wakesound, tmp_path: Path) -> None:
    """A checkpoint becomes a folder; the last lines say how to use it and how exact it is."""
    for package in ("torch", "transformers", "onnx", "onnxscript"):
        pytest.importorskip(package, reason="needs the extra 'quantize'")
    from tests.clap_checkpoint import build

    checkpoint, out = build(tmp_path / "checkpoint"), tmp_path / "new" / "small"
    done = wakesound("models", "quantize", f"clap:{checkpoint}", "--out", str(out))
    assert done.status == 0, done.err
    assert f"use it: --encoder clap:{out}" in done.out
    assert "sounds 0.99" in done.out
    assert "exporting the network for sound" in done.err
    assert "--precision float32 loses none" in done.err
    assert [path.name for path in out.parent.iterdir()] == ["small"]

    again = wakesound("models", "quantize", f"clap:{checkpoint}", "--out", str(out))
    assert again.status == 2
    assert "is there already" in again.err
    assert again.err.count("\n") == 1


def test_quantize_nothing(wakesound, tmp_path: Path) -> None:
    """A checkpoint that is not here is one line, and nothing is written."""
    for package in ("torch", "transformers", "onnx", "onnxscript"):
        pytest.importorskip(package, reason="needs the extra 'quantize'")
    out = tmp_path / "out"
    result = wakesound("models", "quantize", "clap:nobody/has-this", "--out", str(out))
    assert result.status == 2
    assert "wakesound models pull nobody/has-this" in result.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "told"), [("nonsense", "no encoder 'nonsense'"), ("logmel", "not a CLAP checkpoint")]
)
def test_quantize_what_cannot_be(wakesound, name: str, told: str) -> None:
    """What is no CLAP is said before anything else is asked for."""
    result = wakesound("models", "quantize", name)
    assert (result.status, result.err.count("\n")) == (2, 1)
    assert told in result.err


def test_quantize_asks_for_a_folder(wakesound, tmp_path: Path) -> None:
    """Of a checkpoint that is here, 8-bit integers need a place of their own."""
    for package in ("torch", "transformers", "onnx", "onnxscript"):
        pytest.importorskip(package, reason="needs the extra 'quantize'")
    from tests.clap_checkpoint import build

    result = wakesound("models", "quantize", f"clap:{build(tmp_path / 'checkpoint')}")
    assert result.status == 2
    assert "name a folder with --out" in result.err
