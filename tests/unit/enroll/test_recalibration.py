"""Fitting enrolled sounds anew: to the room, to a budget, to each other."""

from __future__ import annotations

import numpy as np
import pytest

from enroll.changing import refit
from enroll.finder import find_takes
from enroll.fitter import Fitter
from enroll.negatives import hear_ambient
from enroll.recalibration import recalibrate, shares
from enroll.reindex import reindex
from enroll.session import BUDGET_PER_HOUR, Enrollment
from wakeword.audio.flac import write_flac
from wakeword.audio.frames import FloatArray
from wakeword.audio.reading import AudioClip
from wakeword.engine import Engine
from wakeword.errors import ConfigError, SoundNotFound
from wakeword.library.library import SoundLibrary
from wakeword.testing import (
    RATE,
    NamedTones,
    ToneEncoder,
    frames,
    make_library,
    noise,
    placed,
    tone,
)

ENCODER = ToneEncoder()
NEAR = tone(1000.0, 0.4) + tone(2000.0, 0.4, level_db=-30.0) + tone(500.0, 0.4, level_db=-40.0)
"""Something like the beep, that the room makes."""
ROOM = AudioClip(placed(noise(30.0, level_db=-70.0, seed=9), (5.0, NEAR), (20.0, NEAR)), RATE)
QUIET = AudioClip(noise(30.0, level_db=-70.0, seed=8), RATE)


def beep(number: int) -> FloatArray:
    """A beep as it is enrolled, each a little different."""
    return tone(1000.0, 0.4) + tone(2000.0, 0.4, level_db=-26.0 - 3.0 * number)


def enrolled(library: SoundLibrary, name: str, sounds: list[FloatArray], **options: object):
    """Enroll from these sounds, each in a quiet room."""
    enrollment = Enrollment(library, ENCODER, "tone", name, **options)  # type: ignore[arg-type]
    for number, sound in enumerate(sounds):
        background = noise(1.5, level_db=-70.0, seed=number)
        (take,) = find_takes(AudioClip(placed(background, (0.5, sound)), RATE))
        enrollment.add(take)
    return enrollment.finish()


@pytest.fixture
def library(tmp_path) -> SoundLibrary:
    """With a beep and something quite different."""
    library = SoundLibrary(tmp_path / "library")
    enrolled(library, "beep", [beep(number) for number in range(3)])
    make_library(library.folder, {"hum": tone(200.0, 0.4)}, threshold=0.9)
    return library


def wakes(library: SoundLibrary, clip: AudioClip) -> list[str]:
    """What the engine fires on in a recording."""
    engine = Engine(SoundLibrary(library.folder), ENCODER)
    return [e.sound for frame in frames(clip.samples, 1600) for e in engine.push(frame)]


def test_after_hearing_the_room_it_does_not_wake(library):
    """The room's own beep woke the sound before and does not any more; the sound still does."""
    assert wakes(library, ROOM) == ["beep", "beep"]
    library.ambient(ENCODER).add(hear_ambient(ROOM, ENCODER))
    done = {one.after.name: one for one in recalibrate(library, ENCODER)}
    assert done["beep"].after.threshold > done["beep"].before.threshold
    assert library.get("beep") == done["beep"].after
    assert wakes(library, ROOM) == []
    stream = AudioClip(placed(noise(5.0, level_db=-70.0), (2.0, beep(1))), RATE)
    assert wakes(library, stream) == ["beep"]


def test_the_room_of_an_enrollment_is_remembered(library, tmp_path):
    """It was given for one sound; refitting keeps it, and a sound enrolled later profits too."""
    write_flac(tmp_path / "room.flac", ROOM.samples, RATE)
    sounds = [beep(number) for number in range(3)]
    first = enrolled(library, "beep", sounds, replace=True, ambient=tmp_path / "room.flac")
    room = library.ambient(ENCODER).read()
    assert room.seconds == pytest.approx(30.0)
    assert refit(library, ENCODER, "beep").sound == first.sound
    again = enrolled(library, "beep", sounds, replace=True)
    assert again.sound.threshold == first.sound.threshold
    enrolled(library, "beep", sounds, replace=True, ambient=tmp_path / "room.flac")
    assert library.ambient(ENCODER).read().seconds == room.seconds
    known = Fitter(library, ENCODER).evidence(library.get("beep")).negatives
    assert known.ambient_seconds == room.seconds


def test_an_enrollment_that_is_refused_keeps_no_room(tmp_path):
    """Nothing is written unless the sound is enrolled."""
    library = SoundLibrary(tmp_path / "library")
    enrollment = Enrollment(library, ENCODER, "tone", "beep", ambient=ROOM)
    (take,) = find_takes(AudioClip(placed(noise(1.5, level_db=-70.0), (0.5, beep(0))), RATE))
    enrollment.add(take)
    assert enrollment.trial()[0].threshold > 0
    assert not library.folder.exists()


def test_where_the_room_is_known_thresholds_may_fall(library):
    """Without it, it is not known what had asked for the threshold; with it, it is."""
    library.set_threshold("beep", 0.9985, 0.5)
    assert refit(library, ENCODER, "beep").sound.threshold == 0.9985
    assert reindex(library, ENCODER, "tone")["beep"].threshold == 0.9985
    library.ambient(ENCODER).add(hear_ambient(QUIET, ENCODER))
    fitted = reindex(library, ENCODER, "tone")["beep"].threshold
    assert fitted < 0.9985
    library.set_threshold("beep", 0.9985, 0.5)
    assert refit(library, ENCODER, "beep").sound.threshold == fitted


