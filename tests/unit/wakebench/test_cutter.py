"""Events are found by loudness alone."""

from __future__ import annotations

import numpy as np
import pytest

from wakebench.cutter import cut
from wakeword.testing import RATE, noise, placed, silence, tone


def seconds(spans):
    return [(start / RATE, end / RATE) for start, end in spans]


def test_repeats_in_one_recording_are_cut_apart():
    samples = placed(noise(4.0), (0.5, tone(900, 0.4)), (2.0, tone(900, 0.3)))
    assert seconds(cut(samples, RATE)) == [
        (pytest.approx(0.5, abs=0.03), pytest.approx(0.9, abs=0.03)),
        (pytest.approx(2.0, abs=0.03), pytest.approx(2.3, abs=0.03)),
    ]


def test_a_short_pause_belongs_to_the_event():
    samples = placed(noise(3.0), (0.5, tone(900, 0.2)), (0.85, tone(900, 0.2)))
    assert len(cut(samples, RATE)) == 1


def test_a_much_quieter_piece_is_not_another_repeat():
    quiet = tone(900, 0.3, level_db=-38.0)
    samples = placed(noise(4.0, level_db=-80.0), (0.5, tone(900, 0.3)), (2.0, quiet))
    assert len(cut(samples, RATE)) == 1


def test_a_short_recording_without_pauses_is_one_event():
    assert cut(tone(900, 0.25), RATE) == [(0, round(0.25 * RATE))]


def test_long_steady_sound_is_no_event():
    assert cut(noise(20.0, level_db=-20.0), RATE) == []


def test_nothing_is_in_silence_or_in_no_samples():
    assert cut(silence(2.0), RATE) == []
    assert cut(np.zeros(0, np.float32), RATE) == []


def test_level_does_not_matter():
    samples = placed(noise(3.0), (1.0, tone(900, 0.4)))
    assert cut(samples, RATE) == cut((0.1 * samples).astype(np.float32), RATE)
