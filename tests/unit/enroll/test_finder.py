"""Finding the sounds in a recording."""

from __future__ import annotations

import numpy as np
import pytest

from enroll.finder import MARGIN_SECONDS, find_takes
from wakeword.audio.reading import AudioClip
from wakeword.errors import TakeRejected
from wakeword.testing import burst, noise, placed, silence, tone

RATE = 16000


def clip(samples, rate=RATE):
    return AudioClip(samples, rate)


def spans(samples, rate=RATE):
    """Where the sounds are in the recording: found again by their samples."""
    found = []
    for take in find_takes(clip(samples, rate)):
        same = np.flatnonzero(samples == take.samples[0])
        offset = next(
            i for i in same if np.array_equal(samples[i : i + len(take.samples)], take.samples)
        )
        found.append(((offset + take.start) / rate, (offset + take.end) / rate))
    return found


def test_edges_of_a_tone_are_found_to_a_few_hundredths():
    """A tone in a quiet room begins and ends where it does."""
    room = noise(3.0, level_db=-70.0)
    ((start, end),) = spans(placed(room, (1.0, tone(1000.0, 0.5))))
    assert start == pytest.approx(1.0, abs=0.04)
    assert end == pytest.approx(1.5, abs=0.05)


def test_take_keeps_real_room_around_the_sound():
    """The margins are the recording's own samples, 0.3 s on both sides."""
    room = noise(3.0, level_db=-70.0)
    samples = placed(room, (1.0, tone(1000.0, 0.5)))
    (take,) = find_takes(clip(samples))
    assert take.start == pytest.approx(MARGIN_SECONDS * RATE, abs=2)
    assert len(take.samples) - take.end == pytest.approx(MARGIN_SECONDS * RATE, abs=2)
    assert np.count_nonzero(take.samples == 0.0) == 0


def test_several_sounds_are_several_takes():
    """Sounds further apart than the hangover are offered one by one."""
    room = noise(5.0, level_db=-70.0)
    beeps = placed(room, *((t, tone(900.0, 0.3)) for t in (0.5, 1.5, 2.5, 3.5)))
    assert [round(start, 1) for start, _ in spans(beeps)] == [0.5, 1.5, 2.5, 3.5]


def test_sounds_close_together_are_one():
    """A double beep with 0.2 s between is one sound."""
    room = noise(3.0, level_db=-70.0)
    ((start, end),) = spans(placed(room, (1.0, tone(900.0, 0.2)), (1.4, tone(900.0, 0.2))))
    assert end - start == pytest.approx(0.6, abs=0.08)


def test_margins_do_not_reach_into_the_neighbour():
    """Between two sounds 0.4 s apart, neither take holds a part of the other."""
    room = noise(4.0, level_db=-75.0)
    first, second = find_takes(
        clip(placed(room, (1.0, tone(500.0, 0.3)), (1.7, tone(3000.0, 0.3))))
    )
    spectrum = np.abs(np.fft.rfft(first.samples))
    hz = np.fft.rfftfreq(len(first.samples), 1 / RATE)
    assert spectrum[np.argmin(abs(hz - 3000.0))] < 0.01 * spectrum[np.argmin(abs(hz - 500.0))]
    assert second.start <= MARGIN_SECONDS * RATE


def test_decaying_tails_do_not_glue_sounds_together():
    """Two strikes that ring on for a second are two sounds."""
    ring = tone(1200.0, 1.0) * np.exp(-np.arange(RATE) / RATE * 9.0).astype(np.float32)
    room = noise(4.0, level_db=-80.0)
    assert len(spans(placed(room, (0.5, ring), (1.7, ring)))) == 2


def test_recording_that_begins_in_the_sound():
    """A sound at the very start is found although no room came before it."""
    room = noise(2.0, level_db=-70.0)
    ((start, end),) = spans(placed(room, (0.0, tone(1000.0, 0.5))))
    assert start == 0.0
    assert end == pytest.approx(0.5, abs=0.05)


def test_recording_that_ends_in_the_sound():
    """A sound that is cut off by the end reaches to it."""
    samples = placed(noise(2.0, level_db=-70.0), (1.5, tone(1000.0, 0.5)))
    (take,) = find_takes(clip(samples))
    assert take.end == pytest.approx(len(take.samples), abs=300)


