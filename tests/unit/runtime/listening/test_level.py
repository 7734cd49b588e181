"""How loud it is."""

from __future__ import annotations

import pytest

from runtime.listening.loop import LevelMeter
from wakeword.audio.frames import SILENCE_DB, AudioFrame, FloatArray
from wakeword.testing import RATE, frames, noise, silence, tone


def _levels(samples: FloatArray, size: int = 1600) -> list[float]:
    """The meter after each frame."""
    meter = LevelMeter()
    levels = []
    for frame in frames(samples, size):
        meter.push(frame)
        levels.append(meter.level_db)
    return levels


def test_nothing_is_silent() -> None:
    """Before the first frame, and with digital silence."""
    assert LevelMeter().level_db == SILENCE_DB
    assert _levels(silence(0.5))[-1] == SILENCE_DB


def test_level_is_that_of_the_sound() -> None:
    """RMS in dBFS, as a number that JSON can hold."""
    level = _levels(noise(1.0, level_db=-40.0))[-1]
    assert type(level) is float
    assert level == pytest.approx(-40.0, abs=1.0)


def test_a_clap_is_seen_for_a_second() -> None:
    """The loudest frame counts until it is a second old."""
    meter = LevelMeter()
    meter.push(AudioFrame(tone(440, 0.1, level_db=-12.0), 0, RATE))
    seen = []
    for number in range(1, 13):
        meter.push(AudioFrame(noise(0.1, level_db=-60.0, seed=number), number * 1600, RATE))
        seen.append(meter.level_db > -20.0)
    assert seen == [True] * 9 + [False] * 3
