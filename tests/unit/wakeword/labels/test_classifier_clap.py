"""Labels through a real CLAP, small and of random weights, held against transformers."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the clap extra")
transformers = pytest.importorskip("transformers", reason="needs the clap extra")

from tests import clap_checkpoint  # noqa: E402
from wakeword.encoders.clap import ClapEncoder  # noqa: E402
from wakeword.labels import Classifier  # noqa: E402

RATE = 48_000
LABELS = ["dog bark", "glass break", "smoke alarm", "whistle", "door bell"]


@pytest.fixture(scope="module", params=["fused", "unfused"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny CLAP of either kind."""
    kind = str(request.param)
    return clap_checkpoint.build(tmp_path_factory.mktemp(kind), fused=kind == "fused")


@pytest.mark.parametrize("seconds", [0.3, 2.0, 5.0, 10.0])
def test_closed_equals_the_pipeline(checkpoint: Path, seconds: float) -> None:
    """The scores are those of transformers' zero-shot pipeline, to 1e-4, up to ten seconds."""
    time = np.arange(round(seconds * RATE)) / RATE
    random = np.random.default_rng(int(10 * seconds))
    samples = (np.sin(2 * np.pi * 900 * time) * 0.2 + 0.05 * random.normal(size=len(time))).astype(
        np.float32
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = transformers.pipeline("zero-shot-audio-classification", model=str(checkpoint))
        wanted = {row["label"]: row["score"] for row in pipeline(samples, candidate_labels=LABELS)}
    heard = Classifier(ClapEncoder(checkpoint, "clap:here")).classify(samples, LABELS, closed=True)
    assert heard.scores == pytest.approx(wanted, abs=1e-4)
    assert len(heard.windows) == 1
    assert np.ptp([*wanted.values()]) > 0.05


def test_open_mode_with_a_window(checkpoint: Path) -> None:
    """Free text works, shorter windows too, and nothing is random."""
    classifier = Classifier(ClapEncoder(checkpoint, "clap:here"), window_seconds=2.0)
    samples = np.random.default_rng(0).normal(scale=0.1, size=5 * RATE).astype(np.float32)
    heard = classifier.classify(samples, ["coffee machine", "vacuum cleaner", "吹风机"])
    assert len(heard.windows) == 4
    assert sum(heard.scores.values()) + heard.none == pytest.approx(1.0)
    assert heard.wordings[2].text == "hair dryer"
    assert classifier.classify(samples, ["coffee machine", "vacuum cleaner", "吹风机"]) == heard
