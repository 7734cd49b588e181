from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

pytest.importorskip("torch", reason="needs the clap extra")
pytest.importorskip("transformers", reason="needs the clap extra")

from runtime.labels.batch import Job
from runtime.labels.batch.hearer import Hearer
from runtime.labels.batch.job import Recording
from tests import clap_checkpoint
from wakeword.audio.reading import read_audio
from wakeword.encoders import create_encoder
from wakeword.labels import Classifier
from wakeword.testing import noise

RATE = 48_000


def test_slices_of_four_seconds_at_most(tmp_path: Path) -> None:
    """CLAP could hear ten seconds at a time; here it hears four, overlapping by half."""
    spec = f"clap:{clap_checkpoint.build(tmp_path / 'clap', fused=False)}"
    samples = noise(9.0, RATE, level_db=-20.0)
    soundfile.write(tmp_path / "nine.wav", samples, RATE)
    classifier = Classifier(create_encoder(spec), window_seconds=4.0)
    question = classifier.question(["dog bark", "glass break"])
    job = Job.of(tmp_path, classifier, question, encoder=spec, keep_slices=True)
    (row,) = Hearer(job)((Recording("nine.wav", 1, 1),))
    spans = [tuple(values[:2]) for values in row["timeline"]]
    assert spans == [(0.0, 4.0), (2.0, 6.0), (4.0, 8.0), (5.0, 9.0)]
    alone = classifier.classify(read_audio(tmp_path / "nine.wav").samples, question)
    assert row["scores"] == pytest.approx(dict(alone.scores), abs=2e-6)
