"""Takes that are added to a sound that is enrolled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from enroll.adding import MOST_TAKES, Addition
from enroll.feedback import add_missed, undo
from enroll.files import add_files, enroll_files
from enroll.scores import Pairs, leave_one_out
from wakeword.audio.frames import FloatArray
from wakeword.errors import EnrollmentStopped, NotEnrolled, TakeRejected, TooManyTakes
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Take
from wakeword.testing import RATE, ToneEncoder, make_library, noise, placed, tone

ENCODER = ToneEncoder()
LOW, NEAR, FAR = 440.0, 1200.0, 3000.0
"""Pitches in hertz of the sound, of another way to make it, and of something else."""


def beep(hz: float, other_db: float = -200.0) -> FloatArray:
    """A tone, with some of another one if wanted."""
    return np.asarray(tone(hz, 0.4) + tone(900.0, 0.4, level_db=other_db), np.float32)


def write(path: Path, *sounds: FloatArray, apart_seconds: float = 1.5) -> Path:
    """A recording with sounds in a quiet room."""
    length = 1.0 + apart_seconds * len(sounds)
    placed_at = [(0.5 + apart_seconds * number, one) for number, one in enumerate(sounds)]
    room = noise(length, level_db=-70.0, seed=len(path.name))
    soundfile.write(path, placed(room, *placed_at), RATE)
    return path


@pytest.fixture
def library(tmp_path: Path) -> SoundLibrary:
    """A sound with one take."""
    folder = tmp_path / "library"
    enroll_files(folder, ENCODER, "low", [write(tmp_path / "low.wav", beep(LOW))])
    return SoundLibrary(folder)


def test_a_file_with_several_sounds_gives_as_many_takes(
    library: SoundLibrary, tmp_path: Path
) -> None:
    """They are stored beside the first one, and the sound is fitted to all."""
    before = library.get("low")
    path = write(tmp_path / "more.wav", beep(LOW, -30.0), beep(LOW, -20.0), beep(LOW, -16.0))
    result = add_files(library, ENCODER, "Low", [path])
    after = library.get("low")
    assert result.added == 3
    assert result.sound == after
    assert after.takes[:1] == before.takes
    assert len(after.takes) == len(result.calibration.scores) == 4
    assert after.threshold == result.calibration.threshold
    assert all(library.take("low", take.file).rate == RATE for take in after.takes)


def test_what_repeats_a_take_is_left_out(library: SoundLibrary, tmp_path: Path) -> None:
    """The same recording and a quieter copy of it add nothing; alone they are refused."""
    quieter = tmp_path / "quieter.wav"
    samples, rate = soundfile.read(tmp_path / "low.wav", dtype="float32")
    soundfile.write(quieter, 0.7 * samples, rate)
    new = write(tmp_path / "new.wav", beep(LOW, -16.0))
    result = add_files(library, ENCODER, "low", [tmp_path / "low.wav", quieter, new])
    assert result.added == 1
    told = [finding.message for finding in result.findings if finding.code == "left_out"]
    assert "is a take of the sound already" in told[0]
    assert "nearly the same as take 1" in told[1]
    before = library.get("low")
    with pytest.raises(TakeRejected, match="nearly the same"):
        add_files(library, ENCODER, "low", [quieter])
    assert library.get("low") == before


def test_what_cannot_be_used_is_refused(library: SoundLibrary, tmp_path: Path) -> None:
    """A take that is too quiet is refused with its reason; one unlike the others needs force."""
    before = library.get("low")
    with pytest.raises(TakeRejected, match=r"quiet\.wav is too quiet"):
        add_files(library, ENCODER, "low", [write(tmp_path / "quiet.wav", 0.003 * beep(LOW))])
    more = write(tmp_path / "more.wav", beep(LOW, -30.0), beep(LOW, -20.0))
    odd = write(tmp_path / "odd.wav", beep(FAR))
    with pytest.raises(EnrollmentStopped, match=r"odd\.wav does not sound like the others"):
        add_files(library, ENCODER, "low", [more, odd])
    assert library.get("low") == before
    assert add_files(library, ENCODER, "low", [more, odd], force=True).added == 3


def test_a_sound_that_is_not_enrolled(library: SoundLibrary, tmp_path: Path) -> None:
    """Nothing is read, and the error knows the name and the sounds there are."""
    with pytest.raises(NotEnrolled) as caught:
        add_files(library, ENCODER, "high", [tmp_path / "missing.wav"])
    assert (caught.value.name, caught.value.known) == ("high", ("low",))


def test_the_beats_of_a_pattern_are_cut(tmp_path: Path) -> None:
    """Two beats in one recording are two takes of one beat, as at enrollment."""
    folder = tmp_path / "library"
    pair = write(tmp_path / "pair.wav", beep(LOW), beep(LOW, -16.0), apart_seconds=0.7)
    enroll_files(folder, ENCODER, "low", [pair], patterns=["2"], force=True)
    library = SoundLibrary(folder)
    before = len(library.get("low").takes)
    more = write(tmp_path / "more.wav", beep(NEAR), beep(FAR), apart_seconds=0.7)
    result = add_files(library, ENCODER, "low", [more], force=True)
    assert result.added == 2
    assert len(result.sound.takes) == before + 2
    assert all(take.end_seconds - take.start_seconds < 0.6 for take in result.sound.takes)
    assert result.sound.patterns == library.get("low").patterns != ()


def takes_of(count: int, first: int = 0) -> list[Take]:
    """Recordings of one sound, each a little different."""
    rng = np.random.default_rng(first)
    found = []
    for _ in range(count):
        strength = rng.uniform(-30.0, -6.0)
        samples = beep(LOW, strength) + tone(rng.uniform(1000, 4000), 0.4, level_db=-20.0)
        found.append(Take(np.asarray(samples, np.float32), RATE, 0, len(samples), -20.0, 40.0))
    return found


def test_a_sound_has_room_for_so_many(tmp_path: Path) -> None:
    """What goes beyond is left out with a finding, and then nothing is added any more."""
    library = SoundLibrary(tmp_path / "library")
    library.save(
        "low",
        takes_of(MOST_TAKES - 1),
        encoder=ENCODER,
        encoder_spec="tone",
        threshold=0.8,
        budget_per_hour=0.5,
    )
    addition = Addition(library, ENCODER, "low", force=True)
    assert addition.room == 1
    new = write(tmp_path / "new.wav", beep(NEAR), beep(FAR), beep(900.0))
    result = add_files(library, ENCODER, "low", [new], force=True)
    assert result.added == 1
    assert [f.message for f in result.findings if f.code == "full"] == [
        "'low' has 50 takes now, which is the most; 2 not added"
    ]
    with pytest.raises(TooManyTakes):
        add_files(library, ENCODER, "low", [new])
    said = add_missed(library, ENCODER, "low", [_take(beep(2000.0))], "00000000000000aa")
    assert [finding.code for finding in said.findings] == ["full"]
    assert len(library.get("low").takes) == MOST_TAKES


def test_feedback_that_repeats_a_take_is_kept_as_a_verdict(tmp_path: Path) -> None:
    """The sound and its threshold stay as they are; taking it back leaves no trace."""
    library = make_library(tmp_path / "library", {"low": beep(LOW)}, threshold=0.8)
    before = library.get("low")
    said = add_missed(library, ENCODER, "low", [_take(0.7 * beep(LOW))], "00000000000000aa")
    assert [finding.code for finding in said.findings] == ["duplicate"]
    after = library.get("low")
    assert (after.takes, after.threshold) == (before.takes, before.threshold)
    assert [one.event for one in after.feedback] == ["00000000000000aa"]
    assert undo(library, ENCODER).sound == library.get("low") == before


def test_pairs_score_as_leaving_one_out_does() -> None:
    """Also after takes have come and gone."""
    rng = np.random.default_rng(3)
    takes = [rng.standard_normal((n, 8)).astype(np.float32) for n in (4, 1, 6, 3)]
    takes = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in takes]
    pairs = Pairs(takes[:2])
    pairs.append(takes[2])
    pairs.append(takes[3])
    assert pairs.scores() == pytest.approx(leave_one_out(takes))
    pairs.drop(2)
    left = [takes[0], takes[1], takes[3]]
    assert pairs.scores() == pytest.approx(leave_one_out(left))
    assert pairs.scores(without=0) == pytest.approx(leave_one_out(left[1:]))


def _take(samples: FloatArray) -> Take:
    return Take(np.asarray(samples, np.float32), RATE, 0, len(samples))