@pytest.mark.parametrize("seconds", [0.05, 0.12, 0.5, 2.0])
def test_tight_crop_is_the_sound(seconds):
    """A constant tone without anything around it is taken whole."""
    samples = tone(1000.0, seconds)
    (take,) = find_takes(clip(samples))
    assert take.sound_seconds == pytest.approx(seconds, abs=0.03)


def test_click_of_a_few_milliseconds_is_found():
    """The shortest tap has a length of hundredths, not of a smoothed tenth."""
    samples = placed(noise(2.0, level_db=-75.0), (1.0, burst(0.02, level_db=-15.0)))
    ((start, end),) = spans(samples)
    assert start == pytest.approx(1.0, abs=0.03)
    assert 0.01 <= end - start <= 0.08


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 22050, 44100, 48000])
def test_any_rate(rate):
    """The same beeps are found at any rate, and the takes keep it."""
    room = noise(3.0, rate, level_db=-70.0)
    samples = placed(room, (0.7, tone(900.0, 0.3, rate)), (1.9, tone(900.0, 0.3, rate)), rate=rate)
    takes = find_takes(clip(samples, rate))
    assert [take.rate for take in takes] == [rate, rate]
    assert [take.sound_seconds for take in takes] == pytest.approx([0.3, 0.3], abs=0.08)


@pytest.mark.parametrize("rate", [96000, 192000, 705600])
def test_very_high_rates_are_brought_down(rate):
    """No encoder hears more than 48 kHz holds, and not every file format takes more."""
    samples = placed(noise(1.0, rate, level_db=-70.0), (0.3, tone(900.0, 0.3, rate)), rate=rate)
    (take,) = find_takes(clip(samples, rate))
    assert take.rate == 48000
    assert take.sound_seconds == pytest.approx(0.3, abs=0.08)
    take.encoded()


def test_levels_are_those_of_the_loudest_moment():
    """Level and signal-to-noise ratio are told in dB, whatever the offset of the microphone."""
    samples = placed(noise(3.0, level_db=-60.0), (1.0, tone(1000.0, 0.5, level_db=-20.0)))
    (take,) = find_takes(clip(samples + np.float32(0.05)))
    assert take.level_db == pytest.approx(-20.0, abs=1.0)
    assert take.snr_db > 38.0


def test_rumble_outside_of_the_sounds_bands_is_no_noise():
    """A click over the hum of a fan counts by the bands that it has for itself."""
    hum = tone(70.0, 3.0, level_db=-25.0)
    samples = placed(hum, (1.0, tone(4000.0, 0.2, level_db=-30.0)))
    (take,) = find_takes(clip(samples))
    assert take.sound_seconds < 0.5
    assert take.snr_db > 25.0


def test_small_noises_beside_the_sound_are_left_out():
    """What is much quieter than the loudest sound is not offered as another take."""
    samples = placed(
        noise(4.0, level_db=-80.0),
        (1.0, tone(1000.0, 0.3, level_db=-10.0)),
        (2.5, tone(300.0, 0.1, level_db=-40.0)),
    )
    assert len(spans(samples)) == 1


@pytest.mark.parametrize(
    ("samples", "told"),
    [
        (silence(2.0), "silent"),
        (silence(1.0)[:1], "silent"),
        (noise(2.0, level_db=-55.0), "no sound stands out"),
        (noise(12.0, level_db=-30.0), "no sound stands out"),
        (silence(301.0), "301 s long; at most 300 s"),
    ],
    ids=["silence", "one sample", "a room", "loud noise", "too long"],
)
def test_without_a_sound_the_reason_is_told(samples, told):
    """A recording without a sound is refused with the reason."""
    with pytest.raises(TakeRejected, match=told):
        find_takes(clip(samples))


def test_the_same_recording_gives_the_same_takes():
    """Nothing is random."""
    samples = placed(noise(3.0, level_db=-60.0), (1.0, burst(0.4)), (2.0, burst(0.3, seed=1)))
    first, second = find_takes(clip(samples)), find_takes(clip(samples))
    assert [t.encoded() for t in first] == [t.encoded() for t in second]
