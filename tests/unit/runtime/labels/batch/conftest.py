from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from runtime.labels.batch import Job
from wakeword.encoders import create_encoder
from wakeword.labels import Classifier
from wakeword.testing import RATE, noise, tone

LABELS = ("glass breaking", "狗叫", "whistling")

MakeJob = Callable[..., Job]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty recordings at two rates, one of them in a folder, and three bad ones."""
    place = tmp_path / "recordings"
    (place / "sub").mkdir(parents=True)
    for number in range(19):
        rate = RATE if number % 2 else 22_050
        seconds = 0.3 + 0.37 * number
        samples = tone(300.0 + 200 * number, seconds, rate) + noise(seconds, rate, seed=number)
        soundfile.write(place / f"{number:02}.wav", samples, rate)
    soundfile.write(place / "sub" / "long.flac", noise(40.0, level_db=-30.0), RATE)
    (place / "05-not-audio.wav").write_text("words")
    (place / "06-empty.ogg").touch()
    (place / "07-phone.m4a").write_bytes(b"\0\0\0\x18ftypM4A ")
    (place / "notes.txt").write_text("no recording")
    (place / ".hidden.wav").write_text("not looked at")
    return place


@pytest.fixture(scope="session")
def _classifier() -> Classifier:
    return Classifier(create_encoder("mini"))


@pytest.fixture
def make_job(folder: Path, _classifier: Classifier) -> MakeJob:
    """A job for the folder: ``make_job(labels=..., closed=..., keep_slices=...)``."""

    def make(
        labels: tuple[str, ...] = LABELS, *, closed: bool = False, keep_slices: bool = False
    ) -> Job:
        question = _classifier.question(labels, closed=closed)
        return Job.of(folder, _classifier, question, encoder="mini", keep_slices=keep_slices)

    return make


@pytest.fixture
def damaged(folder: Path) -> Path:
    """A recording of ten seconds whose end is no audio."""
    path = folder / "10-damaged.flac"
    soundfile.write(path, noise(10.0, level_db=-20.0), RATE)
    content = bytearray(path.read_bytes())
    content[len(content) * 3 // 4 :] = b"\x55" * (len(content) - len(content) * 3 // 4)
    path.write_bytes(content)
    return path
