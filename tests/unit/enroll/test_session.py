"""Enrolling from takes, step by step."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enroll.finder import find_takes
from enroll.session import Enrollment
from wakeword.audio.reading import AudioClip
from wakeword.engine import Engine
from wakeword.errors import (
    AudioDecodeError,
    ConfigError,
    EncoderMismatch,
    EnrollmentStopped,
    LibraryError,
    SoundExists,
    TakeRejected,
)
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.testing import RATE, ToneEncoder, frames, make_library, noise, placed, tone

ENCODER = ToneEncoder()


def recording(hz: float, seed: int = 0, level_db: float = -20.0) -> Take:
    """A beep in a room."""
    beep = tone(hz, 0.4, level_db=level_db)
    samples = placed(noise(1.5, level_db=-70.0, seed=seed), (0.5, beep))
    (take,) = find_takes(AudioClip(samples, RATE))
    return take


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """An empty one."""
    return SoundLibrary(tmp_path / "library")


def begin(library: SoundLibrary, name: str = "beep", **options: object) -> Enrollment:
    """An enrollment with the tone encoder."""
    return Enrollment(library, ENCODER, "tone", name, **options)  # type: ignore[arg-type]


def test_enrolled_sound_is_heard(library):
    """What was enrolled wakes the engine at the place where it sounds again."""
    enrollment = begin(library)
    for seed in range(3):
        assert enrollment.add(recording(1000.0, seed)) == []
    result = enrollment.finish()
    assert result.findings == ()
    assert library.get("beep") == result.sound
    engine = Engine(library, ENCODER)
    stream = placed(noise(5.0, level_db=-70.0, seed=7), (2.0, tone(1000.0, 0.4)))
    events = [event for frame in frames(stream, 1600) for event in engine.push(frame)]
    assert [event.sound for event in events] == ["beep"]
    assert events[0].start_seconds < 2.0 < events[0].end_seconds


def test_nothing_is_written_before_the_end(library):
    """An enrollment that is given up leaves no trace."""
    begin(library).add(recording(1000.0))
    assert not library.folder.exists()


def test_same_takes_give_the_same_sound(tmp_path):
    """Two libraries from the same takes differ in nothing but the date."""
    records = []
    for folder in ("one", "two"):
        library = SoundLibrary(tmp_path / folder)
        enrollment = begin(library)
        for seed in range(3):
            enrollment.add(recording(1000.0 + 9 * seed, seed))
        enrollment.finish()
        text = (library.folder / "sounds" / "beep" / "sound.json").read_text()
        records.append({**json.loads(text), "created": ""})
    assert records[0] == records[1]
    one, two = (SoundLibrary(tmp_path / f).vectors(ENCODER) for f in ("one", "two"))
    assert one.keys() == two.keys()
    assert all(np.array_equal(one[file], two[file]) for file in one)


def test_fitted_on_what_is_stored(library):
    """The vectors behind the threshold are those that the library gives back later."""
    take = recording(1000.0)
    enrollment = begin(library)
    enrollment.add(replace(take, samples=take.samples + np.float32(1e-6)))
    (sound,) = [enrollment.finish().sound]
    stored = library.take("beep", sound.takes[0].file)
    assert np.array_equal(stored.samples, enrollment.takes[0].samples)
    assert (stored.start, stored.end) == (take.start, take.end)


def test_a_refused_take_is_not_kept_even_by_force(library):
    """What cannot serve as a take cannot be forced."""
    enrollment = begin(library, force=True)
    (finding,) = enrollment.add(replace(recording(1000.0), level_db=-65.0))
    assert finding.refused
    assert enrollment.takes == []
    with pytest.raises(TakeRejected, match="no take of 'beep'"):
        enrollment.finish()


def test_the_same_recording_twice_is_refused(library):
    """A copy teaches nothing and would make the likeness look perfect."""
    enrollment = begin(library)
    enrollment.add(recording(1000.0))
    (finding,) = enrollment.add(recording(1000.0))
    assert finding.code == "duplicate"
    assert "take 2 is the same recording as take 1" in finding.message
    assert len(enrollment.takes) == 1


def test_a_bad_take_can_be_dropped_and_done_again(library):
    """The quiet one is told of at once; without it all is well."""
    enrollment = begin(library)
    enrollment.add(recording(1000.0, 0))
    enrollment.add(recording(1000.0, 1))
    (finding,) = enrollment.add(recording(1000.0, 2, level_db=-36.0))
    assert "take 3 is 16 dB quieter than the others" in finding.message
    enrollment.drop(2)
    assert enrollment.add(recording(1000.0, 3)) == []
    assert len(enrollment.takes) == 3
    assert min(enrollment.scores) > 0.9


def test_a_take_unlike_the_others_stops_unless_forced(library):
    """The message names the take; force stores it all the same and keeps the warning."""
    for force in (False, True):
        enrollment = begin(library, force=force)
        for hz, seed in ((1000.0, 0), (1000.0, 1), (4000.0, 2)):
            enrollment.add(recording(hz, seed))
        if force:
            findings = enrollment.finish().findings
            assert {finding.code for finding in findings} == {"unlike", "missed"}
        else:
            with pytest.raises(EnrollmentStopped, match="take 3 does not sound like"):
                enrollment.finish()
            assert not library.folder.exists()


def test_a_sound_like_an_enrolled_one_stops_unless_forced(library):
    """It is named, so that the user knows which."""
    make_library(library.folder, {"bell": tone(1000.0, 0.4)})
    enrollment = begin(library)
    for seed in range(3):
        enrollment.add(recording(1000.0, seed))
    with pytest.raises(TakeRejected, match="too like 'bell'"):
        enrollment.finish()
    forced = begin(library, force=True)
    for seed in range(3):
        forced.add(recording(1000.0, seed))
    assert "too_like" in {finding.code for finding in forced.finish().findings}


def test_replacing_a_sound_does_not_compare_it_with_itself(library):
    """A sound that is redone is of course like it was."""
    make_library(library.folder, {"Beep": tone(1000.0, 0.4)})
    enrollment = begin(library, replace=True)
    for seed in range(3):
        enrollment.add(recording(1000.0, seed))
    assert len(enrollment.finish().sound.takes) == 3
    assert [sound.name for sound in library.sounds()] == ["beep"]


def test_few_takes_are_allowed_with_advice(library):
    """One take is enough to begin with."""
    enrollment = begin(library)
    enrollment.add(recording(1000.0))
    result = enrollment.finish()
    assert [finding.code for finding in result.findings] == ["few_takes"]
    assert "only 1 take; with 3 to 5" in result.findings[0].message
    assert result.calibration.miss_rate is None


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"name": "bell"}, SoundExists),
        ({"name": "BELL"}, SoundExists),
        ({"name": "a/b"}, LibraryError),
        ({"name": ""}, LibraryError),
        ({"budget_per_hour": 0.0}, ConfigError),
        ({"budget_per_hour": float("nan")}, ConfigError),
        ({"budget_per_hour": float("inf")}, ConfigError),
    ],
)
def test_what_cannot_work_fails_before_any_take(library, options, error):
    """Nobody records five takes to be told that the name is in use."""
    make_library(library.folder, {"bell": tone(500.0, 0.4)})
    with pytest.raises(error):
        begin(library, **options)


def test_another_encoder_fails_before_any_take(library):
    """Vectors of two encoders never mix."""

    class Other(ToneEncoder):
        id = "tone-2"

    make_library(library.folder, {"bell": tone(500.0, 0.4)})
    with pytest.raises(EncoderMismatch):
        Enrollment(library, Other(), "tone", "beep")


def test_an_ambient_recording_that_cannot_be_read_stores_nothing(library, tmp_path):
    """The error comes before the sound is saved."""
    enrollment = begin(library, ambient=tmp_path / "missing.wav")
    enrollment.add(recording(1000.0))
    with pytest.raises(AudioDecodeError, match="no such file"):
        enrollment.finish()
    assert library.sounds() == []
