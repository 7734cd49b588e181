"""A CLAP checkpoint from a folder through the command line: enroll, keep, reload, listen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CLAP checkpoint."""
    pytest.importorskip("torch", reason="needs the extra 'clap'")
    pytest.importorskip("transformers", reason="needs the extra 'clap'")
    from tests.clap_checkpoint import build

    return build(tmp_path_factory.mktemp("clap") / "checkpoint")


@pytest.mark.slow
def test_checkpoint_serves_a_library(
    checkpoint: Path, recordings: Path, wakesound, tmp_path: Path, monkeypatch
) -> None:
    """Enrolled with a checkpoint, kept, loaded in another process, listened with, replaced."""
    monkeypatch.setenv("WAKESOUND_LIBRARY", str(tmp_path / "library"))
    whistles = [str(path) for path in sorted(recordings.glob("whistle?.wav"))]
    done = wakesound("enroll", "whistle", *whistles, "--force", f"--encoder=clap:{checkpoint}")
    assert done.status == 0, done.err
    assert json.loads(wakesound("sounds", "--json").out)["encoder"] == f"clap:{checkpoint}"

    call = ("listen", "--source", f"file:{recordings / 'whistle1.wav'}", "--json")
    events = [json.loads(line) for line in wakesound(*call).out.splitlines()]
    assert [event.get("sound") for event in events] == ["whistle", None]
    assert events[0]["score"] > 0.9
    other = subprocess.run(
        [sys.executable, "-m", "runtime", *call], capture_output=True, text=True, check=True
    )
    assert [json.loads(line) for line in other.stdout.splitlines()] == events
    assert other.stderr == ""

    refused = wakesound(*call, "--encoder", "logmel")
    assert refused.status == 2
    assert "wakesound reindex --encoder" in refused.err
    assert refused.err.count("\n") == 1
    assert wakesound("reindex", "--encoder", "logmel").status == 0
    assert json.loads(wakesound(*call).out.splitlines()[0])["sound"] == "whistle"


@pytest.mark.parametrize("content", [None, "{}", '{"model_type": "bert"}'])
def test_folder_that_is_no_checkpoint_is_one_line(
    content: str | None, recordings: Path, wakesound, tmp_path: Path
) -> None:
    """A folder without CLAP in it is refused in one line, with its path."""
    pytest.importorskip("transformers", reason="needs the extra 'clap'")
    (tmp_path / "model").mkdir()
    if content is not None:
        (tmp_path / "model" / "config.json").write_text(content)
    encoder = f"--encoder=clap:{tmp_path / 'model'}"
    result = wakesound("enroll", "whistle", str(recordings / "whistle1.wav"), encoder)
    assert result.status == 2
    assert str(tmp_path / "model") in result.err
    assert result.err.count("\n") == 1
