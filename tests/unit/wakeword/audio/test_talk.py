"""Whether somebody talks, before audio is kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wakeword.audio.reading import read_audio
from wakeword.audio.resampling import resample
from wakeword.audio.speech import TalkJudge
from wakeword.embedding.embedder import view_dim
from wakeword.embedding.weights import asset
from wakeword.encoders import create_encoder
from wakeword.engine import Engine
from wakeword.events import Window
from wakeword.protocols import Encoder
from wakeword.scoring.scorer import Scorer
from wakeword.testing import RATE, ToneEncoder, frames, tone

DATA = Path(__file__).parents[4].parent / "shared" / "data" / "audio"


def windows(path: Path, encoder: Encoder, seconds: float = 6.0) -> list[Window]:
    """What the engine hears of a file."""
    seen: list[Window] = []
    nothing = Scorer(np.zeros((0, view_dim(encoder)), np.float32), [], {})
    engine = Engine(nothing, encoder, observer=lambda window, _: seen.append(window))
    clip = read_audio(path)  # Opus is decoded at 48 kHz
    samples = resample(clip.samples, clip.rate, RATE)
    for frame in frames(samples[: round(seconds * RATE)], 1600):
        engine.push(frame)
    return seen


def test_a_whistle_is_no_talk() -> None:
    """The demo's whistles may be kept, though a voice detector takes them for voices."""
    encoder = create_encoder("mini")
    judge = TalkJudge(encoder)
    heard = windows(asset("demo", "whistle_1.flac"), encoder)
    assert heard
    assert not any(judge(window) for window in heard)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the development recordings")
def test_talk_is_noticed() -> None:
    """Each of some recordings of talk holds windows that are noticed, most of them."""
    encoder = create_encoder("mini")
    judge = TalkJudge(encoder)
    paths = sorted(DATA.glob("Picovoice__speech*/**/*.ogg"))[::40][:8]
    assert paths
    shares = [np.mean([judge(w) for w in windows(path, encoder)] or [True]) for path in paths]
    assert min(shares) > 0.0
    assert np.median(shares) > 0.8


def test_without_words_the_voice_detector_decides() -> None:
    """An encoder that knows no words cannot be asked; a tone below 4 kHz is then taken for talk."""
    judge = TalkJudge(ToneEncoder())
    assert judge(Window(tone(440, 0.5), 0, 0, RATE))
    assert not judge(Window(tone(6000, 0.5), 0, 0, RATE))
