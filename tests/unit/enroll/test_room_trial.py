"""Would a front end pay in the user's room?"""

from __future__ import annotations

import numpy as np
import pytest

from enroll.room_trial import AFTER_SECONDS, LEAD_SECONDS, Trial, in_room, try_room
from enroll.session import Enrollment
from wakeword.audiofile import AudioClip
from wakeword.library import SoundLibrary
from wakeword.takes import Take
from wakeword.testing import RATE, ToneEncoder, make_library, noise, placed, silence, tone

ENCODER = ToneEncoder()


def take(level_db: float = -20.0) -> Take:
    """A beep between two moments of silence."""
    samples = np.concatenate([silence(0.3), tone(1000.0, 0.4, level_db=level_db), silence(0.3)])
    return Take(samples, RATE, round(0.3 * RATE), round(0.7 * RATE))


@pytest.fixture
def library(tmp_path) -> SoundLibrary:
    """A beep of three takes, and a sound of a single one."""
    library = make_library(tmp_path, {"hum": tone(300.0, 0.4)})
    takes = [take(level_db) for level_db in (-20.0, -22.0, -24.0)]
    options = {"encoder": ENCODER, "encoder_spec": "tone", "threshold": 0.9}
    library.save("beep", takes, budget_per_hour=0.5, **options)  # type: ignore[arg-type]
    return library


def test_in_a_quiet_room_all_takes_are_heard(library):
    """Of every sound with takes to leave out."""
    assert try_room(library, ENCODER, AudioClip(noise(5.0, level_db=-70.0), RATE)) == Trial(3, 0)


def test_in_a_roaring_room_they_are_missed(library):
    """Noise as loud as the sound drowns it: the trial says so."""
    found = try_room(library, ENCODER, AudioClip(noise(5.0, level_db=-12.0), RATE))
    assert found == Trial(3, 3)


def test_a_reversal_costs_no_take(tmp_path):
    """A figure and its reversal are told apart by their order: neither is held against the other,
    as when the sounds themselves are fitted."""
    library = SoundLibrary(tmp_path / "turned")
    for name, parts in (("up", (900, 1500)), ("down", (1500, 900))):
        enrollment = Enrollment(library, ENCODER, "tones", name)
        for number, overtone_db in enumerate((-60.0, -32.0, -27.0)):
            figure = np.concatenate([tone(hz, 0.25) for hz in parts])
            sound = figure + tone(3000, 0.5, level_db=overtone_db)
            samples = placed(noise(1.1, seed=number), (0.3, sound))
            enrollment.add(Take(samples, RATE, round(0.3 * RATE), round(0.8 * RATE), -10.0, 40.0))
        enrollment.finish()
    quiet = AudioClip(noise(5.0, level_db=-70.0), RATE)
    both = try_room(library, ENCODER, quiet)
    library.remove("down")
    alone = try_room(library, ENCODER, quiet)
    assert both == Trial(6, 2 * alone.missed)
    assert alone.missed < 3


def test_the_room_goes_on_around_the_take():
    """Before it long enough for a front end to settle; each take has its own stretch."""
    background = noise(30.0, level_db=-50.0)
    first, second = (in_room(take(), background, RATE, number) for number in (0, 1))
    assert len(first) == round((LEAD_SECONDS + 1.0 + AFTER_SECONDS) * RATE)
    lead = round(LEAD_SECONDS * RATE)
    assert np.array_equal(first[:lead], background[:lead])
    assert not np.array_equal(first[:lead], second[:lead])


def test_a_room_that_is_shorter_than_a_take_is_repeated():
    """A few seconds of it are enough."""
    stream = in_room(take(), noise(0.5, level_db=-50.0), RATE, 3)
    assert np.square(stream[-1000:]).mean() > 0
