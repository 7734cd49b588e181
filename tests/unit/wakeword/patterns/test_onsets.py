"""Where sounds begin."""

from __future__ import annotations

import numpy as np
import pytest

from wakeword.audio.frames import AudioFrame, FloatArray
from wakeword.patterns.onsets import Onset, OnsetDetector
from wakeword.testing import RATE, burst, frames, noise, placed, tone


def found(samples: FloatArray, size: int = 1600) -> list[Onset]:
    """All onsets of a stream."""
    detector = OnsetDetector(RATE)
    return [onset for frame in frames(samples, size) for onset in detector.push(frame)]


def test_each_clap_is_one_onset_in_its_place() -> None:
    """Claps 0.15 s apart are told apart, to a few hundredths of a second."""
    times = (1.0, 1.15, 1.4, 2.0)
    claps = [(at, burst(0.1, seed=i)) for i, at in enumerate(times)]
    onsets = found(placed(noise(3.0), *claps))
    assert [onset.position / RATE for onset in onsets] == pytest.approx(times, abs=0.03)


def test_a_tone_is_one_onset_however_it_glides() -> None:
    """A tone, and one that rises by an octave in half a second, begin once."""
    hz = np.geomspace(800, 1600, RATE // 2)
    fade = np.minimum(1.0, np.arange(len(hz))[::-1] / (0.05 * RATE))
    glide = (0.1 * fade * np.sin(2 * np.pi * np.cumsum(hz) / RATE)).astype(np.float32)
    onsets = found(placed(noise(4.0), (1.0, tone(1000, 0.5)), (2.5, glide)))
    assert [round(onset.position / RATE, 1) for onset in onsets] == [1.0, 2.5]


def test_steady_noise_has_next_to_no_onsets() -> None:
    """A minute of hiss holds a handful at most."""
    assert len(found(noise(60.0, level_db=-40.0))) <= 6


def test_the_size_of_the_frames_changes_nothing() -> None:
    """One sample less or more in a frame, or all at once: the same onsets."""
    stream = placed(noise(2.0), (0.5, burst(0.1)), (0.8, tone(700, 0.2)), (1.4, burst(0.1)))
    expected = [(o.position, o.rise_db) for o in found(stream)]
    for size in (160, 999, len(stream)):
        assert [(o.position, o.rise_db) for o in found(stream, size)] == expected


def test_onsets_of_one_thing_are_alike() -> None:
    """Two claps have spectra that are alike, a clap and a tone have not."""
    first, second, high = found(
        placed(noise(3.0), (0.5, burst(0.1)), (1.2, burst(0.1, seed=3)), (2.0, tone(3000, 0.2)))
    )
    assert first.likeness(second) > 0.9
    assert first.likeness(high) < 0.5
    assert first.likeness(first) == pytest.approx(1.0)


def test_it_begins_anew_after_a_reset() -> None:
    """After a reset positions count from where it is told, and nothing of before is left."""
    detector = OnsetDetector(RATE)
    stream = placed(noise(1.0), (0.5, burst(0.1)))
    first = detector.push(AudioFrame(stream, 0, RATE))
    detector.reset(5 * RATE)
    again = detector.push(AudioFrame(stream, 5 * RATE, RATE))
    assert [o.position - 5 * RATE for o in again] == [o.position for o in first]
