"""Following the room, within bounds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from enroll.drift import MOST_CHANGE, MOST_RUNS, SHARE, bounded, follow
from enroll.feedback import reject, undo
from enroll.finder import find_takes
from enroll.negatives import hear_ambient, hear_runs, recorded_frames
from enroll.recalibration import recalibrate
from enroll.session import Enrollment
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import AudioClip
from wakeword.library.library import SoundLibrary
from wakeword.library.recordings import Example
from wakeword.library.records import TextRecord
from wakeword.testing import RATE, ToneEncoder, noise, placed, tone

ENCODER = ToneEncoder()


def like(share_db: float) -> FloatArray:
    """A beep with more or less of another note in it."""
    return tone(1000.0, 0.4) + tone(2000.0, 0.4, level_db=share_db)


def room(*sounds: FloatArray, seed: int = 9) -> AudioClip:
    """A quiet room in which these are heard, five seconds apart."""
    placings = [(5.0 * i + 2.0, sound) for i, sound in enumerate(sounds)]
    background = noise(5.0 * len(sounds) + 3.0, level_db=-70.0, seed=seed)
    return AudioClip(placed(background, *placings), RATE)


def room_runs(clip: AudioClip) -> list[FloatArray]:
    """What a listener would keep of it."""
    return list(hear_runs(recorded_frames(clip), ENCODER))


@pytest.fixture
def library(tmp_path) -> SoundLibrary:
    """A beep, in a room that makes something like it now and then."""
    library = SoundLibrary(tmp_path / "library")
    enrollment = Enrollment(library, ENCODER, "tone", "beep")
    for number in range(3):
        background = noise(1.5, level_db=-70.0, seed=number)
        take = placed(background, (0.5, like(-26.0 - 3.0 * number)))
        enrollment.add(find_takes(AudioClip(take, RATE))[0])
    enrollment.finish()
    heard = hear_ambient(room(*[like(-12.0)] * 2, *[like(-8.0)] * 6), ENCODER)
    library.ambient(ENCODER).add(heard)
    recalibrate(library, ENCODER)
    return library


def test_it_follows_a_room_that_changes(library):
    """What made the threshold high is gone from the room: it comes down, but not all the way."""
    before = library.get("beep").threshold
    (now,) = follow(library, ENCODER, room_runs(room(*[tone(300.0, 0.4)] * 4)))
    assert now.calibrated == before
    assert before - MOST_CHANGE <= now.threshold < before
    assert library.get("beep").threshold == now.threshold


def test_however_long_it_goes_on_the_bounds_hold(library):
    """A hundred rounds of it move a threshold no further than the first few may."""
    before = library.get("beep").threshold
    for number in range(8):
        heard = room_runs(room(*[tone(200.0 + 40.0 * number, 0.4)] * 6, seed=number))
        follow(library, ENCODER, heard)
        assert abs(library.get("beep").threshold - before) <= MOST_CHANGE + 1e-9
    since = library.ambient_since(ENCODER).read()
    assert len(since.runs) <= MOST_RUNS


def test_a_room_full_of_near_hits_takes_no_take_away(library):
    """Windows just short of the sound push the threshold up no further than its own takes."""
    before = library.get("beep")
    for number in range(6):
        heard = room_runs(room(*[like(-20.0)] * 6, seed=20 + number))
        (now,) = follow(library, ENCODER, heard)
        assert now.threshold <= before.threshold + MOST_CHANGE + 1e-9
    assert library.get("beep").expected.miss_rate == before.expected.miss_rate


def test_at_most_half_of_the_room_is_replaced(library):
    """The rest stays what the user let be heard, and the length stays too."""
    known = library.ambient(ENCODER).read()
    heard = hear_ambient(room(*[tone(300.0, 0.4)] * 30), ENCODER)
    after = known.renewed(heard, SHARE)
    same = sum(a is b for a, b in zip(known.runs, after.runs, strict=True))
    assert len(known.vectors) - int(SHARE * len(known.vectors)) <= same < len(known.runs)
    assert after.seconds == known.seconds


def test_nothing_is_followed_where_no_room_was_heard(tmp_path):
    """Then nothing is kept either."""
    library = SoundLibrary(tmp_path / "other")
    enrollment = Enrollment(library, ENCODER, "tone", "beep")
    take = placed(noise(1.5, level_db=-70.0), (0.5, like(-26.0)))
    enrollment.add(find_takes(AudioClip(take, RATE))[0])
    enrollment.finish()
    assert follow(library, ENCODER, room_runs(room(tone(300.0, 0.4)))) == []
    assert not library.ambient_since(ENCODER).path.exists()


def test_a_room_that_is_heard_anew_ends_it(library):
    """What was heard by the way belongs to the room before; so does forgetting it."""
    store = library.ambient_since(ENCODER)
    for end in (
        lambda: library.ambient(ENCODER).add(hear_ambient(room(tone(500.0, 0.4)), ENCODER)),
        lambda: library.ambient(ENCODER).forget(),
    ):
        follow(library, ENCODER, room_runs(room(tone(300.0, 0.4), seed=3)))
        assert store.path.exists()
        end()
        assert not store.path.exists()


def test_without_drift_the_calibrated_fit_comes_back(library):
    """Fitting the sounds by hand is to the room as it was heard."""
    before = library.get("beep")
    follow(library, ENCODER, room_runs(room(*[tone(300.0, 0.4)] * 4)))
    recalibrate(library, ENCODER)
    assert library.get("beep").threshold == before.threshold


@pytest.mark.parametrize(
    ("later", "expected"),
    [((0.7, 0.8), 0.65), ((0.58, 0.8), 0.58), ((0.5, 0.8), 0.6)],
    ids=["within the bound", "down to the take", "as it was"],
)
def test_a_take_that_was_found_is_found_still(library, later, expected):
    """The threshold stays below it; where the bound has no place for that, nothing changes."""
    (beep,) = recalibrate(library, ENCODER)
    old, new = (beep.after.model_copy(update={"threshold": at}) for at in (0.6, 0.9))
    before = old, replace(beep.calibration, threshold=0.6, scores=(0.7, 0.8))
    after = new, replace(beep.calibration, threshold=0.9, scores=later)
    assert bounded(before, after).threshold == pytest.approx(expected)


def near_miss(level_db: float = -14.0) -> Example:
    """Something like the beep, by its embeddings."""
    (rows,) = room_runs(room(like(level_db)))
    return Example(vectors=rows, encoder_id=ENCODER.id)


def test_what_feedback_raised_does_not_fall_again(library):
    """However quiet the room gets: "not that!" holds until the user lets the sound be fitted."""
    for number in range(2):
        follow(library, ENCODER, room_runs(room(*[tone(300.0, 0.4)] * 4, seed=number)))
    before = library.get("beep").threshold
    raised = reject(library, ENCODER, "beep", near_miss()).sound.threshold
    assert raised > before
    for number in range(4):
        follow(library, ENCODER, room_runs(room(*[tone(300.0 + number, 0.4)] * 4, seed=number)))
        assert library.get("beep").threshold >= raised
    recalibrate(library, ENCODER)
    assert library.get("beep").threshold_floor is None


def test_what_feedback_kept_does_not_fall_either(library):
    """A false wake that is unlike the sound moves no threshold: where it stood then, it stays."""
    follow(library, ENCODER, room_runs(room(*[like(-20.0)] * 6)))
    kept = reject(library, ENCODER, "beep", near_miss(10.0)).sound.threshold
    for number in range(4):
        (now,) = follow(library, ENCODER, room_runs(room(*[tone(300.0, 0.4)] * 4, seed=number)))
        assert now.threshold >= kept
    undo(library, ENCODER)
    (now,) = follow(library, ENCODER, room_runs(room(*[tone(300.0, 0.4)] * 4, seed=5)))
    assert now.threshold < kept


def test_the_bound_outlives_a_refit_that_nobody_asked_for(library):
    """Another sound that is enrolled fits this one anew; what the user said still holds."""
    follow(library, ENCODER, room_runs(room(*[tone(300.0, 0.4)] * 4)))
    raised = reject(library, ENCODER, "beep", near_miss()).sound
    recalibrate(library, ENCODER, ["beep"], may_fall=False)
    assert library.get("beep").threshold_floor == raised.threshold_floor
    follow(library, ENCODER, room_runs(room(*[tone(300.0, 0.4)] * 4, seed=1)))
    assert library.get("beep").threshold >= raised.threshold


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")])
def test_taken_back_in_any_order_no_bound_is_left(library, order):
    reject(library, ENCODER, "beep", near_miss(), "one")
    reject(library, ENCODER, "beep", near_miss(-18.0), "two")
    assert library.get("beep").threshold_floor is not None
    for event in order:
        undo(library, ENCODER, "beep", event)
    assert library.get("beep").threshold_floor is None


def test_the_expectation_is_that_of_the_threshold(library):
    """A threshold that may not go all the way promises what it keeps, not what was wanted."""
    (beep,) = recalibrate(library, ENCODER)
    takes = (0.62, 0.8, 0.9)
    before = beep.after.model_copy(update={"threshold": 0.6}), beep.calibration
    after = replace(beep.calibration, scores=takes, noisy_scores=(0.5, 0.64, 0.9)).at(0.75)
    wanted = before[0].model_copy(update=after.changes(ENCODER.id))
    assert wanted.expected.miss_rate == pytest.approx(1 / 3)
    now = bounded((before[0], replace(before[1], scores=(0.5, 0.8, 0.9))), (wanted, after))
    assert now.threshold == pytest.approx(0.65)
    assert now.expected.miss_rate == pytest.approx(1 / 3)
    assert now.expected.noisy_miss_rate == pytest.approx(2 / 3)
    assert now.expected == after.at(now.threshold).expectation


def test_words_are_bound_by_themselves(library):
    """Their own threshold, which is the sound's less the offset, moves no further either."""
    (beep,) = recalibrate(library, ENCODER)
    words = TextRecord(written="a beep", text="a beep", offset=0.2)
    old = beep.after.model_copy(update={"threshold": 0.6, "text": words})
    for offset, expected in ((0.5, 0.35), (0.29, 0.41), (-0.5, 0.45)):
        shifted = words.model_copy(update={"offset": offset})
        new = old.model_copy(update={"threshold": 0.7, "text": shifted})
        now = bounded((old, beep.calibration), (new, beep.calibration))
        assert now.text is not None
        assert now.threshold - now.text.offset == pytest.approx(expected)


def test_a_threshold_set_by_hand_stays(library):
    """Who chose it knows why; the room does not argue with that."""
    library.set_threshold("beep", 0.9, 0.5)
    assert follow(library, ENCODER, room_runs(room(*[tone(300.0, 0.4)] * 4))) == []
    assert library.get("beep").threshold == 0.9


def test_only_embeddings_are_kept(library):
    """Of what is heard by the way no audio is written anywhere."""
    before = {path for path in library.folder.rglob("*") if path.is_file()}
    follow(library, ENCODER, room_runs(room(tone(300.0, 0.4))))
    new = {path.name for path in library.folder.rglob("*") if path.is_file()} - {
        path.name for path in before
    }
    assert new == {"ambient-since.npz"}
    with np.load(library.ambient_since(ENCODER).path) as file:
        assert file["vectors"].dtype == np.int8
