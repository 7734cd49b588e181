from __future__ import annotations

import json

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