def test_reindexing_keeps_the_room_for_its_encoder_only(library, caplog):
    """The same encoder's room stays and counts; another one's is deleted, with a warning."""
    library.ambient(ENCODER).add(hear_ambient(ROOM, ENCODER))
    reindex(library, ENCODER, "tone")
    assert wakes(library, ROOM) == []
    assert library.ambient(ENCODER).read().runs
    assert not caplog.records
    other = NamedTones()
    reindex(library, other, "tone")
    assert "has to be recorded again" in caplog.text
    assert not library.ambient(other).path.exists()


def test_only_the_named_sounds_are_fitted(library):
    """Case does not matter; a name that is not there is an error and changes nothing."""
    before = library.get("hum")
    assert [one.after.name for one in recalibrate(library, ENCODER, ["BEEP"])] == ["beep"]
    assert library.get("hum") == before
    with pytest.raises(SoundNotFound):
        recalibrate(library, ENCODER, ["beep", "nothing"], budgets={"beep": 9.0})
    assert library.get("beep").budget_per_hour == BUDGET_PER_HOUR


def test_budgets_change(library):
    """Each sound keeps its budget unless it gets a new one, and a total is shared equally."""
    recalibrate(library, ENCODER, budgets={"hum": 2.0})
    assert {s.name: s.budget_per_hour for s in library.sounds()} == {
        "beep": BUDGET_PER_HOUR,
        "hum": 2.0,
    }
    recalibrate(library, ENCODER, budgets=shares(library, 0.5))
    assert {s.name: s.budget_per_hour for s in library.sounds()} == {"beep": 0.25, "hum": 0.25}
    with pytest.raises(ConfigError):
        shares(library, float("nan"))


def test_a_threshold_set_by_hand_promises_nothing(library):
    """What was expected of the fitted one does not hold for it; fitting it anew says it again."""
    recalibrate(library, ENCODER)
    assert library.get("beep").expected.known
    library.set_threshold("beep", 0.2, 0.5)
    assert not library.get("beep").expected.known
    recalibrate(library, ENCODER)
    assert library.get("beep").expected.known


def test_all_or_none(library, monkeypatch):
    """When another process changes one of them meanwhile, it is done again with that."""
    amend, calls = SoundLibrary.amend, []

    def meanwhile(self, changes, files=None):
        calls.append(len(changes))
        if len(calls) == 1:
            make_library(library.folder, {"new": tone(4000.0, 0.4)})
            hum = library.get("hum")
            louder = hum.model_copy(update={"threshold": 0.7, "budget_per_hour": 7.0})
            amend(self, [(hum, louder)])
        amend(self, changes, files)

    monkeypatch.setattr(SoundLibrary, "amend", meanwhile)
    recalibrate(library, ENCODER, budgets={"beep": 3.0})
    assert calls == [2, 3]
    assert library.get("hum").budget_per_hour == 7.0
    assert library.get("beep").budget_per_hour == 3.0


def test_a_sound_without_whole_takes_is_left_out(library, caplog):
    """It is told, and the others are fitted."""
    for take in library.folder.glob("sounds/hum/takes/*"):
        take.write_bytes(b"broken")
    (library.folder / "vectors.npz").unlink(missing_ok=True)
    assert [one.after.name for one in recalibrate(library, ENCODER)] == ["beep"]
    assert "hum" in caplog.text


def test_a_running_engine_gets_a_new_fingerprint(library):
    """That is how listeners notice."""
    before = library.fingerprint()
    recalibrate(library, ENCODER, budgets={"beep": 3.0})
    assert library.fingerprint() != before


def test_a_new_sound_fits_the_one_that_it_would_set_off(tmp_path):
    """Two beeps alike: the second is not taken for the first, which still fires on its own."""
    library = SoundLibrary(tmp_path / "library")
    enrolled(library, "beep", [beep(number) for number in range(3)])
    make_library(library.folder, {"hum": tone(200.0, 0.4)}, threshold=0.9)
    library.set_threshold("beep", 0.8, 0.5)
    near = [
        tone(1000.0, 0.4) + tone(500.0, 0.4, level_db=-27.0),
        tone(1000.0, 0.4) + tone(200.0, 0.4, level_db=-27.0),
    ]
    result = enrolled(library, "buzz", near, force=True)
    assert [one.after.name for one in result.refitted] == ["beep"]
    assert library.get("beep").threshold > 0.8
    assert np.isclose(library.get("hum").threshold, 0.9)
    for name, sound in (("beep", beep(1)), ("buzz", near[0])):
        stream = AudioClip(placed(noise(5.0, level_db=-70.0), (2.0, sound)), RATE)
        assert wakes(library, stream) == [name]


def test_a_sound_unlike_all_others_changes_none(library):
    """Nothing is fitted that need not be."""
    before = library.sounds()
    result = enrolled(library, "chirp", [tone(5000.0, 0.4), tone(5000.0, 0.4, level_db=-22.0)])
    assert result.refitted == ()
    assert [sound for sound in library.sounds() if sound.name != "chirp"] == before
