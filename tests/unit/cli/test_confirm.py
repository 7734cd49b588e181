"""``listen --confirm``: a second encoder from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from wakeword.testing import RATE, noise, placed


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small CLAP checkpoint."""
    pytest.importorskip("torch", reason="needs the extra 'clap'")
    pytest.importorskip("transformers", reason="needs the extra 'clap'")
    from tests.clap_checkpoint import build

    return build(tmp_path_factory.mktemp("clap") / "checkpoint")


def test_what_is_refused_is_in_the_history(
    library: Path, recordings: Path, wakesound, tmp_path: Path
) -> None:
    """With thresholds that let everything through, the second encoder keeps the takes alone."""
    whistle, _ = soundfile.read(recordings / "whistle1.wav", dtype="float32")
    sound = whistle[RATE // 2 : -RATE // 2]
    lower = np.interp(np.arange(0, len(sound) - 1, 0.5), np.arange(len(sound)), sound)
    stream = placed(noise(8.0), (1.0, np.asarray(lower, np.float32)), (5.0, sound))
    soundfile.write(tmp_path / "stream.wav", stream, RATE)
    call = ("listen", "--json", "--source", f"file:{tmp_path / 'stream.wav'}")
    lenient = (*call, "--threshold-offset=-1.5")
    assert len(wakesound(*lenient, "--no-history").out.splitlines()) > 2
    confirmed = wakesound(*lenient, "--confirm", "mini")
    assert confirmed.err == ""
    events = [json.loads(line) for line in confirmed.out.splitlines()[:-1]]
    assert [event["sound"] for event in events] == ["whistle"]
    shown = json.loads(wakesound("history", "--near", "--json").out)
    assert "refused: not confirmed by mini" in [entry["why"] for entry in shown]


def test_a_clap_checkpoint_confirms(
    checkpoint: Path, library: Path, recordings: Path, wakesound
) -> None:
    """From a folder, at another rate: what was enrolled still wakes, and it says the same twice."""
    call = (
        *("listen", "--json", "--source", f"file:{recordings / 'whistle1.wav'}"),
        *("--threshold-offset=-0.05", f"--confirm=clap:{checkpoint}"),
    )
    first = wakesound(*call)
    assert (first.status, first.err) == (0, "")
    assert json.loads(first.out.splitlines()[0])["sound"] == "whistle"
    assert list(library.glob("confirm-clap*.npz"))
    assert wakesound(*call).out == first.out


def test_a_second_encoder_that_is_none_is_one_line(library: Path, wakesound) -> None:
    """With what there is to choose from."""
    refused = wakesound("listen", "--confirm", "mimi", "--source", "-")
    assert refused.status == 2
    assert "mimi" in refused.err
    assert refused.err.count("\n") == 1
