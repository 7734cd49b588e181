from __future__ import annotations

import sys
from pathlib import Path

import pytest

from wakeword.embedding import weights as models
from wakeword.errors import EncoderError


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("", "laion/clap-htsat-fused"),
        ("clap", "laion/clap-htsat-fused"),
        ("clap:", "laion/clap-htsat-fused"),
        ("clap-unfused", "laion/clap-htsat-unfused"),
        ("clap-tiny", "laion/clap-htsat-unfused"),
        ("htsat-tiny", "laion/clap-htsat-unfused"),
        ("htsat-fused", "laion/clap-htsat-fused"),
        ("clap-htsat-unfused", "laion/clap-htsat-unfused"),
        ("fused", "laion/clap-htsat-fused"),
        ("clap:unfused", "laion/clap-htsat-unfused"),
        ("general", "laion/larger_clap_general"),
        ("music_and_speech", "laion/larger_clap_music_and_speech"),
        ("laion/clap-htsat-unfused", "laion/clap-htsat-unfused"),
        ("clap:somebody/their-model.v2", "somebody/their-model.v2"),
        ("clapperton/clap", "clapperton/clap"),
    ],
)
def test_names(name: str, expected: str) -> None:
    """Short names, encoder names and whole names all lead to the hub's name."""
    assert models.hub_id(name) == expected


@pytest.mark.parametrize("name", ["fusedd", "clap:logmel", "a/b/c", "laion/", "../weights"])
def test_other_names_are_refused(name: str) -> None:
    """What cannot be a model's name is an error that lists the known ones."""
    with pytest.raises(EncoderError, match="known: clap:fused, clap:unfused"):
        models.hub_id(name)


def test_the_table() -> None:
    """Every known model has its own name, by which it can be found again."""
    assert len({known.name for known in models.KNOWN}) == len(models.KNOWN)
    for known in models.KNOWN:
        assert models.hub_id(known.name) == known.hub_id
        assert known.licence
        assert known.megabytes > 0


def test_an_empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing was ever pulled, nothing is installed."""
    constants = pytest.importorskip("huggingface_hub.constants", reason="needs the clap extra")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "none"))
    assert models.installed() == []
    assert models.cached("fused") is None


def test_a_half_pulled_model_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model counts when its weights are there, not before."""
    constants = pytest.importorskip("huggingface_hub.constants", reason="needs the clap extra")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    model = tmp_path / "models--laion--clap-htsat-fused"
    folder = model / "snapshots" / ("0" * 40)
    folder.mkdir(parents=True)
    (model / "refs").mkdir()
    (model / "refs" / "main").write_text("0" * 40)
    (folder / "config.json").write_text('{"model_type": "clap"}')
    assert models.cached("fused") is None
    (folder / "model.safetensors").write_bytes(b"weights")
    assert models.cached("fused") == folder


def test_without_the_hubs_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the client's package nothing is installed, and that is no error."""
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert models.installed() == []
    assert models.cached("fused") is None
