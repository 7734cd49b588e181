from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from runtime.labels.evaluation import evaluate, in_language
from wakeword.encoders import create_encoder
from wakeword.errors import AudioDecodeError, ConfigError
from wakeword.labels import NONE, Classifier
from wakeword.labels.accuracy import TrueLabel
from wakeword.testing import RATE, NamedTones, silence, tone

LOW, HIGH = "tone of 400 hertz", "tone of 3000 hertz"


@pytest.fixture
def clips(tmp_path: Path) -> list[TrueLabel]:
    sounds = {"a": (400, LOW), "b": (3000, HIGH), "c": (3000, LOW)}
    found = []
    for name, (hertz, label) in sounds.items():
        soundfile.write(tmp_path / f"{name}.wav", tone(hertz, 1.2, 44100), 44100)
        found.append(TrueLabel(tmp_path / f"{name}.wav", label))
    soundfile.write(tmp_path / "d.wav", silence(1.0), RATE)
    return [*found, TrueLabel(tmp_path / "d.wav", NONE)]


def test_clips_are_counted(clips: list[TrueLabel]) -> None:
    """Each clip counts as what scores best, whatever its rate; nothing is none of these."""
    told = []
    found = evaluate(Classifier(NamedTones()), clips, progress=lambda *at: told.append(at))
    result, names = found["written"]
    assert dict(result.counts) == {(LOW, LOW): 1, (HIGH, HIGH): 1, (LOW, HIGH): 1, (NONE, NONE): 1}
    assert result.accuracy == 0.75
    assert names == {LOW: LOW, HIGH: HIGH}
    assert told[-1] == (4, 4)


def test_both_languages_in_one_go(tmp_path: Path) -> None:
    """Labels are called by the names of each language; mini scores both alike."""
    soundfile.write(tmp_path / "a.wav", tone(1000, 1.0), RATE)
    clips = [TrueLabel(tmp_path / "a.wav", "glass breaking"), TrueLabel(tmp_path / "a.wav", "狗叫")]
    found = evaluate(Classifier(create_encoder("mini")), clips, ("en", "zh"), ["rain"], True)
    assert found["en"][1] == {
        "glass breaking": "glass breaking",
        "狗叫": "dog barking",
        "rain": "rain",
    }
    assert found["zh"][1] == {"glass breaking": "玻璃破碎", "狗叫": "狗叫", "rain": "雨"}
    assert found["en"][0] == found["zh"][0]


def test_a_label_without_a_name_in_a_language() -> None:
    """An error, not another label."""
    with pytest.raises(ConfigError, match="zh name"):
        in_language("quantum flux", "zh")


def test_a_missing_clip_is_told(clips: list[TrueLabel], tmp_path: Path) -> None:
    """The error names the file."""
    with pytest.raises(AudioDecodeError, match=r"gone\.wav"):
        evaluate(Classifier(NamedTones()), [*clips, TrueLabel(tmp_path / "gone.wav", LOW)])
