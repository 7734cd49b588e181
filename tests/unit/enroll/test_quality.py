"""Whether a take is good enough, and how that is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from enroll.quality import (
    check_level,
    check_likeness,
    check_others,
    check_take,
    clipped_share,
)
from wakeword.library.recordings import Take
from wakeword.testing import RATE, tone

GOOD = Take(tone(1000.0, 1.0), RATE, 4000, 12000, level_db=-20.0, snr_db=40.0)


def vectors(*degrees: float) -> np.ndarray:
    """Three equal windows for each angle, as a take of a sound that does not change."""
    radians = np.radians(degrees)
    return np.repeat(np.stack([np.cos(radians), np.sin(radians)], axis=1), 3, axis=0)


def told(take: Take) -> dict[str, bool]:
    """Codes of what is found, and whether it is refused."""
    return {finding.code: finding.refused for finding in check_take(take, "take 2")}


def test_a_good_take_is_not_commented_on():
    """Nothing is said where nothing is wrong."""
    assert check_take(GOOD, "take 1") == []


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"level_db": -50.0}, {"quiet": False}),
        ({"level_db": -65.0}, {"quiet": True}),
        ({"snr_db": 12.0}, {"noisy": False}),
        ({"snr_db": 2.0}, {"noisy": True}),
        ({"samples": GOOD.samples[:1500], "start": 0, "end": 1500}, {"short": True}),
        ({"samples": GOOD.samples[:2000], "start": 0, "end": 2000}, {}),
        ({"samples": tone(1000.0, 6.0), "start": 0, "end": 6 * RATE}, {"long": False}),
        ({"samples": tone(1000.0, 11.0), "start": 0, "end": 11 * RATE}, {"long": True}),
        ({"level_db": -50.0, "snr_db": 12.0}, {"quiet": False, "noisy": False}),
    ],
)
def test_each_problem_is_found(changes, found):
    """What is bad is warned about, what is hopeless refused."""
    assert told(replace(GOOD, **changes)) == found


def test_messages_name_the_take_the_number_and_what_to_do():
    """A person can act on it."""
    (finding,) = check_take(replace(GOOD, level_db=-51.6), "take 2")
    assert finding.message == (
        "take 2 is too quiet (-52 dBFS); make it louder or closer to the microphone"
    )


@pytest.mark.parametrize(("gain", "found"), [(1.0, {}), (1.6, {"clipped": True})])
def test_flat_tops_are_clipping(gain, found):
    """A sine driven beyond the scale is refused, one that just fills it is not."""
    samples = np.clip(gain * np.sin(np.arange(RATE) * 2 * np.pi * 440 / RATE) * 0.985, -1, 1)
    assert told(replace(GOOD, samples=samples.astype(np.float32))) == found


def test_single_full_scale_samples_are_no_clipping():
    """A flat top has at least three samples in a row."""
    samples = np.zeros(1000, np.float32)
    samples[::10] = 1.0
    assert clipped_share(samples) == 0.0
    samples[500:505] = -1.0
    assert clipped_share(samples) == pytest.approx(0.005)


def test_a_take_much_quieter_than_the_others_is_told():
    """The number is the distance to the others' middle."""
    (finding,) = check_level([-20.0, -38.0, -19.0, -21.0], 1, "take 2")
    assert "take 2 is 18 dB quieter than the others" in finding.message
    assert not finding.stops
    assert check_level([-20.0, -38.0, -19.0, -21.0], 0, "take 1") == []
    assert check_level([-50.0], 0, "take 1") == []


def test_the_odd_one_out_is_found():
    """Of three takes of one sound and one of another, it is the other."""
    takes = [vectors(0.0), vectors(8.0), vectors(80.0), vectors(4.0)]
    found = [check_likeness(takes, index, f"take {index + 1}") for index in range(4)]
    assert [bool(findings) for findings in found] == [False, False, True, False]
    assert found[2][0].message.startswith("take 3 does not sound like the others (likeness 0.31")
    assert found[2][0].stops


def test_two_of_another_kind_are_no_odd_ones_out():
    """Another person's two takes are as welcome if they are like each other, even if they are
    less so than the others; two that have nothing in common are told, each of them."""
    same = [vectors(0.0), vectors(2.0), vectors(4.0)]
    for angle, told in ((20.0, False), (45.0, False), (60.0, True)):
        takes = [*same, vectors(100.0), vectors(100.0 + angle)]
        found = [bool(check_likeness(takes, index, "")) for index in range(5)]
        assert found == [False, False, False, told, told]


def test_takes_that_all_differ_are_not_called_odd():
    """Where no two are alike, no one is unlike the rest; nor is there an odd one of two."""
    assert check_likeness([vectors(0.0), vectors(60.0), vectors(120.0)], 0, "") == []
    assert check_likeness([vectors(0.0), vectors(90.0)], 0, "") == []


def test_a_sound_like_an_enrolled_one_is_told():
    """Takes that lie among those of another sound would be taken for it."""
    takes = [vectors(0.0), vectors(8.0), vectors(16.0)]
    others = {"bell": [vectors(4.0), vectors(12.0)], "dog": [vectors(90.0)]}
    (finding,) = check_others(takes, others, {"bell": 0.9, "dog": 0.9})
    assert finding.stops
    assert "too like 'bell'" in finding.message


def test_neighbours_with_room_between_them_are_fine():
    """A sound beyond the other's threshold, or much nearer to itself, is another sound."""
    takes = [vectors(0.0), vectors(1.0), vectors(2.0)]
    assert check_others(takes, {"bell": [vectors(30.0)]}, {"bell": 0.8}) == []
    assert check_others(takes, {"bell": [vectors(5.0)]}, {"bell": 0.9999}) == []


def test_a_sound_without_takes_is_like_no_other():
    """Words alone have no takes to compare: nothing is found, and numpy does not warn."""
    assert check_others([], {"bell": [vectors(10.0)]}, {"bell": 0.9}) == []


def test_a_single_take_goes_by_the_other_sounds_threshold():
    """Without takes to compare with, what would wake the other sound is too like it."""
    assert check_others([vectors(0.0)], {"bell": [vectors(10.0)]}, {"bell": 0.9})
    assert not check_others([vectors(0.0)], {"bell": [vectors(40.0)]}, {"bell": 0.9})
