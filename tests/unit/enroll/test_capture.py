"""Takes from a microphone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from enroll.capture import Capture, Reading
from enroll.finder import MARGIN_SECONDS
from wakeword.errors import DeadSource, SilentSource
from wakeword.library.recordings import Take
from wakeword.testing import RATE, ArraySource, FedSource, burst, noise, placed, tone


def room(seconds: float, rate: int = RATE) -> np.ndarray:
    """A quiet one."""
    return noise(seconds, rate, level_db=-65.0)


def captured(samples: np.ndarray, rate: int = RATE, **options: Any) -> list[Reading | Take]:
    """All that a capture of these samples gives."""
    return list(Capture(ArraySource(samples, rate, size=777), **options))


def takes(samples: np.ndarray, rate: int = RATE, **options: Any) -> list[Take]:
    """The takes among it."""
    return [item for item in captured(samples, rate, **options) if isinstance(item, Take)]


@pytest.mark.parametrize("rate", [11025, 16000, 44100, 48000])
def test_each_sound_is_a_take_at_the_microphones_rate(rate):
    """Three beeps, three takes, cut where the beeps are."""
    beeps = [(t, tone(800.0, 0.4, rate)) for t in (1.5, 3.0, 4.5)]
    found = takes(placed(room(6.0, rate), *beeps, rate=rate), rate)
    assert [take.rate for take in found] == [rate] * 3
    assert [take.sound_seconds for take in found] == pytest.approx([0.4] * 3, abs=0.06)
    assert [take.start / rate for take in found] == pytest.approx([MARGIN_SECONDS] * 3, abs=0.02)


def test_a_take_comes_as_soon_as_the_sound_is_over():
    """It does not wait for the end of the stream or for the next sound."""
    items = captured(placed(room(8.0), (2.0, tone(800.0, 0.5))))
    at = next(index for index, item in enumerate(items) if isinstance(item, Take))
    assert at * 0.05 == pytest.approx(2.5 + MARGIN_SECONDS, abs=0.25)


def test_the_meter_reads_twenty_times_a_second():
    """Level, clipping and whether a sound is being recorded."""
    loud = np.clip(tone(800.0, 0.5) * 20.0, -1.0, 1.0)
    items = captured(placed(room(4.0), (1.5, tone(800.0, 0.5)), (3.0, loud)))
    readings = [item for item in items if isinstance(item, Reading)]
    assert len(readings) == 80
    assert readings[24].level_db == pytest.approx(-65.0, abs=1.0)
    assert readings[35].level_db == pytest.approx(-20.0, abs=1.0)
    assert [readings[i].active for i in (24, 35, 55)] == [False, True, False]
    assert [readings[i].clipped for i in (35, 65)] == [False, True]
    assert [readings[i].settling for i in (0, 19, 20)] == [True, True, False]


def test_the_room_is_listened_to_first():
    """What sounds in the first second is no take, and the room's level is known."""
    capture = Capture(ArraySource(placed(room(4.0), (0.3, burst(0.2)), (2.0, burst(0.2)))))
    assert len([item for item in capture if isinstance(item, Take)]) == 1
    quiet = Capture(ArraySource(room(1.5)))
    list(quiet)
    assert quiet.room_db == pytest.approx(-65.0, abs=0.5)


def test_a_sound_that_goes_on_is_cut():
    """After six seconds of ringing there is a take all the same."""
    samples = placed(room(14.0), (1.5, tone(800.0, 12.0)))
    first = takes(samples)[0]
    assert first.sound_seconds < 8.0


def test_the_stream_may_end_in_the_sound():
    """What was recorded until then is a take."""
    (take,) = takes(placed(room(2.2), (1.8, tone(800.0, 0.4))))
    assert take.sound_seconds == pytest.approx(0.4, abs=0.06)


def test_the_last_samples_are_heard_too():
    """A sound in less than the last block of the stream is no less a sound."""
    (take,) = takes(placed(room(2.04), (2.0, burst(0.04))))
    assert take.sound_seconds == pytest.approx(0.04, abs=0.02)


def test_nothing_heard_is_an_error_that_names_the_microphone():
    """Silence is waited through for the patience and not for ever."""
    with pytest.raises(SilentSource, match="no sound from array for 3 s"):
        captured(room(8.0), patience_seconds=3.0)
    captured(room(3.5), patience_seconds=3.0)  # the room's second does not count


def test_readings_say_how_long_a_sound_is_waited_for():
    """Silence is no error for minutes; whoever shows the meter can give a hint."""
    items = captured(placed(room(16.0), (13.0, tone(800.0, 0.4))))
    readings = [item for item in items if isinstance(item, Reading)]
    waited = [reading.waited_seconds for reading in readings]
    assert waited[:20] == [0.0] * 20
    assert waited[239] == pytest.approx(11.0, abs=0.1)
    assert waited[-1] == pytest.approx(16.0 - 13.4 - MARGIN_SECONDS, abs=0.2)


def test_digital_silence_of_a_microphone_is_an_error():
    """A muted microphone is told from a quiet room within seconds; a recording is not accused."""
    source = FedSource()
    source.feed(np.zeros(6 * RATE, np.float32))
    source.end()
    with pytest.raises(DeadSource, match="nothing but digital silence"):
        list(Capture(source))
    assert captured(np.zeros(6 * RATE, np.float32))


def test_each_take_renews_the_patience():
    """Who makes a sound every two seconds is not hurried."""
    beeps = [(t, tone(800.0, 0.3)) for t in (2.0, 4.5, 7.0, 9.5)]
    assert len(takes(placed(room(11.0), *beeps), patience_seconds=3.0)) == 4


def test_lost_audio_spoils_no_take():
    """A take with a hole in it is dropped; the room is listened to anew."""
    source = FedSource()
    whole = placed(room(8.0), (1.5, tone(800.0, 0.6)), (4.5, tone(800.0, 0.4)))
    source.feed(whole[: round(1.8 * RATE)])
    source.lose(RATE // 10)
    source.feed(whole[round(1.9 * RATE) :])
    source.end()
    (take,) = [item for item in Capture(source) if isinstance(item, Take)]
    assert take.sound_seconds == pytest.approx(0.4, abs=0.06)
